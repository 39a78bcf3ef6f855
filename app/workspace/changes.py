"""What a run changed: the difference between two manifests, and its contents, each held against its digest."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from app.errors import UserError
from app.ports.sandbox import FileEntry, Manifest, Sandbox, hides
from app.workspace.ignore import Ignore, environments
from app.workspace.tree import SYMLINK

MAX_UNSEEN = 20  # names told to a reviewer

Kind = Literal["add", "modify", "delete", "mode"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One changed path. `mode`, `digest` (SHA-256 hex of the content) and `size` are the new side's; of a deletion the
    old side's. `old_mode` is empty for an addition."""

    path: str
    kind: Kind
    mode: str
    digest: str
    size: int
    old_mode: str = ""

    def as_event(self) -> dict[str, str | int]:
        """JSON-shaped, as `proposal.made` lists it."""
        return {"path": self.path, "kind": self.kind, "mode": self.mode, "digest": self.digest, "size": self.size}


def changes(
    before: Manifest,
    after: Manifest,
    ignore: Ignore,
    *,
    after_setup: Manifest | None = None,
    unseen: Mapping[str, str] | None = None,
) -> list[Change]:
    """The changes from the clean tree `before` to `after`, sorted by path, without ignored new files.

    With `after_setup`, the manifest taken when setup had run, what setup itself made or changed and nobody touched
    since (a lock file `npm install` wrote) is no part of the change. `unseen` is what the walk of `after` could not
    take in (`Sandbox.left_out`): neither that nor what lies below it is taken for deleted. Raises UserError when the
    walk was cut short.
    """
    hidden = unseen or {}
    if "too many files" in hidden.values():
        raise UserError("The working tree holds more files than can be looked through; remove what is not needed.")
    setup = before if after_setup is None else after_setup
    found = [
        change
        for path in sorted(before.keys() | after.keys())
        if path in after or not hides(hidden, path)
        if setup.get(path) == before.get(path) or after.get(path) != setup.get(path)
        if (change := _change(path, before.get(path), after.get(path))) is not None
    ]
    prefixes = environments(change.path for change in found if change.kind == "add")
    return [c for c in found if c.kind != "add" or not (ignore.ignored(c.path) or c.path.startswith(prefixes))]


def unseen_names(before: Manifest, after: Manifest, unseen: Mapping[str, str]) -> list[str]:
    """What of the base the walk could tell nothing about, "path: reason", sorted: worth a word to the reviewer."""
    hidden = {path for path in before if path not in after and hides(unseen, path)}
    if not hidden:
        return []
    return sorted(
        f"{name}: {why}"
        for name, why in unseen.items()
        if name == "/" or name.rstrip("/") in hidden or any(path.startswith(name) for path in hidden if name[-1] == "/")
    )[:MAX_UNSEEN]


def left_out(before: Manifest, after: Manifest, ignore: Ignore) -> list[str]:
    """New files that `.gitignore` keeps out of the change and that no tool is known to leave behind, sorted.

    The model may have meant them: worth a word in the report.
    """
    new = sorted(path for path in after if path not in before)
    prefixes = environments(new)
    return [p for p in new if ignore.by_rule(p) and not ignore.artefact(p) and not p.startswith(prefixes)]


def _change(path: str, old: FileEntry | None, new: FileEntry | None) -> Change | None:
    if new is None:
        assert old is not None
        return Change(path=path, kind="delete", mode=old.mode, digest=old.digest, size=old.size, old_mode=old.mode)
    if old is None:
        return Change(path=path, kind="add", mode=new.mode, digest=new.digest, size=new.size)
    if old.digest == new.digest and old.mode == new.mode:
        return None
    kind: Kind = "mode" if old.digest == new.digest and SYMLINK not in (old.mode, new.mode) else "modify"
    return Change(path=path, kind=kind, mode=new.mode, digest=new.digest, size=new.size, old_mode=old.mode)


def collect(sandbox: Sandbox, found: Iterable[Change]) -> dict[str, bytes]:
    """The new contents by path (deletions have none). Raises UserError when one is not what the manifest said."""
    return {c.path: read(sandbox, c.path, c.mode, c.digest) for c in found if c.kind != "delete"}


def lay(sandbox: Sandbox, found: Iterable[Change], contents: Mapping[str, bytes]) -> None:
    """Make the changes in the sandbox's tree: deletions first, so that a file may become a folder."""
    found = list(found)
    gone = [change.path for change in found if change.kind == "delete"]
    for path in gone:
        sandbox.remove_file(path)
    clear_folders(sandbox, gone, (change.path for change in found if change.kind == "add"))
    for change in found:
        if change.kind != "delete":
            write(sandbox, change.path, change.mode, contents[change.path], replaces=change.old_mode)


def take_back(sandbox: Sandbox, found: Iterable[Change], read_old: Callable[[str], bytes]) -> None:
    """Undo changes: additions are removed, the rest gets its old content again (path → content)."""
    for change in found:
        if change.kind == "add":
            sandbox.remove_file(change.path)
        else:
            replaced = "" if change.kind == "delete" else change.mode
            write(sandbox, change.path, change.old_mode, read_old(change.path), replaces=replaced)


def clear_folders(sandbox: Sandbox, gone: Iterable[str], arriving: Iterable[str]) -> None:
    """Remove the folders that stood above the files `gone` and whose names the `arriving` files take."""
    left = {"/".join(path.split("/")[:depth]) for path in gone for depth in range(1, path.count("/") + 1)}
    for path in sorted(left.intersection(arriving)):
        sandbox.run(f"rm -rf -- {shlex.quote(path)}", timeout_seconds=60)


def read(sandbox: Sandbox, path: str, mode: str, digest: str) -> bytes:
    """A file's content, or a link's target, whose SHA-256 is `digest`. Raises UserError when it is something else."""
    if mode == SYMLINK:
        # Said by the sandbox, believed because of the digest that the host's own walk took.
        content = sandbox.run(f"readlink -n -- {shlex.quote(path)}", timeout_seconds=30).output
    else:
        content = sandbox.read_file(path)
    if hashlib.sha256(content).hexdigest() != digest:
        raise UserError(f"`{ascii(path)[1:-1]}` changed while it was being read.")
    return content


def write(sandbox: Sandbox, path: str, mode: str, content: bytes, *, replaces: str = "") -> None:
    """Put a file or a link there; `replaces` is the mode of what stands there now. Raises UserError."""
    if replaces and SYMLINK in (mode, replaces) and mode != replaces:
        sandbox.remove_file(path)
    sandbox.write_file(path, content, mode=mode)
