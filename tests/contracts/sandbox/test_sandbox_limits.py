"""Limits hold against code that means to break them, and the sandbox is whole again afterwards."""

from __future__ import annotations

import os
import resource
from dataclasses import replace
from pathlib import Path

from app.sandbox.local import LocalSandbox
from app.sandbox.watch import Disk
from tests.waiting import until

from .conftest import LIMITS, Enter, alive, python

MIB = 2**20


def test_fork_bomb_is_contained(enter: Enter, canary: str) -> None:
    sandbox = enter(limits=replace(LIMITS, processes=60))
    done = sandbox.run(f"bomb() {{ bomb | bomb & }}; (exec -a {canary} sleep 99) & bomb; sleep 60", timeout_seconds=1)
    assert done.exit_code != 0 or b"Resource temporarily unavailable" in done.output
    until(lambda: not alive(canary))
    assert sandbox.run("echo well").text == "well\n"


def test_fork_bomb_in_the_shell_ends_with_it(enter: Enter, canary: str) -> None:
    sandbox = enter(limits=replace(LIMITS, processes=60))
    sandbox.shell(f"bomb() {{ bomb | bomb & }}; bomb; (exec -a {canary} sleep 99) & sleep 0.3", timeout_seconds=1)
    sandbox.restart_shell()
    until(lambda: not alive(canary))
    assert sandbox.shell("echo well").text == "well\n"


def test_memory_hog_is_killed(enter: Enter) -> None:
    sandbox = enter(limits=replace(LIMITS, memory_bytes=200 * MIB))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    done = sandbox.run(python("held = []\nwhile True: held.append(b'x' * 8_000_000)"))
    assert done.killed_by == "memory" or b"MemoryError" in done.output
    assert not done.ok
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB, of the harness
    assert sandbox.run("echo well").text == "well\n"


def test_memory_hog_of_many_processes_is_killed(enter: Enter) -> None:
    sandbox = enter(limits=replace(LIMITS, memory_bytes=200 * MIB))
    hog = python(
        "import os, time\nfor _ in range(7):\n if os.fork() == 0: break\nx = b'x' * 60_000_000\ntime.sleep(100)"
    )
    done = sandbox.run(hog)
    assert done.killed_by == "memory"


def test_full_disk_is_noticed(enter: Enter) -> None:
    sandbox = enter(limits=replace(LIMITS, disk_bytes=60 * MIB))
    done = sandbox.run("for i in $(seq 100); do head -c 5000000 /dev/zero > ~/f$i; sleep 0.01; done; sleep 99; echo no")
    assert done.killed_by == "disk" and b"no" not in done.output
    sandbox.run("rm -f ~/f*")
    assert sandbox.run("echo well").ok


def test_tree_home_and_temporary_files_count_together(enter: Enter) -> None:
    sandbox = enter(limits=replace(LIMITS, disk_bytes=60 * MIB))
    done = sandbox.run(
        "head -c 25000000 /dev/zero > tree; head -c 25000000 /dev/zero > ~/home;"
        "head -c 25000000 /dev/zero > $TMPDIR/t; sleep 100; echo no"
    )
    assert done.killed_by == "disk"


def test_one_huge_file_meets_the_limit_of_files(enter: Enter) -> None:
    sandbox = enter(limits=replace(LIMITS, disk_bytes=50 * MIB))
    assert not sandbox.run("head -c 100000000 /dev/zero > huge").ok
    assert not sandbox.run("rm -f huge; truncate -s 10G huge").ok


def test_a_flood_of_empty_files_counts(enter: Enter) -> None:
    sandbox = enter(limits=replace(LIMITS, disk_bytes=20 * MIB))
    done = sandbox.run(python("for i in range(10**6): open(f'f{i}', 'w').close()"))
    assert done.killed_by == "disk"


