"""What commands can leave behind, kind by kind: none of it is there after a reset, so that no test can tell by it how
often it has run, nor what ran before it.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from app.sandbox.local import LocalSandbox

from .conftest import Enter, python

PLACES = {"tree": ".", "home": "~", "tmp": "$TMPDIR", "shm": "/dev/shm"}
IN_HOME = (
    ".bashrc", ".profile", ".npmrc", ".gitconfig", ".config/git/config", ".cargo/config.toml", ".config/pip/pip.conf",
    ".m2/settings.xml", ".gradle/init.gradle", ".config/go/env", ".bundle/config", ".composer/config.json",
    ".nuget/NuGet/NuGet.Config", ".local/bin/python3", ".local/lib/python3/site-packages/a.pth", ".cache/pip/a",
    ".cache/go-build/a", ".pytest.ini",
)  # fmt: skip
IN_TREE = (
    "sitecustomize.py", ".venv/bin/python", ".venv/lib/python3/site-packages/a.pth", "node_modules/a/index.js",
    "node_modules/.cache/a", "__pycache__/f.pyc", ".pytest_cache/v/a",
    "target/surefire-reports/TEST-a.xml", "build/test-results/a.xml",
    ".git/config", ".git/hooks/post-checkout", ".git/info/attributes", ".env",
)  # fmt: skip
ATTRIBUTE = (
    "import os\ntry: os.setxattr(os.path.expandvars(os.path.expanduser('{0}')), 'user.n', b'1')\nexcept OSError: pass"
)
FD_ATTRIBUTE = ATTRIBUTE.replace("os.setxattr(", "os.setxattr(os.open(").replace(", 'user.n'", ", 0), 'user.n'")
SEEN = "import os; print(os.listxattr(os.path.expandvars(os.path.expanduser('{0}'))))"
FLAG = "import fcntl, os\nfcntl.ioctl(os.open('{0}', 0), 0x40086602, (64).to_bytes(8, 'little'))"  # not to be dumped
FLAGS = "import fcntl, os\ntry: print(fcntl.ioctl(os.open('{0}', 0), 0x80086601, bytes(8)))\nexcept OSError: pass"
MAPPED = (
    "import mmap; mmap.mmap(-1, 4096)\nfrom multiprocessing import shared_memory as s\ns.SharedMemory('n', True, 9)"
)
QUEUE = "import ctypes; c = ctypes.CDLL(None); print(c.mq_open(b'/n', {0}, 0o600, None) >= 0)"


FIVE = "stat -c '%X %Y' {0} | grep -cw 5"  # reading sets the time of access as well


def written(*paths: str) -> tuple[str, str]:
    make = "; ".join(f"mkdir -p {path.rpartition('/')[0] or '.'} && echo 1 > {path}" for path in paths)
    return make, f"ls {' '.join(paths)} 2>/dev/null"


# name → (what leaves it, what would see it)
KINDS: Mapping[str, tuple[str, str]] = {
    "settings and tools in the home": written(*(f"~/{path}" for path in IN_HOME)),
    "what is ignored in the tree": written(*IN_TREE),
    "above the tree": written("../n", "../../n", "/work/n", "/work/etc/n", "/work/sealed/n"),
    "temporary files": written(*(f"{place}/n" for place in ("/tmp", "/var/tmp", "$TMPDIR", "/dev/shm", "/run"))),
    "a changed file": ("echo 2 > f; echo 2 > d/k", "cat f d/k"),
    "a file's place taken by a folder": ("rm f; mkdir f; rm -r d; touch d", "ls -d f/ d/ 2>/dev/null"),
    "a link out of the tree": ("ln -s / d/l; rm f; ln -s /etc/passwd f", "ls -l f d"),
    "names of the same file": ("ln f d/n; true", "stat -c %h f; ls d"),
    "pipes and sockets": ("mkfifo n d/n; " + python("import socket\nsocket.socket(1).bind('s')"), "ls . d"),
    "a pipe that set-up left, gone": ("rm -f $TMPDIR/pipe", "ls $TMPDIR"),
    "a shut folder": ("mkdir n; touch n/n; chmod 000 n d", "stat -c '%n %a' n d 2>/dev/null"),
    "modes": ("chmod 755 f; chmod 1700 d", "stat -c %a f d"),
    "times of files": ("touch -d @5 f d/k way; touch -h -d @6 way", f"{FIVE.format('f d/k d')}; stat -c %Y way"),
    "times of folders": ("touch -d @5 d; touch -a -d @5 .; touch -d @5 .. 2>/dev/null", FIVE.format("d . ..")),
    "flags": (python(FLAG.format("d")) + "\n" + python(FLAG.format("f")), python(FLAGS.format("d"))),
    "a process": ("(setsid -f sleep 77.7); sleep 77.7 & true", "cat /proc/[0-9]*/cmdline 2>/dev/null | grep -ac 77.7"),
    "a port": ("(setsid -f python3 -m http.server 7777 >/dev/null 2>&1); sleep 0.3", "exec 3<>/dev/tcp/127.0.0.1/7777"),
    "System V memory": ("ipcmk -M 10; ipcmk -S 1; ipcmk -Q; true", "ipcs 2>/dev/null | grep -c 0x"),
    "shared memory by name": (python(MAPPED), "cat /dev/shm/n | wc -c"),
    "a message queue": (python(QUEUE.format(0o102)), python(QUEUE.format(0))),
    "a key of the kernel's": (
        python("import ctypes; print(ctypes.CDLL(None).syscall(248, b'user', b'n', b'1', 1, -4) > 0)"),
        "cat /proc/keys 2>/dev/null | grep -c ' n: '",
    ),
    **{f"the mode of {name}": (f"chmod 1751 {place}; true", f"stat -c %a {place}") for name, place in PLACES.items()},
    **{f"the times of {name}": (f"touch -d @5 {place}", FIVE.format(place)) for name, place in PLACES.items()},
    **{
        f"attributes of {name}": ("; ".join([python(ATTRIBUTE.format(place)), python(FD_ATTRIBUTE.format(place))])
                                  .replace("; python3", "\npython3"), python(SEEN.format(place)))
        for name, place in {**PLACES, "a folder": "d", "a file": "f"}.items()
    },
}  # fmt: skip


def test_nothing_that_commands_leave_is_there_after_a_reset(enter: Enter) -> None:
    sandbox = enter({"f": "1", "d/k": "1"})
    sandbox.run(
        "mkdir -p .git; mkfifo $TMPDIR/pipe; ln -s f way; echo 1 > ~/.set-up; echo 1 > $TMPDIR/set-up; touch -d @9 way",
        timeout_seconds=60,
    )
    sandbox.seal()
    left = {}
    for name, (make, look) in KINDS.items():
        sandbox.reset()
        before = sandbox.run(look).text
        sandbox.run(make)
        sandbox.reset()
        after = sandbox.run(look).text
        if after != before:
            left[name] = (before, after)
    assert left == {}
    assert sandbox.run("cat ~/.set-up $TMPDIR/set-up").text == "1\n1\n"


@pytest.mark.parametrize("place", ["~", "$TMPDIR", "."])
def test_what_set_up_left_is_there_each_time(sandbox: LocalSandbox, place: str) -> None:
    sandbox.run(f"echo 1 > {place}/set-up; touch -d @5 {place}/set-up; chmod 640 {place}/set-up")
    sandbox.seal()
    for spoil in ("rm", "echo 2 >", "chmod 777"):
        sandbox.run(f"{spoil} {place}/set-up")
        sandbox.reset()
        assert sandbox.run(f"cat {place}/set-up; stat -c '%a %Y' {place}/set-up").text == "1\n640 5\n"
