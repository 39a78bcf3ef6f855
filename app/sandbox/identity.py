"""Whose processes and files a sandbox's are: a uid of its own when the harness is root, else the harness's own."""

from __future__ import annotations

import fcntl
import os
import secrets
import struct
from pathlib import Path

from app.errors import UserError

# A range far from what distributions hand out (login users < 60,000, subuids from 100,000, systemd up to 2^31).
FIRST_UID, LAST_UID = 1_800_000_000, 1_899_999_999
ACL = "system.posix_acl_access"
_VERSION, _ENTRY = struct.Struct("<I"), struct.Struct("<HHI")
_USER_OBJ, _USER, _GROUP_OBJ, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_NOBODY = 0xFFFFFFFF
SEARCH = 1


def own_uid() -> int | None:
    """A uid nobody uses, for one sandbox; None when the harness is not root and cannot change uids."""
    if os.geteuid() != 0:
        return None
    first, last = _usable_range()
    for _ in range(100):
        uid = first + secrets.randbelow(last - first + 1)
        if not _in_use(uid):
            return uid
    raise UserError("no free uid for a sandbox: this container's uid map is too small")


def _usable_range() -> tuple[int, int]:
    """The part of our uid map to draw from: in a container only what is mapped can be used."""
    lines = [tuple(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    if any(start <= FIRST_UID and start + count > LAST_UID for start, _outside, count in lines):
        return FIRST_UID, LAST_UID
    start, _outside, count = max(lines, key=lambda line: line[2])
    if count < 2000:
        raise UserError("sandboxes need uids of their own, and this container's uid map has none to spare")
    return start + count - 1500, start + count - 600  # below 65,534, which is nobody


def _in_use(uid: int) -> bool:
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                if entry.stat(follow_symlinks=False).st_uid == uid:
                    return True
            except OSError:
                continue
    return False


def give(path: Path, uid: int | None) -> None:
    """Make `uid` the owner of a tree. Links are not followed; call only while nothing hostile runs."""
    if uid is None:
        return
    os.chown(path, uid, uid, follow_symlinks=False)
    for folder, folders, files in os.walk(path):
        for name in folders + files:
            os.chown(os.path.join(folder, name), uid, uid, follow_symlinks=False)


class Passage:
    """Lets one uid search (never list or read) the closed directories above some paths; takes it back on `close`.

    The harness's home often lies below a directory only root may enter. Copying trees elsewhere would be slow, opening
    the directory to everybody wrong; an access control entry for a uid nobody has is neither.
    """

    def __init__(self, uid: int | None) -> None:
        self._uid = uid
        self._opened: list[Path] = []

    def to(self, path: Path) -> None:
        """Raises UserError when the file system cannot do it."""
        if self._uid is None:
            return
        for folder in reversed(path.absolute().parents):
            status = folder.stat()
            if status.st_mode & 0o001 or status.st_uid == self._uid or folder in self._opened:
                continue
            try:
                _edit(folder, self._uid, add=True)
            except OSError as error:
                raise UserError(
                    f"the sandbox's user cannot enter `{folder}`; set `LAMPLIGHTER_HOME` to a directory that other "
                    f"users may pass through, such as `/var/lib/lamplighter` ({error.strerror})"
                ) from error
            self._opened.append(folder)

    def renew(self) -> None:
        """Open again what somebody's chmod has closed: it sets the mask that our entry lives under."""
        for folder in self._opened:
            if not folder.stat().st_mode & 0o010:
                _edit(folder, self._uid or 0, add=True)

    @property
    def opened(self) -> list[str]:
        return [str(folder) for folder in self._opened]

    def close(self) -> None:
        shut(self.opened, self._uid or 0)
        self._opened.clear()


def shut(folders: list[str], uid: int) -> None:
    """Take a passage back; also called by the nursery when the harness is gone."""
    for folder in folders:
        try:
            _edit(Path(folder), uid, add=False)
        except OSError:
            pass  # the directory is gone


def _edit(folder: Path, uid: int, *, add: bool) -> None:
    """Add or remove a search-only entry for `uid`. Locked: several workers may pass through the same directory."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        mode = os.fstat(fd).st_mode
        try:
            raw = os.getxattr(fd, ACL)
            entries = [tuple(entry) for entry in _ENTRY.iter_unpack(raw[_VERSION.size :])]
        except OSError:
            entries = [
                (_USER_OBJ, mode >> 6 & 7, _NOBODY),
                (_GROUP_OBJ, mode >> 3 & 7, _NOBODY),
                (_OTHER, mode & 7, _NOBODY),
            ]
        entries = [entry for entry in entries if (entry[0], entry[2]) != (_USER, uid) and entry[0] != _MASK]
        if add:
            entries.append((_USER, SEARCH, uid))
        if any(tag in (_USER, _GROUP) for tag, _permission, _id in entries):
            mask = 0
            for tag, permission, _id in entries:
                mask |= permission if tag in (_USER, _GROUP, _GROUP_OBJ) else 0
            entries.append((_MASK, mask, _NOBODY))
        entries.sort(key=lambda entry: (entry[0], entry[2]))
        os.setxattr(fd, ACL, _VERSION.pack(2) + b"".join(_ENTRY.pack(*entry) for entry in entries))
    finally:
        os.close(fd)
