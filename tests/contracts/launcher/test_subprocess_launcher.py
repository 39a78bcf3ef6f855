"""What only the adapter of one machine promises: what a worker sees, pid files, reuse of pids, zombies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.errors import TransientError
from app.local.launcher import SubprocessLauncher, worker_environment
from tests.contracts.launcher.looking import is_running
from tests.waiting import until

SERVER = {
    "PATH": os.environ["PATH"],
    "HOME": "/home/x",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "LAMPLIGHTER_GITHUB_API_URL": "https://api.github.test",
    "LAMPLIGHTER_CONCURRENCY": "3",
    "ANTHROPIC_API_KEY": "sk-ant-x",
    "ANTHROPIC_BASE_URL": "http://model.test",
    # and what no worker may see
    "LAMPLIGHTER_PRIVATE_KEY": "pem",
    "LAMPLIGHTER_WEBHOOK_SECRET": "s1 s2",
    "LAMPLIGHTER_SENTRY_SECRET": "s",
    "LAMPLIGHTER_LINEAR_SECRET": "s",
    "LAMPLIGHTER_HOOK_SECRET": "s",
    "GITHUB_TOKEN": "ghp_x",
    "AWS_SECRET_ACCESS_KEY": "aws",
    "SSH_AUTH_SOCK": "/run/ssh",
    "DATABASE_URL": "postgres://production",
    "LD_PRELOAD": "/evil.so",
    "PYTHONPATH": "/evil",
}


@pytest.fixture
def platform(local):
    return local


def _said(launcher, run="run", attempt=1) -> dict:
    path = launcher.log_path(run, attempt)
    until(lambda: path.exists() and path.read_text().endswith("\n"), "the worker said nothing")
    return json.loads(path.read_text())


def test_worker_holds_model_access_and_no_other_secret(platform):
    launcher = platform.launcher(environment=SERVER)
    launcher.start("run", 7)
    seen = _said(launcher, attempt=7)
    environment = {name: value for name, value in seen["environment"].items() if name != "LC_CTYPE"}
    assert environment == {
        **{name: SERVER[name] for name in list(SERVER)[:8]},
        "LAMPLIGHTER_HOME": str(platform.home),
        "PYTHONUNBUFFERED": "1",
    }
    assert seen["arguments"] == ["run", "--attempt", "7"]
    assert seen["session"] == seen["pid"]  # a session of its own: the server's terminal cannot take it along
    assert seen["cwd"] == str(platform.home)


def test_cloud_credentials_only_for_bedrock(tmp_path):
    bedrock = SERVER | {"LAMPLIGHTER_MODEL_PROVIDER": "bedrock"}
    assert "AWS_SECRET_ACCESS_KEY" not in worker_environment(SERVER, tmp_path)
    assert worker_environment(bedrock, tmp_path)["AWS_SECRET_ACCESS_KEY"] == "aws"


def test_a_later_process_with_the_same_pid_is_not_our_worker(platform):
    launcher = platform.launcher()
    launcher.start("run", 1)
    record = platform.home / "workers" / "run" / "1.json"
    process = json.loads(record.read_text())
    time.sleep(0.05)  # start times are counted in hundredths of a second
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        record.write_text(json.dumps(process | {"pid": stranger.pid}))
        assert is_running(launcher, "run") is False
        launcher.stop("run")
        time.sleep(0.1)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
        record.write_text(json.dumps(process))


def test_pid_from_before_a_reboot_is_not_our_worker(platform):
    launcher = platform.launcher()
    launcher.start("run", 1)
    record = platform.home / "workers" / "run" / "1.json"
    process = json.loads(record.read_text())
    record.write_text(json.dumps(process | {"boot": "another"}))
    assert is_running(launcher, "run") is False
    record.write_text(json.dumps(process))


def test_workers_of_an_older_version_are_found(platform):
    launcher = platform.launcher()
    for run in ("run", "run-1"):
        launcher.start(run, 1)
        (platform.home / "workers" / run / "1.json").rename(platform.home / "workers" / f"{run}-1.json")
    later = platform.launcher()
    assert (is_running(later, "run"), is_running(later, "run-1")) == (True, True)
    later.start("run", 1)
    assert not list((platform.home / "workers").glob("*.json"))
    assert len(list((platform.home / "workers" / "run").iterdir())) == 1


def test_a_look_at_one_run_reads_no_record_of_another(platform):
    launcher = platform.launcher("")
    for number in range(5):
        launcher.start(f"other-{number}", 1)
    launcher.start("run", 1)
    look = (
        "import sys; from app.local.launcher import SubprocessLauncher as Launcher; from pathlib import Path\n"
        "launcher, read = Launcher(Path(sys.argv[1]), {}, command=['true']), []\n"
        "sys.addaudithook(lambda event, told: event == 'open' and read.append(str(told[0])))\n"
        "launcher.running(['run']); print([path for path in read if 'workers' in path])"
    )
    done = subprocess.run([sys.executable, "-c", look, platform.home], capture_output=True, text=True, check=True)
    assert done.stdout == f"{[str(platform.home / 'workers' / 'run' / '1.json')]}\n"


class Late(SubprocessLauncher):
    """Its workers have ended before it looks at them."""

    def _spawn(self, run_id: str, attempt: int) -> subprocess.Popen[bytes]:
        child = super()._spawn(run_id, attempt)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        return child


def test_a_worker_that_ended_before_anybody_looked_is_not_running(platform):
    launcher = Late(platform.home, {}, command=[sys.executable, "-c", ""])
    launcher.start("run", 1)
    assert is_running(launcher, "run") is False


def test_start_interrupted_by_a_crash_is_not_repeated_and_not_hidden(platform):
    launcher = platform.launcher()
    (platform.home / "workers" / "run").mkdir(mode=0o700)
    (platform.home / "workers" / "run" / "1.json").touch()
    launcher.start("run", 1)
    assert is_running(launcher, "run") is None
    launcher.start("run", 2)
    assert is_running(launcher, "run") is True


def test_many_starters_start_one_worker(platform):
    launchers = [platform.launcher("import os; print(os.getpid(), flush=True)") for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda launcher: launcher.start("run", 1), launchers))
    _said(launchers[0])
    time.sleep(0.2)
    assert len(launchers[0].log_path("run", 1).read_text().split()) == 1


def test_no_room_for_a_process_is_transient_and_can_be_tried_again(platform):
    broken = platform.launcher(command=["/nonexistent/python"])
    with pytest.raises(TransientError):
        broken.start("run", 1)
    launcher = platform.launcher()
    launcher.start("run", 1)
    assert is_running(launcher, "run")


def test_ended_workers_leave_no_zombie(platform):
    launcher = platform.launcher("")
    for attempt in range(1, 6):
        launcher.start("run", attempt)
    pids = [json.loads(record.read_text())["pid"] for record in (platform.home / "workers").glob("*/*.json")]
    # One that ended between the burial and the look at it is buried at the next look.
    until(lambda: not is_running(launcher, "run") and not any(_is_child(pid) for pid in pids))


def _is_child(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1]) == os.getpid()
    except OSError:
        return False


def test_a_stopped_process_ends_all_the_same(platform):
    launcher = platform.launcher()
    launcher.start("run", 1)
    pid = json.loads((platform.home / "workers" / "run" / "1.json").read_text())["pid"]
    os.kill(pid, signal.SIGSTOP)  # it hears no SIGTERM any more
    assert is_running(launcher, "run") is True
    launcher.stop("run")
    until(lambda: is_running(launcher, "run") is False)
