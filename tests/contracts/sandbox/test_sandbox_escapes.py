"""Escape attempts that are really made, from inside, as hostile code would. Every one must get nothing."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from app.sandbox.local import LocalSandbox

from .conftest import Enter, python


def test_environment_of_nobody_is_readable(sandbox: LocalSandbox, planted: Path, canary: str) -> None:
    done = sandbox.run(
        f"env; set; cat /proc/*/environ /proc/self/environ /proc/{os.getpid()}/environ /proc/{os.getppid()}/environ"
    )
    assert canary not in done.text


def test_late_environment_of_the_harness_stays_outside(enter: Enter, planted: Path, canary: str) -> None:
    sandbox = enter()
    assert canary not in sandbox.run("env; cat /proc/*/environ").text + sandbox.shell("env; cat /proc/*/environ").text
    if enter.containers is None:
        nursery = Path(f"/proc/{sandbox._nursery.pid}/environ").read_text()
        assert canary not in nursery and "PATH" not in nursery


def test_other_processes_are_not_there(enter: Enter) -> None:
    sandbox = enter({"README.md": "hello\n"})
    done = sandbox.run("cat /proc/*/cmdline /proc/*/status /proc/*/comm 2>/dev/null | tr '\\0' ' '")
    assert "pytest" not in done.text
    assert "keeper" not in done.text or enter.containers  # which hold their own, shut but not unseen
    names = "root/etc/shadow cwd/pyproject.toml fd/0 mem maps environ exe"
    pids = " ".join(map(str, enter.watchers(sandbox)))
    done = sandbox.run(
        f"for p in {pids}; do for n in {names}; do head -c 100 /proc/$p/$n 2>/dev/null | grep -aq root: && echo got $n;"
        "done; done; true"
    )
    assert done.output == b""


def test_kernel_memory_and_devices_are_shut(sandbox: LocalSandbox) -> None:
    done = sandbox.run(
        "for f in /proc/kcore /dev/mem /dev/kmem /dev/port /proc/kallsyms /dev/vda /dev/sda /dev/nvme0n1 /dev/kvm"
        " /dev/fuse /dev/vsock /dev/tty /dev/console /dev/net/tun /proc/sysrq-trigger /sys/kernel/debug"
        " /sys/fs/cgroup/memory; do"
        "  head -c 1 $f >/dev/null 2>&1 && [ -c $f -o -b $f ] && echo read $f;"
        "  : 2>/dev/null > $f && echo wrote $f; done;"
        "mknod dev b 8 0 && echo made; mknod chr c 1 1 && echo made;"
        "echo 1 > /proc/sys/kernel/core_pattern && echo wrote;"
        "echo c > /proc/sysrq-trigger && echo wrote; ls /sys/fs/cgroup/* 2>/dev/null && echo listed; true"
    )
    lines = done.text.splitlines()
    assert not [line for line in lines if line.split()[0] in ("read", "made", "wrote", "listed")], lines


def test_parents_cannot_be_signalled_traced_or_read(enter: Enter) -> None:
    sandbox = enter({"README.md": "hello\n"})
    pids = enter.watchers(sandbox)
    code = f"""
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
try: inside = {{int(p) for p in os.listdir('/proc') if p.isdigit()}}
except OSError: inside = set()
for pid in {pids}:
    mine = pid in (os.getpid(), os.getppid())
    buffer = ctypes.create_string_buffer(64)
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 64)
    if libc.ptrace(16, pid, 0, 0) == 0: print('traced', pid)
    if libc.process_vm_readv(pid, vector, 1, vector, 1, 0) >= 0: print('read', pid)
    try:
        fd = os.pidfd_open(pid)
        if libc.syscall(438, fd, 0, 0) >= 0: print('took a descriptor', pid)
    except OSError: pass
    if pid not in inside and not mine:
        try: os.kill(pid, 0); print('reached', pid)
        except OSError: pass
