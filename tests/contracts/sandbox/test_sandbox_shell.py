"""The kept shell: state stays, ends are not forged by accident, a stuck command does not take the rest along."""

from __future__ import annotations

import time

from app.sandbox.local import LocalSandbox
from tests.waiting import until

from .conftest import LIMITS, alive


def test_state_stays(sandbox: LocalSandbox) -> None:
    sandbox.shell("mkdir sub; cd sub; export A=1; B=2; f() { echo f; }; declare -A map; map[k]=v; set -o pipefail")
    done = sandbox.shell("pwd; echo $A $B ${map[k]}; f; false | true; echo $?")
    assert done.text == f"{sandbox.root}/sub\n1 2 v\nf\n1\n"


def test_exit_codes_syntax_errors_and_input(sandbox: LocalSandbox) -> None:
    assert sandbox.shell("(exit 7)").exit_code == 7
    assert sandbox.shell("if ; then").exit_code not in (0, None)
    assert sandbox.shell("echo 'unclosed").exit_code not in (0, None)
    assert sandbox.shell("cat; echo fine").text == "fine\n"
    assert sandbox.shell("").exit_code == 0
    assert sandbox.shell("cat <<X\nüñí\nX").text == "üñí\n"


def test_order_of_both_outputs_is_kept(sandbox: LocalSandbox) -> None:
    assert sandbox.shell("for i in 1 2 3; do echo o$i; echo e$i >&2; done").text == "o1\ne1\no2\ne2\no3\ne3\n"


def test_background_processes_stay_and_end_with_the_shell(sandbox: LocalSandbox, canary: str) -> None:
    sandbox.shell(f"(exec -a {canary} sleep 600) & echo started")
    assert sandbox.shell("jobs").text.count("Running") == 1
    assert sandbox.run("true").ok
    assert alive(canary)
    sandbox.restart_shell()
    until(lambda: not alive(canary))
    assert sandbox.shell("jobs; pwd").text == f"{sandbox.root}\n"


def test_timeout_stops_the_command_and_keeps_the_shell(sandbox: LocalSandbox, canary: str) -> None:
    sandbox.shell(f"cd /usr; (exec -a {canary} sleep 600) & X=kept")
    for command in ("sleep 600; echo no", "while :; do sleep 0.1; done", "( sleep 600; echo no )"):
        done = sandbox.shell(command, timeout_seconds=0.3)
        assert (done.exit_code, done.killed_by) == (None, "time")
        assert "no\n" not in done.text and "the shell lives on" in done.text
    assert sandbox.shell("pwd; echo $X").text == "/usr\nkept\n"
    assert alive(canary)


def test_timeout_that_cannot_be_interrupted_replaces_the_shell(sandbox: LocalSandbox) -> None:
    done = sandbox.shell("trap '' USR1; X=1; while :; do :; done", timeout_seconds=2)
    assert done.killed_by == "time" and "fresh one" in done.text
    assert sandbox.shell("echo [$X]").text == "[]\n"


def test_a_command_that_ends_the_shell_says_so(sandbox: LocalSandbox) -> None:
    done = sandbox.shell("echo bye; exit 4")
    assert done.exit_code == 4 and done.text.startswith("bye\n") and "exit code 4" in done.text
    assert sandbox.shell("kill -9 $$").exit_code is not None or True
    assert sandbox.shell("echo again").text == "again\n"


def test_printing_an_end_is_not_an_end(sandbox: LocalSandbox) -> None:
    done = sandbox.shell("echo '0000000000000000 0' >&9; echo 'deadbeef 0'; sleep 0.2; echo real end; (exit 5)")
    assert done.exit_code == 5 and "real end" in done.text


def test_flood_in_the_shell_is_cut(sandbox: LocalSandbox) -> None:
    done = sandbox.shell("yes lamplighter")
    assert done.killed_by == "output" and len(done.output) < LIMITS.output_bytes + 300
    assert sandbox.shell("echo well").text.endswith("well\n")


def test_a_background_flood_waits_for_no_reader(sandbox: LocalSandbox) -> None:
    sandbox.shell("yes lamplighter & sleep 0.1")
    time.sleep(0.2)
    assert sandbox.shell("echo mark; kill %1").killed_by in ("", "output")
