"""The kernel's own doors: privileges, system calls, namespaces, terminals. Tried from inside; each must be shut."""

from __future__ import annotations

import os

import pytest

from app.sandbox.local import LocalSandbox

from .conftest import python


def test_privileges_cannot_be_gained(sandbox: LocalSandbox) -> None:
    done = sandbox.run(
        "for p in su sudo mount umount passwd chsh newgrp ping pkexec; do command -v $p >/dev/null && timeout 2 $p -V "
        "</dev/null >/dev/null 2>&1; done; id -u;"
        "su -c id </dev/null; sudo -n id; cp /bin/bash b; chmod 4755 b; ./b -p -c 'id -u'"
    )
    assert "uid=0" not in done.text
    assert "0" not in done.text.split()
    code = "import os\nfor call in (os.setuid, os.setgid):\n try: call(0); print('root')\n except OSError: pass"
    assert sandbox.run(python(code)).output == b""
    assert sandbox.run(python("import ctypes; print(ctypes.CDLL(None).prctl(39, 0, 0, 0, 0))")).text == "1\n"


# Numbers of x86_64 and aarch64; each with arguments that would do something if it were let through.
CALLS = {
    "ptrace": (101, 117, (0, 0, 0, 0)), "mount": (165, 40, (0, 0, 0, 0, 0)), "umount2": (166, 39, (0, 0)),
    "pivot_root": (155, 41, (0, 0)), "chroot": (161, 51, (0,)), "unshare(user)": (272, 97, (0x10000000,)),
    "unshare(mount)": (272, 97, (0x20000,)), "setns": (308, 268, (0, 0)), "bpf": (321, 280, (0, 0, 0)),
    "keyctl": (250, 219, (0, 0)), "add_key": (248, 217, (0, 0, 0, 0, 0)), "userfaultfd": (323, 282, (0,)),
    "io_uring_setup": (425, 425, (1, 0)), "perf_event_open": (298, 241, (0, 0, 0, 0, 0)),
    "process_vm_readv": (310, 270, (1, 0, 0, 0, 0, 0)), "process_vm_writev": (311, 271, (1, 0, 0, 0, 0, 0)),
    "pidfd_getfd": (438, 438, (0, 0, 0)), "open_by_handle_at": (304, 265, (0, 0, 0)),
    "kexec_load": (246, 104, (0, 0, 0, 0)),
    "init_module": (175, 105, (0, 0, 0)), "fsopen": (430, 430, (0, 0)), "open_tree": (428, 428, (0, 0, 0)),
    "clone(user)": (56, 220, (0x10000000 | 17, 0, 0, 0, 0)), "clone(net)": (56, 220, (0x40000000 | 17, 0, 0, 0, 0)),
    "fanotify_init": (300, 262, (0, 0)), "swapon": (167, 224, (0, 0)), "reboot": (169, 142, (0, 0, 0, 0)),
}  # fmt: skip


def test_dangerous_system_calls_are_refused(sandbox: LocalSandbox) -> None:
    index = {"x86_64": 0, "aarch64": 1}[os.uname().machine]
    table = {name: (call[index], call[2]) for name, call in CALLS.items()}
    code = f"""
import ctypes, fcntl
libc = ctypes.CDLL(None, use_errno=True)
for name, (number, arguments) in {table!r}.items():
    if libc.syscall(number, *arguments) != -1 or ctypes.get_errno() != 1: print(name, ctypes.get_errno())
if libc.syscall(435, 0, 0) != -1 or ctypes.get_errno() != 38: print('clone3')
for request in (0x5412, 0x541c, 0x5412 | 1 << 32):
    if libc.ioctl(0, ctypes.c_ulong(request), b'x') != -1 or ctypes.get_errno() != 1: print('ioctl', request)
print('tried')
"""
    assert sandbox.run(python(code)).text == "tried\n"


def test_namespaces_cannot_be_made_by_tools_either(sandbox: LocalSandbox) -> None:
    done = sandbox.run(
        "unshare -U id; unshare -r id; nsenter -t 1 -m id; bwrap --ro-bind / / id; mount -t tmpfs x .; true"
    )
    assert "uid=" not in done.text


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the machine code is x86's")
def test_the_32_bit_door_is_shut(sandbox: LocalSandbox) -> None:
    """int 0x80 reaches the same kernel under other numbers: here getpid (20), which the filter must kill."""
    code = """
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes.fromhex('b814000000cd80c3'))
call = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
print('answered', call())
"""
    done = sandbox.run(python(code))
    assert done.exit_code == 128 + 31 and "answered 0" not in done.text and "answered -" not in done.text  # SIGSYS
    x32 = "import ctypes; print(ctypes.CDLL(None).syscall(0x40000000 + 39))"
    assert sandbox.run(python(x32)).text == "-1\n"


def test_the_terminal_of_the_harness_cannot_be_typed_into(sandbox: LocalSandbox) -> None:
    code = (
        "import fcntl\nfor fd in range(20):\n try: fcntl.ioctl(fd, 0x5412, b'x'); print('typed')\n except OSError: pass"
    )
    assert sandbox.run(python(code)).output == b""
    assert (
        sandbox.run(
            "[ -t 0 ] || [ -t 1 ] || [ -t 2 ] || ls -l /dev/tty 2>/dev/null >/dev/null && cat </dev/tty"
        ).text.count("x")
        <= 1
    )
