"""A copy of a directory that nothing inside can reach, and the way back to it.

Call only while nothing of the sandbox runs: the copy is made with the harness's rights. Going back copies only what
changed; a file is unchanged when inode, ctime, size and mode are, and ctime cannot be set from inside. Times and modes
come back as well, those of the directory itself included: a test that runs twice could tell by them that it has. Not
what nobody can set, ctime and the number of an inode. Extended attributes and flags cannot be set inside (`seccomp`).
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from app.errors import UserError

MAX_NAMES = 2000  # on one command line
COPIERS = 4  # parallel `cp`: the work is waiting for the disk, and for the kernel to make inodes

_KINDS = frozenset({stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK})

_Stamp = tuple[int, int, int, int]  # inode, ctime_ns, size, mode


def stamp(status: os.stat_result) -> _Stamp:
    if stat.S_ISDIR(status.st_mode):
        return 0, 0, 0, status.st_mode  # a directory's other facts follow from what is in it
    return status.st_ino, status.st_ctime_ns, status.st_size, status.st_mode


def walk(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Relative path and lstat of everything below `root`, a directory before what is in it."""
    todo = [""]
    while todo:
        prefix = todo.pop()
        for path, status in _entries(root, prefix):
            yield path, status
            if stat.S_ISDIR(status.st_mode):
                todo.append(path)


def _entries(root: Path, prefix: str) -> list[tuple[str, os.stat_result]]:
    try:
        with os.scandir(root / prefix if prefix else root) as entries:
            start = f"{prefix}/" if prefix else ""
            return [(start + entry.name, entry.stat(follow_symlinks=False)) for entry in entries]
    except PermissionError:
        return []  # its owner has shut it, and we are its owner, not root: what is in it is not remembered


class Sealed:
    """The remembered state of one directory; `store` lies where the sandbox has no way to."""

    def __init__(self, live: Path, store: Path) -> None:
        self._live = live
        self._store = store
        self._stamps: dict[str, _Stamp] = {}
        self._times: dict[str, tuple[int, int]] = {}  # access and modification, in ns
        self._root: os.stat_result  # of `live` itself

    def take(self) -> None:
        """Raises UserError when the tree cannot be copied."""
        if self._store.exists():
            remove(self._store)
        self._store.mkdir(parents=True, mode=0o700)
        try:
            copy_below(self._live, self._store)
            copied = {path for path, _status in walk(self._store)}
            self._remember((path, status) for path, status in walk(self._live) if path in copied)
        except OSError as error:
            raise UserError(f"the sandbox's files cannot be remembered: {error}") from error

    def _remember(self, found: Iterable[tuple[str, os.stat_result]]) -> None:
        """Not sockets and pipes: nobody listens any more when everything goes back."""
        self._stamps, self._times = {}, {}
        for path, status in found:
            if stat.S_IFMT(status.st_mode) not in _KINDS:
                continue
            self._stamps[path] = stamp(status)
            self._times[path] = status.st_atime_ns, status.st_mtime_ns
        self._root = self._live.lstat()

    def give_back(self) -> None:
        """Make the live directory what it was; its own inode stays, so that what is bound to it stays bound."""
        unchanged = self._clear()
        for path, known in self._stamps.items():
            if path not in unchanged or stat.S_ISDIR(known[3]):
                self._restore(path, known[3])
        for path in reversed(self._stamps):  # children before parents: putting them back changed the parents' times
            if stat.S_ISDIR(self._stamps[path][3]):
                os.utime(self._live / path, ns=self._times[path])
                (self._live / path).chmod(stat.S_IMODE(self._stamps[path][3]))
        with suppress(PermissionError):  # not ours, so nobody inside could change them either
            os.utime(self._live, ns=(self._root.st_atime_ns, self._root.st_mtime_ns))
            self._live.chmod(stat.S_IMODE(self._root.st_mode))

    def _clear(self) -> set[str]:
        """Remove what is not as it was; the rest is returned."""
        unchanged: set[str] = set()
        todo = [""]
        while todo:
            prefix = todo.pop()
            _open(self._live / prefix)
            for path, status in _entries(self._live, prefix):
                known = self._stamps.get(path)
                is_folder = stat.S_ISDIR(status.st_mode)
                if known == stamp(status):
                    unchanged.add(path)
                    if status.st_atime_ns != self._times[path][0] and not is_folder:
                        self._reset_times(path)
                elif known is None or not (is_folder and stat.S_ISDIR(known[3])):
                    remove(self._live / path)
                    continue
                if is_folder:
                    todo.append(path)
        return unchanged

    def _reset_times(self, path: str) -> None:
        os.utime(self._live / path, ns=self._times[path], follow_symlinks=False)
        self._stamps[path] = stamp((self._live / path).lstat())

    def _restore(self, path: str, mode: int) -> None:
        source, target = self._store / path, self._live / path
        owner = source.lstat()
        if stat.S_ISDIR(mode):
            target.mkdir(exist_ok=True)
        else:
            shutil.copy2(source, target, follow_symlinks=False)
        if os.geteuid() == 0:
            os.chown(target, owner.st_uid, owner.st_gid, follow_symlinks=False)
        if stat.S_ISREG(mode):
            target.chmod(stat.S_IMODE(mode))
        if not stat.S_ISDIR(mode):
            self._reset_times(path)


def _open(folder: Path) -> None:
    """Its owner may have shut it; the right mode comes back in the end."""
    mode = folder.lstat().st_mode
    if mode & 0o700 != 0o700:
        folder.chmod(stat.S_IMODE(mode) | 0o700)


def copy_below(source: Path, target: Path) -> None:
    """Copy everything below `source` with owners, modes and times; shares blocks where the file system can."""
    names = sorted(os.listdir(source))
    if len(names) > MAX_NAMES:
        names = ["."]
    shares = [share for share in (names[start::COPIERS] for start in range(COPIERS)) if share]
    copies = [
        subprocess.Popen(
            ["cp", "-a", "--reflink=auto", "--target-directory", str(target), "--", *(f"./{name}" for name in share)],
            cwd=source,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={"PATH": os.defpath, "LC_ALL": "C"},
        )
        for share in shares
    ]
    failures: list[str] = []
    for copy in copies:
        failures += copy.communicate()[1].decode("utf-8", "replace").splitlines()
    # What its owner made unreadable is not worth failing for; it is not in the copy, so going back removes it.
    failures = [line for line in failures if not line.endswith("Permission denied")]
    if failures:
        raise OSError("; ".join(failures[:3])[:500])


def remove(path: Path) -> None:
    """Remove a tree of any depth, shut directories included. `rm` walks by descriptor and follows no link."""
    command = ["rm", "-rf", "--", str(path)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode and path.exists():
        subprocess.run(["chmod", "-R", "u+rwX", "--", str(path)], capture_output=True, check=False)
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
