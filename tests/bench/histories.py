"""Git repositories of a size: some thousand files, some hundred commits, the same bytes each time."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SEED = 20_260_302
_WORDS = ("value", "index", "result", "request", "config", "buffer", "return", "class", "import", "handler", "message")
_GIT = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "PATH": "/usr/local/bin:/usr/bin:/bin"}
_TEXT_BYTES = 7_000  # a source file; git packs it to about a quarter
_PICTURES = 0.06  # of all files; they do not compress and make up what is missing to the size
_CHANGED = 8  # files a commit changes
# Without a test that passes a run ends before its first call.
TEST = b"import unittest\n\n\nclass T(unittest.TestCase):\n    def test_it(self):\n        self.assertTrue(True)\n"
VERIFY = "python3 -m unittest -q test_bench"


@dataclass(frozen=True, kw_only=True)
class History:
    path: Path  # a bare repository, packed
    sha: str
    size_bytes: int
    files: int
    commits: int


def make(path: Path, *, files: int, commits: int, megabytes: int) -> History:
    """A bare repository of about `megabytes` packed, half of it history where it is big."""
    pack = random.Random(SEED)
    git = ["git", f"--git-dir={path}"]
    subprocess.run([*git, "init", "--quiet", "--bare", "--initial-branch=main"], check=True, env=_GIT)
    feeder = subprocess.Popen([*git, "fast-import", "--quiet"], stdin=subprocess.PIPE, env=_GIT)
    assert feeder.stdin is not None
    for piece in _stream(pack, files, commits, megabytes * 2**20):
        feeder.stdin.write(piece)
    feeder.stdin.close()
    if feeder.wait():
        raise RuntimeError("git fast-import failed")
    sha = subprocess.run([*git, "rev-parse", "main"], check=True, env=_GIT, capture_output=True, text=True).stdout
    size = sum(entry.stat().st_size for entry in path.rglob("*") if entry.is_file())
    return History(path=path, sha=sha.strip(), size_bytes=size, files=files, commits=commits)


def _stream(pack: random.Random, files: int, commits: int, size: int) -> Iterator[bytes]:
    pictures = int(files * _PICTURES)
    left = max(0, size - (files - pictures + commits * _CHANGED) * _TEXT_BYTES // 4)
    picture = left // (2 * pictures) if pictures else 0  # the other half of them is in the history
    revisions = (left - picture * pictures) // max(1, commits - 1)
    names = [f"src/part{i % 40:02d}/module{i:04d}.py" for i in range(files - pictures)]
    drawn = [f"assets/{i % 10}/picture{i:04d}.bin" for i in range(pictures)]
    yield _commit(0) + b"".join(_file(name, _text(pack)) for name in names) + _file("test_bench.py", TEST)
    for name in drawn:
        yield _file(name, pack.randbytes(picture))
    for number in range(1, commits):
        yield _commit(number) + b"".join(_file(name, _text(pack)) for name in pack.sample(names, _CHANGED))
        if drawn and revisions:
            yield _file("assets/changing.bin", pack.randbytes(revisions if number < commits - 1 else 1000))


def _commit(number: int) -> bytes:
    message = f"Change {number}".encode()
    who = f"committer Somebody <somebody@example.org> {1_700_000_000 + number * 3600} +0000".encode()
    return b"commit refs/heads/main\n%s\ndata %d\n%s\n" % (who, len(message), message)


def _file(name: str, content: bytes) -> bytes:
    return b"M 100644 inline %s\ndata %d\n%s\n" % (name.encode(), len(content), content)


def _text(pack: random.Random) -> bytes:
    lines, size = [], 0
    while size < _TEXT_BYTES:
        line = "    " * pack.randrange(4) + " ".join(pack.choices(_WORDS, k=6)) + f" = {pack.randrange(10**6)}"
        lines.append(line)
        size += len(line) + 1
    return "\n".join(lines).encode()
