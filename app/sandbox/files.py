"""The tree as the harness touches it while hostile processes may be changing it: by descriptor, never through a link.

openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS (Linux 5.6) resolves a whole path in one system call that cannot be
raced; the file is then only used through its descriptor.
"""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
import stat
import struct
from pathlib import Path

from app.errors import UserError

OPENAT2 = 437
RESOLVE = 0x01 | 0x02 | 0x04 | 0x08  # no other mount, no magic links, no symlinks, beneath the start
READ_LIMIT = 64 * 2**20  # bytes one read may bring into the harness
_libc = ctypes.CDLL(None, use_errno=True)


def check_path(path: str) -> tuple[str, ...]:
    """The parts of a relative path fit for a manifest. Raises UserError for anything else."""
    parts = tuple(path.split("/"))
    bad = not path or "\0" in path or path.startswith("/") or any(part in ("", ".", "..") for part in parts)
    if bad or len(path.encode("utf-8", "surrogateescape")) > 4096:
        raise UserError(f"`{path!r}` is not a path inside the tree")
    if any(part.lower() == ".git" for part in parts):
        raise UserError(f"`{path}` lies in a git directory, which is not part of the tree")
    return parts


def open_beneath(root: int, path: str, flags: int) -> int:
    """A descriptor for `path` below the directory `root`. Raises OSError; ELOOP or EXDEV for a link on the way."""
    how = struct.pack("<QQQ", flags | os.O_CLOEXEC, 0, RESOLVE)
    name = path.encode("utf-8", "surrogateescape")
    for _ in range(10):
        fd = int(_libc.syscall(OPENAT2, root, name, how, len(how)))
        if fd >= 0:
            return fd
        number = ctypes.get_errno()
        if number not in (errno.EAGAIN, errno.EINTR):  # EAGAIN: something was renamed while it looked
            break
    raise OSError(number, os.strerror(number), path)


def _explain(path: str, error: OSError) -> UserError:
    if error.errno in (errno.ELOOP, errno.EXDEV):
        return UserError(f"`{path}` leads through a link")
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return UserError(f"`{path}` does not exist")
    return UserError(f"`{path}`: {error.strerror}")


class Files:
    """Reads, writes and removes files below `tree`; what it writes belongs to `uid`."""

    def __init__(self, tree: Path, uid: int | None) -> None:
        self._uid = uid
        self._root = os.open(tree, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def close(self) -> None:
        if self._root >= 0:
            os.close(self._root)
            self._root = -1

    def read(self, path: str) -> bytes:
        """Raises UserError: missing, not a regular file, through a link, over 64 MiB."""
        check_path(path)
        try:
            # Non-blocking, because a FIFO without a writer would wait indefinitely; a device is never opened for real.
            fd = open_beneath(self._root, path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW)
        except OSError as error:
            if error.errno == errno.ENXIO:
                raise UserError(f"`{path}` is not a regular file") from error
            raise _explain(path, error) from error
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                raise UserError(f"`{path}` is not a regular file")
            if status.st_size > READ_LIMIT:
                raise UserError(f"`{path}` is too big to read: {status.st_size} bytes, the limit is {READ_LIMIT}")
            with os.fdopen(os.dup(fd), "rb") as file:
                content = file.read(READ_LIMIT + 1)  # it may be growing
            if len(content) > READ_LIMIT:
                raise UserError(f"`{path}` is too big to read: the limit is {READ_LIMIT} bytes")
            return content
        finally:
            os.close(fd)

    def write(self, path: str, content: bytes, mode: str | None) -> None:
        """Into a new file that then takes the name: what was there, link or not, is replaced and never written through.

        `mode` is git's ("100644", "100755"; "120000" makes a link with `content` as target); None keeps what was there.
        """
        parts = check_path(path)
        if mode not in (None, "100644", "100755", "120000"):
            raise UserError(f"`{mode}` is not a file mode")
        try:
            folder = self._folder(parts[:-1])
        except OSError as error:
            raise _explain(path, error) from error
        temporary = f".{secrets.token_hex(8)}.tmp"
        try:
            permissions = self._permissions(folder, parts[-1], mode, path)
            if mode == "120000":
                os.symlink(content, temporary.encode(), dir_fd=folder)
            else:
                self._fill(folder, temporary, content, permissions)
            if self._uid is not None:
                os.chown(temporary, self._uid, self._uid, dir_fd=folder, follow_symlinks=False)
            os.rename(temporary, parts[-1], src_dir_fd=folder, dst_dir_fd=folder)
        except OSError as error:
            try:
                os.unlink(temporary, dir_fd=folder)
            except OSError:
                pass
            raise _explain(path, error) from error
        finally:
            os.close(folder)

    def _fill(self, folder: int, name: str, content: bytes, permissions: int) -> None:
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), permissions)

    def _permissions(self, folder: int, name: str, mode: str | None, path: str) -> int:
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return 0o755 if mode == "100755" else 0o644
        if stat.S_ISDIR(status.st_mode):
            raise UserError(f"`{path}` is a directory")
        if stat.S_ISLNK(status.st_mode) and mode is None:
            raise UserError(f"`{path}` is a link")
        if mode is None and stat.S_ISREG(status.st_mode):
            return 0o755 if status.st_mode & 0o100 else 0o644
        return 0o755 if mode == "100755" else 0o644

    def _folder(self, parts: tuple[str, ...]) -> int:
        """A descriptor of the directory, made where it is missing."""
        folder = os.dup(self._root)
        for part in parts:
            try:
                try:
                    below = open_beneath(folder, part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
                except FileNotFoundError:
                    os.mkdir(part, 0o755, dir_fd=folder)
                    if self._uid is not None:
                        os.chown(part, self._uid, self._uid, dir_fd=folder, follow_symlinks=False)
                    below = open_beneath(folder, part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            finally:
                os.close(folder)
            folder = below
        return folder

    def remove(self, path: str) -> None:
        """Remove a file or a link (not what it points to). Raises UserError when it is missing or a directory."""
        parts = check_path(path)
        try:
            folder = open_beneath(self._root, "/".join(parts[:-1]) or ".", os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise _explain(path, error) from error
        try:
            os.unlink(parts[-1], dir_fd=folder)
        except IsADirectoryError as error:
            raise UserError(f"`{path}` is a directory") from error
        except OSError as error:
            raise _explain(path, error) from error
        finally:
            os.close(folder)
