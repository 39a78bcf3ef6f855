"""Each start of a runner of Node leaves a report of its own, whatever starts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.failures.counts import Counts
from app.reports import run_reported
from tests.rooms.reports.trees import the_sandbox

# Mains of runners where Node would find them: each leaves what it is asked for and prints what people see.
LEAVES_JSON = (
    "const at = process.argv.find((word) => word.startsWith('--outputFile')).split('=')[1];"
    "const tests = Array(Number(process.argv[2])).fill({ status: 'passed', title: 't', ancestorTitles: [] });"
    "const testResults = [{ name: 'a', status: 'passed', assertionResults: tests }];"
    "require('fs').writeFileSync(at, JSON.stringify({ testResults }));"
)
OF_NODE = {
    "node_modules/jest/bin/jest.js": LEAVES_JSON
    + "console.log(`Tests:       ${process.argv[2]} passed, ${process.argv[2]} total`)",
    "node_modules/vitest/vitest.mjs": "import { createRequire } from 'node:module'; const require = createRequire('/');"
    + LEAVES_JSON + "console.log(`      Tests  ${process.argv[2]} passed (${process.argv[2]})`)",
    "node_modules/mocha/bin/mocha.js": (
        "const Ours = require(process.argv.at(-1)); new Ours({}, {}).done(0, () => {});"
        "console.log(`\\n  ${process.argv[2]} passing (1ms)`);"
    ),
    "node_modules/mocha/index.js": (
        "exports.reporters = { Spec: class {}, XUnit: class { constructor(_, o) { this.to = o.reporterOptions.output } "
        "done(n, end) { require('fs').writeFileSync(this.to, '<testsuite>' + "
        "'<testcase/>'.repeat(Number(process.argv[2])) + '</testsuite>'); end() } } }"
    ),
    "node_modules/@playwright/test/cli.js": (
        "require('fs').writeFileSync(process.env.PLAYWRIGHT_JUNIT_OUTPUT_NAME, '<testsuite><testcase/></testsuite>');"
        "console.log(process.argv[3] == '--reporter=list,junit' && 'Running 1 test using 1 worker\\n  1 passed (1s)')"
    ),
    "t/a.test.js": "const { test } = require('node:test');\ntest('a', () => {}); test('b', () => {});\n",
}  # fmt: skip
JEST, VITEST, MOCHA = (f"node {path}" for path in list(OF_NODE)[:3])


@pytest.mark.parametrize(
    ("script", "source", "passed", "unread"),
    [
        (f"{JEST} 3", "jest", 3, ""),
        (f"{JEST} 3 && {JEST} 2", "jest", 5, ""),
        (f"{VITEST} 3; {MOCHA} 2; cd t; node --test", "jest and junit", 7, ""),
        ("node node_modules/@playwright/test/cli.js test", "junit", 1, ""),
        ("node --test t | cat; node --test t", "junit", 4, ""),
        (f"{JEST} 3 && echo 'Tests: 99 passed, 99 total'", "jest", 3, ""),
        (f"{JEST} 3 && {JEST} 2 && echo 'Tests: 99 passed, 99 total'", "text", 5, "not each start left one"),
        (f"{JEST} 3 --json --outputFile=own", "text", 3, "none was written"),
        (f"{JEST} 3 && for f in $TMPDIR/lamplighter-*/report-*; do cp $f $f-again; done", "text", 3,
         "there are more than one start leaves"),
        (f"node -e 'process.exit(process.env.NODE_OPTIONS ? 0 : 9)' && {JEST} 3", "jest", 3, ""),
    ],
)  # fmt: skip
def test_each_start_of_a_runner_of_node_leaves_a_report(
    script: str, source: str, passed: int, unread: str, tmp_path: Path
) -> None:
    """Node's own runner is the real one; the others are stand-ins that take the arguments of the real ones."""
    found = run_reported(the_sandbox(tmp_path, OF_NODE), script)
    assert (found.source, found.counts, found.unread) == (source, Counts(passed=passed), unread)


def test_what_a_runner_starts_in_turn_knows_nothing_of_its_report(tmp_path: Path) -> None:
    reads = "console.log(process.env.NODE_OPTIONS ?? 'does not know')"
    sandbox = the_sandbox(tmp_path, {"a.test.js": reads})
    found = run_reported(sandbox, "node --test")
    assert "does not know" in found.execution.text
    assert (found.source, found.counts) == ("junit", Counts(passed=1))


@pytest.mark.parametrize(
    ("says", "counts"),
    [
        ("", Counts()),
        ("Done in 0s 14ms", Counts()),  # yarn
        ("packages/a test$ ./own-tests", None),
    ],
)
def test_a_tool_that_names_each_script_and_is_silent_ran_none(says: str, counts: Counts | None, tmp_path: Path) -> None:
    script = f"#!/bin/sh\n{f'echo {says!r}' if says else ''}\n"
    found = run_reported(the_sandbox(tmp_path, {"pnpm": script}), "PATH=.:$PATH pnpm -r test")
    assert (found.counts, found.unread) == (counts, "none was written")
