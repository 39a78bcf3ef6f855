"""The sandbox port: one isolated environment around one tree, and the words it is described in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from app.errors import TransientError


@dataclass(frozen=True, kw_only=True)
class Limits:
    timeout_seconds: float = 600.0  # per command, when the call names none
    memory_bytes: int = 4 * 2**30
    processes: int = 512
    disk_bytes: int = 8 * 2**30  # tree, home and temporary files together
    output_bytes: int = 256 * 1024  # kept of one command's output: the head and the tail


@dataclass(frozen=True, kw_only=True)
class Egress:
    """What may leave the sandbox, and only while a command runs with `network=True`."""

    hosts: tuple[str, ...] = ()  # exact names, or "*.example.org"
    methods: tuple[str, ...] = ("GET", "HEAD", "CONNECT")
    withheld: tuple[str, ...] = ()  # not these, though `hosts` has them
    upload_bytes: int = 8 * 2**20  # sent to one host by all commands of a sandbox together


@dataclass(frozen=True, kw_only=True)
class EgressRequest:
    host: str
    port: int
    method: str
    allowed: bool
    reason: str = ""
    size_bytes: int = 0  # received from the host
    sent_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Execution:
    """One command that ran. `exit_code` comes from waiting for the process, never from its output."""

    command: str
    exit_code: int | None  # None when it was killed
    seconds: float
    output: bytes  # stdout and stderr as they came; head and tail when it was too long
    output_bytes: int  # how much it really wrote
    killed_by: Literal["", "time", "memory", "disk", "output", "closed"] = ""

    @property
    def ok(self) -> bool:
        return self.exit_code == 0 and not self.killed_by

    @property
    def text(self) -> str:
        return self.output.decode("utf-8", "replace")

    def by_itself(self) -> Execution:
        """This one. Raises TransientError when it ended with the sandbox, which the worker closes when it is told to
        leave: kept as evidence, that end would stand for the project's own doing for good.
        """
        if self.killed_by == "closed":
            raise TransientError("the sandbox was closed while a command ran in it", retry_after_seconds=0)
        return self


@dataclass(frozen=True, kw_only=True)
class FileEntry:
    """A file as an `lstat` walk found it. `mode` is git's: 100644, 100755, 120000 (a link, its target as content)."""

    mode: str
    digest: str  # SHA-256 hex of the content
    size: int


Manifest = Mapping[str, FileEntry]  # path with "/" → entry, without the top `.git`


def hides(left_out: Mapping[str, str], path: str) -> bool:
    """Whether a walk that left these out tells nothing about `path`: its absence does not mean that it is gone."""
    if not left_out:
        return False
    if path in left_out or "/" in left_out or path + "/" in left_out:
        return True
    return any(path[: at + 1] in left_out for at, char in enumerate(path) if char == "/")


class Sandbox(Protocol):
    """One isolated environment around one tree. Everything in it is hostile; nothing of the host is visible."""

    name: str  # "bubblewrap", "jail", "remote"
    root: str  # the tree's path as commands inside see it

    def run(
        self,
        command: str,
        *,
        timeout_seconds: float | None = None,
        network: bool = False,
        withheld: tuple[str, ...] = (),
    ) -> Execution:
        """Run `bash -c command` in the tree as a fresh process tree; everything it leaves behind is killed.

        `withheld`: hosts that this command may not reach, whatever the sandbox's `Egress` lists.
        """

    def shell(self, command: str, *, timeout_seconds: float | None = None) -> Execution:
        """Run in the kept shell (directory, variables, background processes stay). Its exit code is hearsay."""

    def restart_shell(self) -> None: ...

    def read_file(self, path: str) -> bytes:
        """Content of a regular file below the tree. Raises UserError: missing, not regular, through a link, too big."""

    def write_file(self, path: str, content: bytes, *, mode: str | None = None) -> None:
        """Create or replace a file (parents too), never through a link; keeps the mode when None. Raises UserError."""

    def remove_file(self, path: str) -> None: ...

    def manifest(self) -> Manifest:
        """An `lstat` walk of the tree; unchanged files are not hashed again. Other kinds of file are left out."""

    @property
    def left_out(self) -> Mapping[str, str]:
        """What the last walk could not take in: path → why (a socket, unreadable, a name that is not UTF-8).

        A path that ends with "/" may be a folder: nothing is known of what lies below it. "/" alone stands for names
        beyond the first thousand. See `hides`.
        """

    def seal(self) -> None:
        """Remember tree and home as they are now, out of reach of what runs later."""

    def reset(self) -> None:
        """Kill everything and return to the sealed state."""

    def close(self) -> None:
        """Kill everything, remove everything. Idempotent."""


class SandboxHost(Protocol):
    """Makes sandboxes of one kind."""

    name: str

    def prepare(self, run_id: str, image: str) -> None:
        """Start what takes long for the `open` of this run, which waits for it; "" is the default image.

        Nothing on one machine. Raises UserError for an image the operator does not offer, TransientError.
        """

    def forget(self, run_id: str) -> None:
        """What was prepared will not be opened."""

    def open(
        self,
        run_id: str,
        tree: Path,
        *,
        limits: Limits,
        egress: Egress,
        on_request: Callable[[EgressRequest], None],
        history: Path | None = None,
    ) -> Sandbox:
        """A sandbox around `tree`, a directory of plain files that the sandbox takes over.

        `history` is the harness's bare repository: its objects may be read (never written) so that `git log` and
        `git blame` work in the throw-away repository inside.
        """

    def tree_path(self, tree: Path) -> str:
        """Where `tree` will be for commands inside; known before `open`."""

    def history_path(self, history: Path) -> str:
        """Where `history`'s object directory will be for commands inside (a line for `objects/info/alternates`)."""
