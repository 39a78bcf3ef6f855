"""GitHub Actions for a breakage: the step's script really runs, and its output becomes the runner's log."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.simulator import Simulator
from app.simulator.ci_records import Step
from app.simulator.state import Repository
from tests.corpora.ci_logs import runner as logs
from tests.rehearsal import rerun
from tests.rehearsal.breakages import Breakage
from tests.rehearsal.projects import git


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the runner's log tells of a step, in the words of `tests/corpora/ci_logs`."""

    run: str
    job: str
    outcome: str
    env: Mapping[str, str]
    uses: str = ""
    conclusion: str = ""


@dataclass(frozen=True, kw_only=True)
class Actions:
    """Runs the breakage's workflow on commits of its repository on the simulated GitHub."""

    github: Simulator
    repo: Repository
    case: Breakage
    folder: Path  # where work trees are made
    cache: Path

    def check(self, sha: str, *, before: bool = False, event: str = "pull_request") -> int:
        """The step's exit code on a commit, with the packages of now or of `before`; GitHub knows of all of it."""
        case = self.case
        run = self.github.ci.start(self.repo, sha, workflow=case.workflow, jobs=[case.job], event=event)
        tree = self.folder / f"actions-{run.id}"
        git(self.folder, "clone", "--quiet", "--no-checkout", str(self.github.git_dir(self.repo.full_name)), str(tree))
        git(tree, "checkout", "--quiet", "--detach", sha)
        tools = installed(case, self.cache, before=before)
        code, said = rerun.execute(case.run, tree, tools)
        shutil.rmtree(tree)
        log, steps = _written(case, _as_on_a_runner(said, tree, tools, case), code)
        conclusion = "failure" if code else "success"
        self.github.ci.finish(self.repo, run, conclusion, job=case.job, log=log, steps=steps)
        return code


def installed(case: Breakage, cache: Path, *, before: bool) -> Path:
    """The packages that the job has, installed once. Raises LookupError when the older interpreter is not here."""
    if not before:
        return rerun.installed(case.registry, case.after, cache)
    python = older_python(case.before_python) if case.before_python else sys.executable
    return rerun.installed(case.registry, case.before, cache, python=python)


def older_python(name: str) -> str:
    """An interpreter of this name, on the path or of pyenv. Raises LookupError."""
    version = name.removeprefix("python")
    found = [shutil.which(name), *map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/{name}"))]
    for path in filter(None, found):
        if not subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode:
            return path
    raise LookupError(f"no {name} here")


def _as_on_a_runner(said: str, tree: Path, tools: Path, case: Breakage) -> str:
    """A tree and an environment stand elsewhere on GitHub's machines."""
    said = said.replace(str(tree), f"/home/runner/work/{case.name}/{case.name}")
    said = said.replace(str(tools.parent), "/opt/hostedtoolcache/Python/3.11.14/x64")
    return said.replace(sys.base_prefix, "/opt/hostedtoolcache/Python/3.11.14/x64")


def _written(case: Breakage, said: str, code: int) -> tuple[str, list[Step]]:
    shown: Any = Shown(run=case.run, job=case.job, outcome="failure" if code else "success", env={})
    runner = logs.Runner()
    logs.preamble(runner, shown)
    runner.begin(case.step, shown)
    for line in said.splitlines():
        runner.say(line)
    steps = logs.finish(runner, shown, code)["steps"]
    assert isinstance(steps, list)
    return runner.text(), [_step(step) for step in steps]


def _step(told: Mapping[str, Any]) -> Step:
    begun, ended = (datetime.fromisoformat(told[name]) for name in ("started_at", "completed_at"))
    return Step(
        name=told["name"],
        number=told["number"],
        conclusion=told["conclusion"],
        started_at=begun,
        completed_at=ended,
    )
