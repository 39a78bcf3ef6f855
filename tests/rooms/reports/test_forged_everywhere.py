"""Reports that something else than the runner writes, for every way to a report: none counts beyond what was printed.

Each runner is a stand-in here, which leaves what the real one leaves, where it leaves it (`tests/corpora/reports`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.reports import Reported, run_reported
from app.reports.ways import way_of
from tests.rooms.reports.test_inflated import summary
from tests.rooms.workspace.folders import FolderSandbox

TRUE, FORGED = 3, 999


def junit(count: int) -> str:
    cases = '<testcase name="t" classname="c"/>' * count
    return f"<testsuites><testsuite>{cases}</testsuite><!-- pass {count} --><!-- fail 0 --></testsuites>"


def jest(count: int) -> str:
    tests = [{"status": "passed", "title": "t", "ancestorTitles": []}] * count
    return json.dumps({"testResults": [{"name": "a", "status": "passed", "assertionResults": tests}]})


def rspec(count: int) -> str:
    examples = [{"status": "passed", "full_description": "t"}] * count
    return json.dumps({"examples": examples, "summary": {"errors_outside_of_examples_count": 0}})


def trx(count: int) -> str:
    results = '<UnitTestResult testName="t" outcome="Passed"/>' * count
    return f'<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results>{results}</Results></TestRun>'


def events(count: int) -> str:
    """Only what the tree declares is counted, so there is no more to forge than that."""
    told = [{"Package": "m", "Test": f"Test{n}", "Action": action} for n in range(count) for action in ("run", "pass")]
    return "".join(json.dumps(event) + "\n" for event in [*told, {"Package": "m", "Action": "pass"}])


@dataclass(frozen=True, kw_only=True)
class Runner:
    """`said`: its name in the table of summaries, or what it prints when all passed. Without `leaves` it prints it."""

    command: str
    leaves: str = ""
    writes: Callable[[int], str] = junit
    said: str = ""

    def says(self, count: int) -> str:
        return self.said.format(n=count) if "{n}" in self.said else summary(self.said, count) if self.said else ""


UNCONTRADICTED = {"gradle"}  # it prints nothing of what passes: a report that its tests write beside its own counts
AT = "$TMPDIR/lamplighter-*/"
RUNNERS = {
    "pytest": Runner(command="pytest", leaves="report-pytest", said="pytest"),
    "pytest by make": Runner(command="make test", leaves="report-pytest", said="pytest"),
    "jest": Runner(command="npx jest", leaves="report-jest-1", writes=jest, said="jest"),
    "jest by turbo": Runner(command="npx turbo run test", leaves="report-jest-1", writes=jest, said="jest"),
    "vitest": Runner(command="npx vitest run", leaves="report-vitest-1", writes=jest, said="vitest"),
    "node": Runner(command="node --test", leaves="report-node-1", said="node"),
    "mocha": Runner(command="npx mocha", leaves="report-mocha-1", said="mocha"),
    "playwright": Runner(command="npx playwright test", leaves="report-playwright-1", said="playwright"),
    "ava": Runner(command="npx ava", writes=lambda count: summary("tap", count)),
    "go": Runner(command="go test ./...", writes=events),
    "bun": Runner(command="bun test", leaves="report", said="bun"),
    "deno": Runner(command="deno test", leaves="report", said="deno"),
    "nextest": Runner(command="cargo nextest run", leaves="report", said="nextest"),
    "rspec": Runner(command="rspec", leaves="report", writes=rspec, said="rspec"),
    "phpunit": Runner(command="phpunit", leaves="report", said="phpunit"),
    "ctest": Runner(command="ctest", leaves="report", said="ctest"),
    "dotnet": Runner(command="dotnet test", leaves="a_host_2026.trx", writes=trx,
                     said="Passed!  - Failed:     0, Passed:  {n}, Skipped:     0, Total:  {n}, Duration: 9 ms\n"),
    "maven": Runner(command="mvn -B test", leaves="target/surefire-reports/TEST-a.xml",
                    said="[INFO] Tests run: {n}, Failures: 0, Errors: 0, Skipped: 0\n"),
    "gradle": Runner(command="gradle test", leaves="build/test-results/test/TEST-a.xml"),
}  # fmt: skip


class Stand:
    """A tree in which the runner is a script of ours."""

    def __init__(self, folder: Path, runner: Runner) -> None:
        self.runner = runner
        (folder / "tree").mkdir()
        self.sandbox = FolderSandbox(folder / "tree")
        self.sandbox.write_file(
            "a_test.go", "".join(f"func Test{n}(t *testing.T) {{}}\n" for n in range(TRUE)).encode()
        )
        for count, name in ((TRUE, "true"), (FORGED, "forged")):
            self.sandbox.write_file(f"{name}.report", runner.writes(count).encode())
            self.sandbox.write_file(f"{name}.said", runner.says(count).encode())
        for part in (*runner.leaves.rpartition("/")[0].split(), ".bin"):
            (folder / "tree" / part).mkdir(parents=True)
        self.program = next(word for word in runner.command.split() if "=" not in word)

    def run(self, *steps: str) -> Reported:
        place = self.runner.leaves if "/" in self.runner.leaves else AT + (self.runner.leaves or "report")
        beside = place.replace("1", "2").replace("TEST-a", "TEST-b").replace("a_host", "b_host")
        into = "for folder in ${2%/*}/; do cat $1 >$folder${2##*/}; done"
        script = f"into() {{ {into}; }}\n" + "\n".join(steps)
        leaves = f'into true.report "{place}"' if self.runner.leaves else "cat true.report; sleep 0.05"
        for name, step in {"LEAVE": leaves, "SAY": "cat true.said", "FORGE": f'into forged.report "{place}"',
                           "BESIDE": f'into forged.report "{beside}"'}.items():  # fmt: skip
            script = script.replace(name, step)
        self.sandbox.write_file(f".bin/{self.program}", f"#!/bin/bash\n{script}\n".encode(), mode="100755")
        path = "export PATH=$PWD/.bin:$PATH &&" if self.program == "ctest" else "PATH=$PWD/.bin:$PATH"
        return run_reported(self.sandbox, f"{path} {self.runner.command}")


@pytest.mark.parametrize("name", RUNNERS)
def test_a_report_that_was_forged_counts_nothing(name: str, tmp_path: Path) -> None:
    stand = Stand(tmp_path, RUNNERS[name])
    assert way_of(RUNNERS[name].command, lambda _path: "") is not None
    alone = stand.run("FORGE", "BESIDE")
    if name not in UNCONTRADICTED:
        assert alone.counts is None or alone.counts.passed == 0
    honest = stand.run("LEAVE", "SAY")  # after that earlier round
    assert honest.counts is not None
    assert (honest.counts.passed, honest.unread) == (TRUE, "")
    for steps in (
        ("FORGE", "LEAVE", "SAY"),  # written before the runner does
        ("BESIDE", "LEAVE", "SAY"),
        ("LEAVE", "SAY", "FORGE"),  # by what still runs at its end
        ("(for n in {1..9}; do FORGE; BESIDE; done) &", "LEAVE", "SAY", "sleep 0.02"),
    ):
        found = stand.run(*steps)
        if name not in UNCONTRADICTED:
            assert found.counts is None or found.counts.passed <= TRUE, steps
