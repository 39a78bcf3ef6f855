"""A command is run, leaves a report or does not, and what is recorded is that command and what it printed."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from app.failures.counts import Counts
from app.reports import run_reported
from tests.rooms.reports.trees import the_sandbox

ONE = '<testsuite><testcase name="test_a" classname="t"/></testsuite>'
TO = "path=${PYTEST_ADDOPTS#*junit-xml=}; path=${path%%[$\\']*}; "  # where the report is wanted
SAYS = "echo '==== 1 passed in 0.01s ===='"
PYTEST = f"PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 {sys.executable} -m pytest -q --rootdir=. -p no:cacheprovider"


def test_the_report_of_a_real_runner_is_taken_once_and_leaves_no_trace(tmp_path: Path) -> None:
    sandbox = the_sandbox(tmp_path, {"t/test_a.py": "def test_a(): pass\n\n\ndef test_b(): assert 0\n"})
    found = run_reported(sandbox, PYTEST)
    assert (found.source, found.unread) == ("junit", "")
    assert found.counts == Counts(passed=1, failed=1, failing=("t/test_a.py::test_b",))
    assert found.execution.command == PYTEST
    assert "1 failed, 1 passed" in found.execution.text
    assert "junit" not in found.execution.text
    assert found.execution.output_bytes == len(found.execution.output)
    folder = re.findall(r"/lamplighter-[0-9a-f]{32}", " ".join(command for command, _network in sandbox.commands))
    assert len(set(folder)) == 1
    assert list((tmp_path / "tree.tmp").iterdir()) == []


def test_a_runner_that_does_not_know_the_reporter_runs_without_it(tmp_path: Path) -> None:
    sandbox = the_sandbox(tmp_path, {"test_a.py": "def test_a(): pass\n"})
    found = run_reported(sandbox, f"{PYTEST} -p 'no:juni''txml'")
    assert (found.source, found.counts) == ("text", Counts(passed=1))


@pytest.mark.parametrize(
    ("script", "source", "counts", "unread"),
    [
        (f"{TO} echo '{ONE}' > $path; {SAYS}", "junit", Counts(passed=1), ""),
        (f"{TO} echo '{ONE}' > $path", "", None, "nothing was printed beside it"),
        (f"{TO} (sleep 0.05; echo '{ONE}' > $path) & {SAYS}; wait", "junit", Counts(passed=1), ""),
        (SAYS, "text", Counts(passed=1), "none was written"),
        (f"{TO} ln -s /etc/hostname $path; {SAYS}", "text", Counts(passed=1), "none was written"),
        (f"{TO} mkfifo $path; {SAYS}", "text", Counts(passed=1), "none was written"),
        (f"{TO} mkdir $path; {SAYS}", "text", Counts(passed=1), "none was written"),
        (f"{TO} rm -r ${{path%/*}}; {SAYS}", "text", Counts(passed=1), "none was written"),
        (f"{TO} truncate -s 20G $path; {SAYS}", "text", Counts(passed=1), "it is too large"),
        (f"{TO} echo '<' > $path; {SAYS}", "text", Counts(passed=1), "it is not well-formed"),
        (f"{TO} echo '{ONE}' > $path; {SAYS}; echo Unknown option; exit 2", "junit", Counts(passed=1), ""),
    ],
)
def test_what_lies_where_the_report_should_is_read_or_named(
    script: str, source: str, counts: Counts | None, unread: str, tmp_path: Path
) -> None:
    found = run_reported(the_sandbox(tmp_path, {"run.sh": script}), "bash ./run.sh")
    assert (found.source, found.counts, found.unread) == (source, counts, unread)


def test_a_refusal_is_run_again_as_the_project_wrote_it(tmp_path: Path) -> None:
    script = f'[ -z "$PYTEST_ADDOPTS" ] || {{ echo "error: unrecognized arguments: --junit-xml=x"; exit 4; }}; {SAYS}'
    sandbox = the_sandbox(tmp_path, {"run.sh": script})
    found = run_reported(sandbox, "bash ./run.sh")
    assert (found.source, found.counts, found.execution.exit_code) == ("text", Counts(passed=1), 0)
    assert found.unread == "the runner does not know the reporter"


def test_a_report_in_the_tree_counts_only_when_it_is_new(tmp_path: Path) -> None:
    """Java's build tools write where the sealed tree may hold one already, or a test may have put one before."""
    old = "a/target/surefire-reports/TEST-old.xml"
    writes = f"mkdir -p target/surefire-reports; echo '{ONE}' > target/surefire-reports/TEST-t.xml"
    sandbox = the_sandbox(tmp_path, {old: ONE, "mvnw": "#!/bin/sh\n" + writes, "b/mvnw": "#!/bin/sh\n"})
    found = run_reported(sandbox, "./mvnw -q test")
    assert (found.source, found.counts) == ("junit", Counts(passed=1))
    silent = run_reported(sandbox, "cd b && { ./mvnw -q test; }")
    assert (silent.source, silent.counts, silent.unread) == ("", None, "none was written")


