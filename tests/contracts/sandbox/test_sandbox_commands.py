"""What a command is: fresh, bounded, told the truth about, and leaving nothing behind."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.errors import UserError
from app.ports.sandbox import Limits
from app.sandbox.local import LocalSandbox
from tests.waiting import until

from .conftest import LIMITS, Enter, alive, python


def test_exit_code_and_output_are_the_commands_own(sandbox: LocalSandbox) -> None:
    done = sandbox.run("echo out; echo err >&2; echo out again; exit 3")
    assert (done.exit_code, done.killed_by, done.ok) == (3, "", False)
    assert done.output == b"out\nerr\nout again\n"
    assert done.output_bytes == len(done.output)


def test_death_by_signal_reads_as_shells_write_it(sandbox: LocalSandbox) -> None:
    assert sandbox.run("kill -SEGV $$").exit_code == 139
    assert sandbox.run("kill -9 $$").exit_code == 137


def test_command_runs_in_the_tree_with_nothing_to_read(sandbox: LocalSandbox) -> None:
    done = sandbox.run("pwd; cat README.md; cat; tty")
    assert done.text.splitlines() == [sandbox.root, "hello", "not a tty"]


def test_output_is_bytes_not_text(sandbox: LocalSandbox) -> None:
    done = sandbox.run(r"printf '\377\376\0\n'")
    assert done.output == b"\xff\xfe\x00\n"
    assert "�" in done.text


def test_long_output_keeps_head_and_tail(sandbox: LocalSandbox) -> None:
    done = sandbox.run("echo first; head -c 5000000 /dev/zero | tr '\\0' x; echo; echo last")
    assert done.ok
    assert done.output_bytes == 5_000_012
    assert len(done.output) < LIMITS.output_bytes + 100
    assert done.output.startswith(b"first\nxxx") and done.output.endswith(b"xxx\nlast\n")
    assert b"bytes left out" in done.output


def test_timeout_kills_everything_and_keeps_what_was_said(sandbox: LocalSandbox, canary: str) -> None:
    done = sandbox.run(f"echo begun; (exec -a {canary} sleep 600) & sleep 600", timeout_seconds=3)
    assert (done.exit_code, done.killed_by, done.output) == (None, "time", b"begun\n")
    assert not alive(canary)


def test_nothing_survives_the_end_of_a_command(sandbox: LocalSandbox, canary: str) -> None:
    done = sandbox.run(
        f"(exec -a {canary}-1 sleep 600) &"
        f"setsid -f bash -c 'exec -a {canary}-2 sleep 600';"
        f"nohup bash -c 'exec -a {canary}-3 sleep 600' >/dev/null 2>&1 & disown -a;"
        f"( ( trap '' TERM HUP INT; (exec -a {canary}-4 sleep 600) & ) & );"
        "sleep 0.2; echo done"
    )
    assert done.ok and done.output == b"done\n"
    assert not alive(canary)


def test_runner_that_keeps_forking_and_leaving_is_caught(sandbox: LocalSandbox) -> None:
    code = "import os\nprint('ran', flush=True)\nif os.fork() == 0:\n os.setsid()\n while os.fork() == 0: pass\n"
    assert sandbox.run(python(code)).ok
    assert sandbox.run("echo still well").ok


def test_home_and_temporary_files_stay_between_commands(sandbox: LocalSandbox) -> None:
    assert sandbox.run("echo kept > ~/a; echo kept > $TMPDIR/b; echo x > c; chmod +x c").ok
    assert sandbox.run("cat ~/a $TMPDIR/b && ./c; true").text.startswith("kept\nkept\n")
    assert sandbox.manifest()["c"].mode == "100755"


def test_environment_is_made_not_inherited(sandbox: LocalSandbox) -> None:
    names = {line.partition("=")[0] for line in sandbox.run("env").text.splitlines()}
    expected = {
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "LANG", "CI", "TERM", "PWD", "SHLVL", "_",
        "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS", "CARGO_HTTP_CAINFO",
        "GIT_CONFIG_SYSTEM",
    }  # fmt: skip
    assert names <= expected
    assert sandbox.run("echo $CI $TERM $LANG $USER").text == "true dumb C.UTF-8 agent\n"


def test_the_usual_tools_work(sandbox: LocalSandbox) -> None:
    done = sandbox.run(
        'set -e; python3 -c \'import ssl, sqlite3, subprocess; print(subprocess.check_output(["echo", "py"]))\';'
        "git init -q . && git add -A && git -c user.name=a -c user.email=a@b commit -qm one && git log --oneline;"
        "python3 -m venv --without-pip ~/v; ~/v/bin/python -c 'import sys; print(sys.prefix)';"
        "node -e 'console.log(1+1)'"
    )
    assert done.ok, done.text
    assert "py" in done.text and "one" in done.text and "/v" in done.text


def test_history_is_readable_and_not_writable(enter: Enter, tmp_path: Path) -> None:
    objects = tmp_path / "bare" / "objects"
    (objects / "ab").mkdir(parents=True)
    (objects / "ab" / "cd").write_text("an object")
    sandbox = enter(history=tmp_path / "bare")
    inside = enter.host.history_path(tmp_path / "bare")
    assert sandbox.run(f"cat {inside}/ab/cd").text == "an object"
    assert not sandbox.run(f"touch {inside}/ab/x || rm -f {inside}/ab/cd && test ! -e {inside}/ab/cd").ok
    assert (objects / "ab" / "cd").read_text() == "an object"


def test_tree_path_is_known_before_the_sandbox(enter: Enter, tmp_path: Path) -> None:
    sandbox = enter()
    assert enter.host.tree_path(tmp_path / "run-0" / "tree") == sandbox.root


def test_long_and_impossible_commands(sandbox: LocalSandbox) -> None:
    assert sandbox.run("true " + "x" * 100_000).ok
    with pytest.raises(UserError, match="longer than"):
        sandbox.run("x" * 200_000)
    with pytest.raises(UserError, match="NUL"):
        sandbox.run("echo a\0b")


def test_commands_at_the_same_time(enter: Enter) -> None:
    sandbox = enter(limits=Limits(processes=256))
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda n: sandbox.run(f"sleep 0.1; echo {n}").text, range(12)))
    assert results == [f"{n}\n" for n in range(12)]


def test_a_closed_sandbox_takes_nothing_more(enter: Enter, tmp_path: Path, canary: str) -> None:
    sandbox = enter({"a": "1"})
    sandbox.shell(f"(exec -a {canary} sleep 600) & mkdir -m 000 shut")
    sandbox.close()
    sandbox.close()
    until(lambda: not alive(canary))
    assert not (tmp_path / "run-0" / "tree").exists()
    if enter.containers is None:
        assert not list((tmp_path / "harness" / "sandboxes").iterdir())
    else:
        assert not enter.containers.running
    with pytest.raises(UserError, match="closed"):
        sandbox.run("true")


@pytest.mark.parametrize("wait_seconds", [0.0, 0.001, 0.003, 0.01, 0.03, 0.1])
def test_close_ends_a_command_at_any_moment_of_its_start(enter: Enter, wait_seconds: float, canary: str) -> None:
    """Either it was never started, or it was and was cut short; never "try again in ten seconds"."""
    sandbox = enter()
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(sandbox.run, f"exec -a {canary} sleep 600")
        time.sleep(wait_seconds)
        sandbox.close()
    refused = done.exception()
    if refused is not None:
        assert isinstance(refused, UserError) and str(refused) == "the sandbox is closed"
    else:
        assert done.result().killed_by == "closed" and done.result().exit_code is None
    until(lambda: not alive(canary))


def test_close_ends_a_command_under_way(enter: Enter, canary: str) -> None:
    sandbox = enter()
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(sandbox.run, f"touch running; exec -a {canary} sleep 600")
        until(lambda: "running" in sandbox.manifest() and alive(canary))
        sandbox.run("true")  # by the time another has come and gone, the first one's start is known
        sandbox.close()
    assert done.result().killed_by == "closed" and done.result().exit_code is None
