"""The end of the harness, whatever ended it; the choice of a sandbox; people who are not root."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from app.errors import UserError
from app.ports.sandbox import Egress, Limits
from app.sandbox import landlock
from app.sandbox.bubblewrap import BubblewrapHost
from app.sandbox.jail import JailHost
from app.sandbox.probe import KINDS, choose, probe
from tests.environment import environment
from tests.waiting import until

from .conftest import Enter, alive

ROOT = Path(__file__).parents[3]
HARNESS = """
import sys, threading, time
from pathlib import Path
from app.ports.sandbox import Egress, Limits
from app.sandbox.probe import choose
place = Path(sys.argv[2])
(place / "tree").mkdir()
host = choose(sys.argv[1], place / "home")
sandbox = host.open("r", place / "tree", limits=Limits(), egress=Egress(), on_request=lambda r: None)
script = "(setsid -f bash -c 'exec -a lamplighter-orphan-{m} sleep 600'); exec -a lamplighter-main-{m} sleep 600"
threading.Thread(target=sandbox.run, args=(script.format(m=sys.argv[3]),)).start()
sandbox.shell("(exec -a lamplighter-shell-%s sleep 600) & true" % sys.argv[3])
time.sleep(0.5)
print(sandbox._nursery.pid, *(sandbox._group.paths if sandbox._group else ()), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("whole_group", [False, True], ids=["the harness", "its process group"])
def test_killed_harness_leaves_nothing(local_kind: str, tmp_path: Path, canary: str, whole_group: bool) -> None:
    harness = subprocess.Popen(
        [sys.executable, "-c", HARNESS, local_kind, str(tmp_path), canary],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert harness.stdout is not None
    nursery, *groups = harness.stdout.readline().split()
    assert len(alive(f"-{canary}")) >= 3
    if whole_group:
        os.killpg(harness.pid, signal.SIGKILL)
    else:
        harness.kill()
    harness.wait()
    harness.stdout.close()
    until(lambda: not alive(f"lamplighter-main-{canary}") and not alive(f"lamplighter-orphan-{canary}"))
    until(lambda: not alive(f"lamplighter-shell-{canary}"))
    until(lambda: not Path("/proc", nursery).exists())
    assert not any(Path(group).exists() for group in groups)
    assert not tmp_path.stat().st_mode & 0o077  # the passage through it is shut again
    assert not (tmp_path / "tree").exists() and not list((tmp_path / "home" / "sandboxes").iterdir())


def test_killed_nursery_leaves_no_process(enter: Enter, canary: str) -> None:
    """The keepers do not need it."""
    if enter.containers is not None:
        pytest.skip("nobody outside its container can reach it")
    sandbox = enter()
    sandbox.shell(f"(exec -a lamplighter-{canary} sleep 600) & true")
    os.kill(sandbox._nursery.pid, signal.SIGKILL)
    sandbox.close()
    until(lambda: not alive(f"lamplighter-{canary}"))


def test_auto_takes_a_sandbox_that_works(local_kind: str, tmp_path: Path) -> None:
    assert choose(local_kind, tmp_path / "home").name == local_kind
    assert choose("auto", tmp_path / "home").name in KINDS


def test_auto_fails_closed_and_says_how_to_mend_it(tmp_path: Path) -> None:
    kinds = {**KINDS, "jail": partial(JailHost, abi=0)}
    with (
        environment(PATH=str(tmp_path / "no-programs")),
        pytest.raises(UserError, match="sudo apt install bubblewrap") as raised,
    ):
        choose("auto", tmp_path, kinds=kinds)
    assert "bubblewrap: " in str(raised.value) and "jail: " in str(raised.value)
    with pytest.raises(UserError, match="AWS platform"):
        choose("remote", tmp_path)
    with pytest.raises(UserError, match="not one of"):
        choose("docker", tmp_path)


def test_a_broken_bubblewrap_is_found_out(tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    assert "No permissions" in probe(BubblewrapHost(tmp_path / "home", program=str(broken)), tmp_path / "home")
    fake = tmp_path / "fake"
    fake.write_text('#!/bin/bash\nwhile [ "$1" != -- ]; do shift; done; shift; exec "$@"\n')
    fake.chmod(0o755)
    assert probe(BubblewrapHost(tmp_path / "home", program=str(fake)), tmp_path / "home")


@pytest.mark.skipif(landlock.abi() < 4, reason="needs Landlock")
@pytest.mark.parametrize("abi", [2, 4, 5])
def test_older_landlock_confines_by_uid(tmp_path: Path, abi: int, canary: str) -> None:
    """Below version 6 signals are not scoped: the uid does it for root, and nobody else may have a jail."""
    host = JailHost(tmp_path / "home", abi=abi)
    (tmp_path / "tree").mkdir()
    (tmp_path / "outside").write_text(canary)
    if os.geteuid() != 0:
        with pytest.raises(UserError, match=r"6\.12"):
            host.require()
        return
    with host.open("r", tmp_path / "tree", limits=Limits(), egress=Egress(), on_request=lambda _: None) as sandbox:
        sandbox.shell("sleep 600 &")
        done = sandbox.run(
            f"cat {tmp_path}/outside; kill -9 {os.getpid()} {sandbox._nursery.pid}; touch {tmp_path}/new;"
            f"setsid -f bash -c 'exec -a lamplighter-old-{canary} sleep 600'; sleep 0.1; echo end"
        )
        assert done.text.endswith("end\n") and canary + "\n" not in done.text
        assert not alive(f"lamplighter-old-{canary}")
        assert "Running" in sandbox.shell("jobs").text
        assert not (tmp_path / "new").exists()


ORDINARY = """
import os, sys
from pathlib import Path
from app.ports.sandbox import Egress, Limits
from app.sandbox.probe import choose
kind, place = sys.argv[1], Path(sys.argv[2])
secret = place / "secret"
secret.write_text("canary-of-the-user")
host = choose(kind, place / "home")
tree = place / "tree"
tree.mkdir()
(tree / "a").write_text("1")
limits = Limits(processes=60, memory_bytes=300 * 2**20, disk_bytes=2**28, timeout_seconds=20)
requests = []
with host.open("r", tree, limits=limits, egress=Egress(), on_request=requests.append) as sandbox:
    pids = f"{os.getpid()} {os.getppid()} {sandbox._nursery.pid}"
    done = sandbox.run(f"cat a; cat {secret}; kill -9 {pids}; kill -9 -1; echo x")
    assert "canary-of-the-user" not in done.text.replace(str(secret), ""), done
    assert sandbox.run("cat a").text == "1"
    assert sandbox.shell("cd /; X=1").exit_code == 0 and sandbox.shell("pwd; echo $X").text == "/\\n1\\n"
    sandbox.run("bomb() { bomb | bomb & }; bomb; sleep 5", timeout_seconds=1)
    assert sandbox.run("echo well").text == "well\\n"
    hog = sandbox.run("python3 -c 'x = [b\\"x\\" * 9000000 for _ in range(100)]'")
    assert not hog.ok, hog
    sandbox.run("mkdir -m 000 shut; mkdir -p keep/x; chmod 000 keep/x; chmod 500 keep")
    sandbox.seal()
    sandbox.run("chmod 700 keep; echo 2 > a; mkdir -m 000 more")
    sandbox.reset()
    assert sandbox.read_file("a") == b"1"
    done = sandbox.run("curl -s -m 5 http://evil.test/", network=True)
    assert "sandbox.network" in done.text or not Path("/usr/bin/curl").exists(), done
    assert list(sandbox.manifest()) == ["a"]
assert not tree.exists() and not list((place / "home" / "sandboxes").iterdir())
print("fine")
"""


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root to become somebody else")
def test_ordinary_users_are_as_safe(local_kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The same code without root: no uid of its own, usually no control group."""
    import tempfile

    uid = 1_700_000_000 + len(local_kind)  # two workers must not be the same ordinary user: one ends what is its own
    with tempfile.TemporaryDirectory(prefix="ordinary-") as folder:
        os.chown(folder, uid, uid)
        package = Path(folder) / "package"
        shutil.copytree(ROOT / "app", package / "app", ignore=shutil.ignore_patterns("__pycache__"))
        for path in (package, *package.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        done = subprocess.run(
            [
                "setpriv",
                f"--reuid={uid}",
                f"--regid={uid}",
                "--clear-groups",
                "/usr/bin/python3",
                "-c",
                ORDINARY,
                local_kind,
                folder,
            ],
            cwd=package,
            env={"PATH": "/usr/bin:/bin", "HOME": folder, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    if "no sandbox works" in done.stderr:
        pytest.skip(f"ordinary users cannot have a {local_kind} here: {done.stderr[-500:]}")
    assert done.stdout == "fine\n", done.stderr