def test_a_command_that_is_killed_left_none(tmp_path: Path) -> None:
    sandbox = the_sandbox(tmp_path, {"run.sh": f"{TO} echo '{ONE}' > $path; {SAYS}; sleep 9"})
    found = run_reported(sandbox, "bash ./run.sh", timeout_seconds=0.3)
    assert found.execution.killed_by == "time"
    assert found.unread == "it did not come to its end"


GO = "PATH=.:$PATH go test -v ./..."
A_TEST = "package a\n\nfunc TestA(t *testing.T) {}\n"
EVENTS = "".join(
    json.dumps({"Package": "m/a", **event}) + "\n"
    for event in (
        {"Action": "run", "Test": "TestA"},
        {"Action": "output", "Test": "TestA", "Output": "=== RUN   TestA\n"},
        {"Action": "pass", "Test": "TestA"},
        {"Action": "output", "Output": "ok  \tm/a\t0.1s\n"},
        {"Action": "pass"},
    )
)
# What is printed goes to a file that is opened by a process beside: a script that looks for it has to wait for that.
THERE = "until [ -e $TMPDIR/lamplighter-*/report ]; do sleep 0.01; done; "
WRITTEN = "until [ -s $TMPDIR/lamplighter-*/report ]; do sleep 0.01; done; "
FORGED = "for place in $TMPDIR/lamplighter-*/; do cat forged >$place/report; done\n"


@pytest.mark.parametrize(
    ("script", "source", "counts", "unread"),
    [
        ("cat events; echo '# warning' >&2; exit 3", "go", Counts(passed=1), ""),
        (f"{THERE}{FORGED} cat events", "", None, "it was written over"),
        (f"cat events; {WRITTEN}{FORGED}", "", None, "it was written over"),
        (f"{THERE}mv $TMPDIR/lamplighter-*/report elsewhere; cat events", "", None, "none was written"),
        (f"cp forged it; cat events; {WRITTEN}mv it $TMPDIR/lamplighter-*/report", "", None, "it was written over"),
        (f"{THERE}printf '=== RUN A\\n--- PASS: A (0s)\\n' >forged; {FORGED}", "", None, "it was written over"),
        ("cat events; sleep 9", "", None, "it did not come to its end"),
    ],
)  # fmt: skip
def test_events_that_are_printed_are_the_report(
    script: str, source: str, counts: Counts | None, unread: str, tmp_path: Path
) -> None:
    """`go` is a script here that prints what Go does; Go itself is run where it is (`docs/decisions/0055`)."""
    files = {
        "go": f"#!/bin/bash\n[ $2$3 = -json-count=1 ] || exit 9\n{script}\n",
        "a/a_test.go": A_TEST,
        "events": EVENTS,
    }
    sandbox = the_sandbox(tmp_path, {**files, "forged": EVENTS * 9})
    found = run_reported(sandbox, GO, timeout_seconds=0.5 if "sleep 9" in script else 60)
    assert (found.source, found.counts, found.unread) == (source, counts, unread)
    assert found.execution.command == GO
    if source:
        assert found.execution.text == "# warning\n=== RUN   TestA\nok  \tm/a\t0.1s\n"
        assert found.execution.exit_code == 3
        assert found.execution.output_bytes == len(found.execution.output)


@pytest.mark.parametrize(
    ("script", "counts", "unread"),
    [
        ("leave 1; says 1; next; leave 2; says 2", Counts(passed=3), ""),
        ("leave 2; says 1; next; leave 1; says 1", Counts(passed=2), ""),
        ("leave 9; next; leave 2; says 2", Counts(passed=2), ""),  # by a test that starts it itself
        ("says 999; leave 1; says 1; next; leave 2; says 2", Counts(passed=3), "not each start left one"),
        ("leave 1; says 1; says 2", Counts(passed=1), "not each start left one"),  # on a busy machine
    ],
)
def test_each_start_leaves_a_report_of_its_own(script: str, counts: Counts, unread: str, tmp_path: Path) -> None:
    leaves = (
        f"leave() {{ {TO} (echo '<testsuite>'; for ((n = 0; n < $1; n++)); do echo '<testcase name=\"a\"/>'; done; "
    )
    waits = "next() { for ((n = 0; n < 100; n++)); do [ -s $path ] || break; sleep 0.05; done; }"
    shell = (
        f"{waits}\n{leaves} echo '</testsuite>') >$path; }}\nsays() {{ echo \"== $1 passed in 0.1s ==\"; }}\n{script}\n"
    )
    found = run_reported(the_sandbox(tmp_path, {"run.sh": shell}), "bash ./run.sh")
    assert (found.source, found.counts, found.unread) == ("text" if unread else "junit", counts, unread)


def test_a_runner_of_events_that_prints_nothing_ran_nothing(tmp_path: Path) -> None:
    found = run_reported(the_sandbox(tmp_path, {"go": "#!/bin/sh\necho 'go: no module' >&2\nexit 1\n"}), GO)
    assert (found.counts, found.execution.text) == (Counts(), "go: no module\n")