print('tried')
"""
    assert sandbox.run(python(code)).text == "tried\n"
    assert sandbox.shell(python(code)).text == "tried\n"


def test_kill_everything_kills_only_itself(enter: Enter) -> None:
    sandbox, other = enter(), enter()
    other.shell("(sleep 600; :) &")
    sandbox.shell("X=1")
    sandbox.run("kill -9 -1; python3 -c 'import os; os.kill(-1, 9)'")
    assert "Running" in other.shell("jobs").text
    assert sandbox.shell("echo $X").text == "1\n"


def test_files_of_the_machine_are_not_readable(sandbox: LocalSandbox, planted: Path, canary: str) -> None:
    places = [
        planted / "secret", "/etc/shadow", "/etc/hostname", "/etc/machine-id", "/etc/ssh", "/etc/sudoers",
        "/root/.npmrc", "/root/.gitconfig", "/root/.bashrc", "/home/*/.*", "/var/log", "/var/lib", "/run",
        "/opt", "/srv",
        "/mnt", "/boot",
        Path.home() / ".profile", Path.home() / ".config", Path.home() / ".cargo", Path.home() / ".ssh",
    ]  # fmt: skip
    script = "".join(f"cat {place} 2>/dev/null || ls -A {place}/ 2>/dev/null && echo got {place};" for place in places)
    done = sandbox.run(script)
    assert done.output == b"", done.text
    assert canary not in sandbox.run(f"grep -rs canary- {planted} /tmp /var /dev/shm /run / --include=secret").text


def test_the_harness_itself_is_not_visible(sandbox: LocalSandbox) -> None:
    import app.sandbox

    package = Path(app.sandbox.__file__).parents[2]
    assert not sandbox.run(f"ls {package} 2>/dev/null; cat {package}/pyproject.toml 2>/dev/null").output
    assert not sandbox.run("python3 -c 'import app.sandbox'").ok


def test_files_of_the_machine_are_not_writable(sandbox: LocalSandbox, planted: Path, canary: str) -> None:
    sandbox.run(
        f"echo evil > {planted}/secret; rm -f {planted}/secret; touch {planted}/new; mkdir {planted}/folder;"
        f"ln -s x {planted}/link; truncate -s 0 {planted}/secret; touch /usr/bin/evil /etc/evil /evil;"
        "mv /usr/bin/ls /tmp"
    )
    assert [path.name for path in planted.iterdir()] == ["secret"]
    assert (planted / "secret").read_text() == canary
    assert not any(Path(path).exists() for path in ("/usr/bin/evil", "/etc/evil", "/evil"))


def test_other_runs_are_not_visible(enter: Enter, canary: str) -> None:
    other = enter({"secret": canary})
    other.run(f"echo {canary} > ~/secret; echo {canary} > $TMPDIR/secret; chmod -R 777 . ~ $TMPDIR")
    sandbox = enter()
    tree, *others = enter.places(other)
    done = sandbox.run(
        f"cat {tree}/secret {' '.join(f'{place}/secret' for place in others)}; ls -A {' '.join(others)};"
        f"ls {others[-1]}/..; echo evil >{tree}/e"
    )
    assert canary not in done.text
    assert enter.containers or not (Path(tree) / "e").exists()
    assert "secret" not in sandbox.run(f"cd {tree} && ls -A; ls -A {tree} {' '.join(others)} 2>/dev/null").text


def test_symlinks_lead_nowhere(sandbox: LocalSandbox, planted: Path, canary: str) -> None:
    done = sandbox.run(
        f"ln -s {planted}/secret a; ln -s /proc/1/root{planted}/secret b; ln -s ../../../../../../..{planted}/secret c;"
        f"ln -s /proc/self/cwd/../../../../..{planted}/secret d; cat a b c d"
    )
    assert canary not in done.text
    assert all(entry.mode == "120000" for path, entry in sandbox.manifest().items() if path in "abcd")


def test_hard_links_to_the_machines_files_cannot_be_made(sandbox: LocalSandbox, planted: Path, canary: str) -> None:
    sandbox.run(f"ln {planted}/secret hard; ln /etc/shadow hard2; ln /etc/passwd hard3; ln /usr/bin/env hard4")
    contents = {path: sandbox.read_file(path) for path in sandbox.manifest()}
    assert set(contents) == {"README.md"}


def test_no_descriptor_of_the_harness_is_inherited(sandbox: LocalSandbox, planted: Path) -> None:
    with (planted / "secret").open() as held:
        os.set_inheritable(held.fileno(), True)
        code = "import os\nfor fd in range(3, 300):\n try: print(fd, os.fstat(fd).st_mode)\n except OSError: pass"
        assert sandbox.run(python(code)).output == b""
        assert sandbox.shell(python(code)).output == b""


def test_harness_threads_do_not_matter(enter: Enter) -> None:
    """A command started by a thread outlives the thread: death signals follow threads, not processes."""
    sandbox = enter()
    worker = threading.Thread(target=lambda: sandbox.shell("X=1; sleep 600 &"))
    worker.start()
    worker.join()
    assert sandbox.shell("echo $X; jobs").text.startswith("1\n[1]")
