"""The simulated project's CI: one job that really runs the tests of a commit, in a sandbox, as its workflow says."""

from __future__ import annotations

import shutil
from contextlib import closing

from app.cli.demo.world import World
from app.ports.sandbox import Egress, Limits, SandboxHost
from app.sandbox.probe import choose

JOB = "test"
STEP = "Run tests"
COMMAND = "python3 -W error -m unittest"  # what .github/workflows/ci.yml in seed.yml says
_LIMITS = Limits(timeout_seconds=120.0, memory_bytes=2**30, processes=64, disk_bytes=2**28)


class ProjectCI:
    """GitHub Actions of the demo's project. `log` is what the last job wrote."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._host: SandboxHost | None = None
        self.log = ""

    def check(self, sha: str) -> bool:
        """Run the job on a commit; whether it passes. Raises UserError when this machine can have no sandbox."""
        ci, repo = self._world.github.ci, self._world.repo
        run = ci.start(repo, sha, jobs=[JOB])
        passes, said = self._run(sha)
        end = "" if passes else "##[error]Process completed with exit code 1.\n"
        self.log = f"##[group]Run {COMMAND}\n{COMMAND}\nshell: /usr/bin/bash -e {{0}}\n##[endgroup]\n{said}{end}"
        ci.finish(repo, run, "success" if passes else "failure", log=self.log, step=STEP)
        return passes

    def _run(self, sha: str) -> tuple[bool, str]:
        folder = self._world.folder / "ci"
        if self._host is None:
            self._host = choose(self._kind(), folder)
        tree = folder / sha
        for path, content in self._world.repo.tree(sha).items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_bytes(content)
        try:
            box = self._host.open(sha[:16], tree, limits=_LIMITS, egress=Egress(), on_request=lambda _: None)
            with closing(box):
                done = box.run(COMMAND)
        finally:
            shutil.rmtree(tree, ignore_errors=True)
        return done.ok, done.text

    def _kind(self) -> str:
        """The sandbox that the runs before had: it works here, and what it lacks has been said."""
        home = self._world.home
        events = (event for run in home.runs() for event in home.events(run.run_id))
        return next((str(event.data["sandbox"]) for event in events if event.kind == "attempt.started"), "auto")
