"""The log of one job as GitHub's runner writes it, and the job as the API then tells of it."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from case import Case

START = datetime(2026, 11, 29, 10, 11, 12, tzinfo=UTC)
_COMMAND = re.compile(r"::(error|warning|notice|debug|group|endgroup)(?: [^:]*(?::[^:]+)*?)?::(.*)")
# What the set-up actions teach the runner: such a line of a tool is shown as an error.
MATCHERS = {
    "tsc": r"^[^\s].*[(:]\d+[,:]\d+(?:\):\s+|\s+-\s+)(?:error|warning|info)\s+TS\d+\s*:\s*.*$",
    "eslint": r"^\s*\d+:\d+\s+error\s+.*\s\s+.*$",
    "go": r"^\s*\.{0,2}[/\\].+\.go:(?:\d+:\d+:)? .*$",
}


class Runner:
    """Lines with the runner's clock, and the steps in which they were written."""

    def __init__(self) -> None:
        self._began, self._skew = time.monotonic(), 0.0
        self._lines: list[str] = []
        self.steps: list[dict[str, object]] = []

    def text(self) -> str:
        return "\ufeff" + "".join(line + "\n" for line in self._lines)

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=time.monotonic() - self._began + self._skew)

    def wait(self, seconds: float) -> None:
        self._skew += seconds

    def write(self, line: str) -> None:
        self._skew += 0.00004
        stamp = self.now
        self._lines.append(f"{stamp:%Y-%m-%dT%H:%M:%S.%f}{int(stamp.microsecond) % 10}Z {line}")

    def say(self, line: str, matchers: tuple[str, ...] = ()) -> None:
        """A line of a tool, with the runner's commands and problem matchers carried out."""
        if found := _COMMAND.fullmatch(line.strip()):
            first, *more = found[2].replace("%25", "%").replace("%0D", "\r").split("%0A")
            self.write(f"##[{found[1]}]{first}")
            self._lines += more
        elif any(re.match(MATCHERS[name], re.sub(r"\x1b\[[0-9;]*m", "", line)) for name in matchers):
            self.write(f"##[error]{line}")
        else:
            self.write(line)

    def begin(self, name: str, case: Case | None = None) -> None:
        self.wait(0.7)
        self.steps.append({"name": name, "number": len(self.steps) + 1, "started_at": f"{self.now:%Y-%m-%dT%H:%M:%SZ}"})
        if case is None:
            return
        if case.uses:
            self.write(f"##[group]Run {case.uses}")
            self.write("with:")
            self.write("  token: ***")
        elif case.run:
            first, *more = case.run.strip().split("\n")
            self.write(f"##[group]Run {first}")
            for line in (first, *more):
                self.write(f"\x1b[36;1m{line}\x1b[0m")
            self.write("shell: /usr/bin/bash -e {0}")
        else:
            return
        self.write("env:")
        for key, value in {"pythonLocation": "/opt/hostedtoolcache/Python/3.11.14/x64", **case.env}.items():
            self.write(f"  {key}: {value}")
        self.write("##[endgroup]")

    def end(self, conclusion: str) -> None:
        self.steps[-1] |= {"conclusion": conclusion, "completed_at": f"{self.now:%Y-%m-%dT%H:%M:%SZ}"}


def preamble(runner: Runner, case: Case) -> None:
    runner.begin("Set up job")
    for line in (
        "Current runner version: '2.329.0'",
        "##[group]Runner Image Provisioner", "Hosted Compute Agent", "Version: 20251016.436", "##[endgroup]",
        "##[group]Operating System", "Ubuntu", "24.04.3", "LTS", "##[endgroup]",
        "##[group]GITHUB_TOKEN Permissions", "Contents: read", "Metadata: read", "##[endgroup]",
        "Secret source: Actions", "Prepare workflow directory", "Prepare all required actions", "Getting action download info",
        "Download action repository 'actions/checkout@v5' (SHA:08c6903cd8c0fde910a37f88322edcfb5dd907a8)",
        f"Complete job name: {case.job}",
    ):  # fmt: skip
        runner.write(line)
    runner.end("success")
    runner.begin("Run actions/checkout@v5")
    for line in (
        "##[group]Run actions/checkout@v5", "with:", "  repository: ada/shop", "  token: ***", "  fetch-depth: 1", "##[endgroup]",
        "Syncing repository: ada/shop", "##[group]Getting Git version info", "Working directory is '/home/runner/work/shop/shop'",
        "[command]/usr/bin/git version", "git version 2.51.2", "##[endgroup]",
        "##[group]Fetching the repository",
        "[command]/usr/bin/git -c protocol.version=2 fetch --no-tags --prune --depth=1 origin +3f786850e387550fdab836ed7e6dc881de23001b:refs/remotes/pull/7/merge",
        "##[endgroup]", "[command]/usr/bin/git log -1 --format=%H", "3f786850e387550fdab836ed7e6dc881de23001b",
    ):  # fmt: skip
        runner.write(line)
    runner.wait(0.6)
    runner.end("success")


def finish(runner: Runner, case: Case, code: int | None) -> dict[str, object]:
    if case.outcome == "failure" and code is not None:
        runner.write(f"##[error]Process completed with exit code {code}.")
    runner.end({"success": "success", "cancelled": "cancelled"}.get(case.outcome, "failure"))
    runner.begin("Post Run actions/checkout@v5")
    for line in (
        "Post job cleanup.", "[command]/usr/bin/git version", "git version 2.51.2",
        "Temporarily overriding HOME='/home/runner/work/_temp/5f0c' before making global git config changes",
        "[command]/usr/bin/git config --local --name-only --get-regexp core\\.sshCommand",
    ):  # fmt: skip
        runner.write(line)
    runner.end("success")
    runner.begin("Complete job")
    runner.write("Cleaning up orphan processes")
    if case.outcome == "failure":
        runner.write("##[warning]Node.js 20 actions are deprecated. Please update the following actions to use Node.js 24: actions/cache@v4.")
    runner.end("success")
    return {"name": case.job, "conclusion": case.conclusion or case.outcome, "steps": runner.steps}