def test_files_without_a_name_count(enter: Enter) -> None:
    """Opened, unlinked, then filled: nothing in any folder shows them, and 3 GB went that way once."""
    sandbox = enter(limits=replace(LIMITS, disk_bytes=64 * MIB))
    code = (
        "import os, time\nheld = []\nfor i in range(30):\n f = open(f'f{i}', 'wb'); os.unlink(f'f{i}')\n"
        " os.posix_fallocate(f.fileno(), 0, 20_000_000); held.append(f); time.sleep(0.1)\nprint('no')"
    )
    done = sandbox.run(python(code))
    assert done.killed_by == "disk" and b"no" not in done.output
    assert sandbox.run("echo well").text == "well\n"


def test_what_others_free_meanwhile_hides_nothing(tmp_path: Path) -> None:
    """Two sandboxes of one machine: while the one gave 3 GB back the other took them, and nothing noticed."""
    other = tmp_path / "other"
    other.write_bytes(bytes(64 * MIB))
    (tmp_path / "tree").mkdir()
    disk = Disk([tmp_path / "tree"], limit_bytes=16 * MIB, every_seconds=0.1)
    other.unlink()
    (tmp_path / "tree" / "taken").write_bytes(bytes(48 * MIB))
    until(disk.is_over)


def test_what_the_harness_needs_stays_free(tmp_path: Path) -> None:
    status = os.statvfs(tmp_path)
    free = status.f_bavail * status.f_frsize
    assert not Disk([tmp_path], limit_bytes=2**50, floor_bytes=free // 10).is_over()
    disk = Disk([tmp_path], limit_bytes=2**50, floor_bytes=2**60)  # never more than an eighth of what was free
    assert not disk.is_over()
    disk._floor = 2 * free
    assert disk.is_over()


def test_background_process_of_the_shell_cannot_fill_the_disk(enter: Enter) -> None:
    sandbox = enter(limits=replace(LIMITS, disk_bytes=40 * MIB))
    sandbox.shell("(while :; do head -c 5000000 /dev/zero >> ~/$RANDOM; sleep 0.02; done) &")
    until(lambda: sandbox.shell("echo still here").killed_by == "disk" or sandbox.shell("jobs").text == "")


def test_output_flood_is_cut_and_costs_no_memory(sandbox: LocalSandbox) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    done = sandbox.run("yes | head -c 2000000000")
    assert done.killed_by == "output"
    assert len(done.output) < LIMITS.output_bytes + 100
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_many_open_files_stay_its_own_trouble(sandbox: LocalSandbox) -> None:
    before = len(os.listdir("/proc/self/fd"))
    sandbox.run(python("held = []\ntry:\n while True: held.append(open('README.md'))\nexcept OSError as e: print(e)"))
    assert len(os.listdir("/proc/self/fd")) <= before


def test_opening_and_closing_leaves_no_descriptor_and_no_group(enter: Enter) -> None:
    enter().close()
    before = set(os.listdir("/proc/self/fd"))
    for _ in range(3):
        sandbox = enter()
        sandbox.shell("true")
        sandbox.run("true", network=True)
        group = None if enter.containers else sandbox._group
        sandbox.close()
        assert group is None or not any(path.exists() for path in group.paths)
    assert len(os.listdir("/proc/self/fd")) <= len(before) + 1


def test_limits_without_control_groups(enter: Enter, canary: str) -> None:
    """Laptops often delegate none: rlimits and the watch must do."""
    host = None if enter.containers else enter.make_host(make_group=lambda **_: None)
    sandbox = enter(limits=replace(LIMITS, memory_bytes=300 * MIB, processes=60), host=host)
    hog = python(
        "import os, time\nfor _ in range(7):\n if os.fork() == 0: break\nx = b'x' * 90_000_000\ntime.sleep(100)"
    )
    assert sandbox.run(hog).killed_by == "memory"
    assert b"MemoryError" in sandbox.run(python("x = b'x' * 2_000_000_000")).output
    sandbox.run(f"bomb() {{ bomb | bomb & }}; (exec -a {canary} sleep 99) & bomb; sleep 9", timeout_seconds=1)
    until(lambda: not alive(canary))
    assert sandbox.run("echo well").text == "well\n"
    assert enter.containers or Path(sandbox._folders.base).exists()
