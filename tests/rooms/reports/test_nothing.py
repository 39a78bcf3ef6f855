"""A suite that ran nothing is no pass, whatever its exit code: by its report, by its words, or by its silence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.reports import run_reported
from app.verify.run import CommandResult
from tests.rooms.reports.trees import the_sandbox

EMPTY = '<?xml version="1.0" encoding="utf-8"?>\n<testsuites>\n</testsuites>'
OF_NODE = "<testsuites><!-- tests 0 --><!-- pass 0 --><!-- fail 0 --></testsuites>"
OF_TRX = '<TestRun><ResultSummary outcome="Completed"><Counters total="0" /></ResultSummary></TestRun>'
OF_JEST = json.dumps({"testResults": [], "numTotalTests": 0, "success": True})
OF_RSPEC = json.dumps({"examples": [], "summary": {"example_count": 0, "errors_outside_of_examples_count": 0}})
# What runners print, most of them with exit code 0; "*" where they were run here, else by documentation or source.
RAN_NOTHING = {
    "pytest": ("pytest", "report-pytest", EMPTY, "no tests ran in 0.01s\n"),  # *, 5
    "unittest": ("python3 -m unittest", "", "", "\nRan 0 tests in 0.000s\n\nNO TESTS RAN\n"),  # *, 5
    "jest": ("npx jest", "report-jest-1", OF_JEST, "No tests found, exiting with code 0\n"),  # *
    "vitest": ("npx vitest run", "report-vitest-1", OF_JEST, "No test files found, exiting with code 0\n"),  # *
    "mocha": ("npx mocha", "report-mocha-1", EMPTY, "\n\n  0 passing (1ms)\n\n"),  # *
    "node": ("node --test", "report-node-1", OF_NODE, "1..0\n# tests 0\n# pass 0\n# fail 0\n# cancelled 0\n"),  # *
    "playwright": ("npx playwright test --pass-with-no-tests", "report-playwright-1", EMPTY, ""),  # *
    "ava": ("npx ava", "", "", "  ✘ Couldn’t find any files to test\n"),  # *, 1
    "tap": ("npx ava", "", "", "TAP version 13\n1..0\n# tests 0\n"),
    "bun": ("bun test", "", "", "No tests found!\n"),  # *, 1
    "deno": ("deno test", "", "", "error: No test modules found\n"),  # *, 1
    "deno, of none": ("deno test", "report", EMPTY, "\nok | 0 passed | 0 failed (1ms)\n"),
    "go": ("go test ./...", "", "", json.dumps({"Package": "m", "Action": "skip"}) + "\n"),  # *
    "go, by text": ("./test.sh", "", "", "?   \tm\t[no test files]\n"),  # *
    "cargo": (
        "cargo test",
        "",
        "",
        "running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured;\n",
    ),  # *
    "nextest": ("cargo nextest run", "report", EMPTY, "     Summary [ 0.0s] 0 tests run: 0 passed, 0 skipped\n"),
    "ctest": ("ctest", "report", EMPTY, "No tests were found!!!\n"),  # *
    "ctest, silent": ("ctest", "report", EMPTY, ""),  # *, --no-tests=ignore
    "phpunit": ("phpunit", "report", EMPTY, "No tests executed!\n"),  # *
    "rspec": ("rspec", "report", OF_RSPEC, "No examples found.\n\n0 examples, 0 failures\n"),  # *
    "dotnet": ("dotnet test", "a.trx", OF_TRX, "No test is available in /b/a.dll. Make sure that test discoverer\n"),
    "dotnet, filtered": ("dotnet test", "", "", "No test matches the given testcase filter `x` in /b/a.dll\n"),
    "maven": ("mvn -B test", "", "", "[INFO] No tests to run.\n[INFO] BUILD SUCCESS\n"),
    "gradle": ("gradle test", "", "", "> Task :test NO-SOURCE\n\nBUILD SUCCESSFUL in 1s\n"),
    "turbo": ("npx turbo run test", "", "", " WARNING  No tasks were executed as part of this run.\n"),  # *
    "nx": ("npx nx run-many -t test", "", "", "\n NX   No tasks were run\n"),  # *
    "lerna": (
        "npx lerna run test",
        "",
        "",
        "lerna success run No packages found with the lifecycle script 'test'\n",
    ),  # *
    "pnpm": ("pnpm -r test", "", "", ""),  # *
    "npm": ("npm test --workspaces --if-present", "", "", ""),  # *
    "yarn": ("yarn workspaces foreach --all run test", "", "", "Done in 0s 14ms\n"),  # *
    "make": ("make test", "", "", "make: 'test' is up to date.\n"),  # *
}


@pytest.mark.parametrize("name", RAN_NOTHING)
def test_a_suite_that_ran_nothing_does_not_pass(name: str, tmp_path: Path) -> None:
    command, leaves, report, says = RAN_NOTHING[name]
    program = next(word for word in command.split())
    files = {"report.empty": report, "said": says, f"bin/{program}": "#!/bin/bash\n"}
    if leaves:
        files[f"bin/{program}"] += f"for d in $TMPDIR/lamplighter-*/; do cat report.empty >$d/{leaves}; done\n"
    files[f"bin/{program}"] += "cat said\n"
    sandbox = the_sandbox(tmp_path, files)
    path = "export PATH=$PWD/bin:$PATH &&" if program == "ctest" else "PATH=$PWD/bin:$PATH"
    told = run_reported(sandbox, f"{path} {command}" if "/" not in program else f"bin/{program}")
    assert told.execution.exit_code == 0
    result = CommandResult(command=command, purpose="verify", at="head", exit_code=0, seconds=1, counts=told.counts)
    assert (result.ok, result.ending) == (False, "nothing")
