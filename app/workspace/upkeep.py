"""What becomes of mirrors between runs: packed anew now and then, and deleted with their repository or when nobody used
them for long. A sandbox reads a mirror's objects all the time, so nobody may be at work on one meanwhile.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from app import log
from app.errors import LamplighterError, TransientError
from app.retry import looks
from app.workspace.git import GitError, run_git

WAIT_SECONDS = 1800.0  # for a repack; one of a mirror of 2 GB takes minutes
MOST_PACKS = 20  # each fetch adds one; git's own limit is 50
MOST_LOOSE = 6_700  # objects; git's own limit
MOST_BASES = 50  # commits that runs began with: the newest, and those that runs at work began with

_CALM = (("pack.threads", "1"), ("pack.windowMemory", "128m"))  # other runs are at work beside it


class Use:
    """Held by whoever works with a mirror, until `close` or the end of the process; others may hold it, too."""

    def __init__(self, mirror: Path, installation_id: int, at: datetime) -> None:
        """Waits for a repack. Raises TransientError when that takes too long."""
        mirror.parent.mkdir(parents=True, exist_ok=True)
        for _ in looks(0.05, WAIT_SECONDS):
            if (descriptor := _lock(mirror, fcntl.LOCK_SH)) is not None:
                break
        else:
            raise TransientError("this repository's mirror has been packed for too long")
        self._descriptor: int | None = descriptor
        os.pwrite(descriptor, f"{installation_id:020d}\n".encode(), 0)
        os.utime(descriptor, (at.timestamp(), at.timestamp()))

    def close(self) -> None:
        """Doing it twice is harmless."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def mirrored(folder: Path, installation_id: int) -> list[int]:
    """The repositories of an installation that have a mirror."""
    found = []
    for path in folder.glob("*.git"):
        try:
            if int(_beside(path, "use").read_text(encoding="ascii")) == installation_id:
                found.append(int(path.stem))
        except (FileNotFoundError, ValueError):
            continue  # of an older version, or somebody else's folder
    return sorted(found)


def forget(folder: Path, repository_id: int) -> None:
    """Have a mirror deleted at the next `tend`."""
    path = folder / f"{repository_id}.git"
    if path.is_dir():
        _beside(path, "gone").touch(mode=0o600)


def tend(folder: Path, before: datetime, bases: Collection[str]) -> int:
    """Delete mirrors last used before then and those to be forgotten, and pack the first that needs it, keeping
    `bases` (commits); returns how many were deleted. One that is in use has to wait.
    """
    gone, has_packed = 0, False
    for path in sorted(folder.glob("*.git")):
        with _alone(path) as descriptor:
            if descriptor is None:
                continue
            if _beside(path, "gone").exists() or os.fstat(descriptor).st_mtime < before.timestamp():
                shutil.rmtree(path, ignore_errors=True)
                for name in ("lock", "gone", "use"):
                    _beside(path, name).unlink(missing_ok=True)
                gone += 1
            elif not has_packed and is_untidy(path):
                has_packed = True
                _pack(path, bases, descriptor)
    return gone


def is_untidy(path: Path) -> bool:
    """Whether packing a mirror anew is worth it."""
    some = len(list(path.glob("objects/17/*")))  # one of 256 folders tells for all
    return (
        len(list(path.glob("objects/pack/*.pack"))) > MOST_PACKS
        or some > MOST_LOOSE / 256
        or len(list(path.glob("refs/bases/*"))) > 2 * MOST_BASES
    )


def _pack(path: Path, bases: Collection[str], lock: int) -> None:
    """git inherits the lock. What no base reaches any more is dropped: nobody reads here now."""
    started = time.monotonic()
    try:
        names = run_git(
            ["for-each-ref", "--sort=-committerdate", "--format=%(objectname) %(refname)", "refs/bases/"], git_dir=path
        )
        refs = [line.partition(" ") for line in names.decode("ascii").splitlines()]
        old = [name for sha, _, name in refs[MOST_BASES:] if sha not in bases]
        run_git(["update-ref", "--stdin"], git_dir=path, stdin="".join(f"delete {name}\n" for name in old).encode())
        for words in (["pack-refs", "--all"], ["repack", "-a", "-d", "-q"], ["prune", "--expire=now"]):
            run_git(words, git_dir=path, config=_CALM, timeout_seconds=WAIT_SECONDS, inherit=(lock,))
        _forget_tags(path)
    except (GitError, LamplighterError) as error:  # it works as it is; the next turn tries again
        log.event("mirror.not_packed", level=log.WARNING, mirror=path.name, reason=str(error)[:300])
        return
    finally:
        for left in path.glob("objects/pack/.tmp-*"):
            left.unlink(missing_ok=True)
    log.event("mirror.packed", mirror=path.name, dropped=len(old), seconds=round(time.monotonic() - started, 1))


def _forget_tags(path: Path) -> None:
    """Those that point to what was dropped."""
    tags = path / "info" / "tags"
    rows = tags.read_text(encoding="ascii").splitlines() if tags.exists() else []
    asked = "".join(f"{row.partition(' ')[0]}\n" for row in rows).encode()
    there = run_git(["cat-file", "--batch-check=%(objecttype)"], git_dir=path, stdin=asked).split(b"\n")
    fresh = path / "info" / "tags.new"
    kept = [f"{row}\n" for row, kind in zip(rows, there, strict=False) if kind == b"commit"]
    fresh.write_text("".join(kept), encoding="ascii")
    os.replace(fresh, tags)


@contextmanager
def _alone(path: Path) -> Iterator[int | None]:
    """The lock on a mirror's use, exclusively; None when somebody is at work on it."""
    descriptor = _lock(path, fcntl.LOCK_EX)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _lock(mirror: Path, how: int) -> int | None:
    """None when others are in the way, or the file was deleted before it was locked."""
    path = _beside(mirror, "use")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), os.stat(path)):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None


def _beside(mirror: Path, what: str) -> Path:
    return mirror.with_name(f"{mirror.name}.{what}")
