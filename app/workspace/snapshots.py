"""Snapshots of a tree into the store, so that a run goes on elsewhere: what differs from the base, by digest.

Left out is what `setup` makes again: caches, installed environments, compiled output (`ignore.artefact`). Files that
`.gitignore` names are kept: a run may have written notes or data there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.errors import UserError
from app.events.parts import Blob
from app.events.working import SnapshotTaken
from app.ports.platform import RunStore
from app.ports.sandbox import FileEntry, Manifest, Sandbox, hides
from app.workspace.changes import Change, clear_folders, read, write
from app.workspace.ignore import Ignore, environments
from app.workspace.packs import Packs, Rows

MAX_FILE_BYTES = 32 * 2**20  # a bigger file is data or output, not somebody's change
MAX_BYTES = 256 * 2**20  # of one snapshot; the base's own files first, then the smallest
MAX_FILES = 20_000  # of one snapshot, seven times what `limits.files` may be; reading takes up to 1 ms a file


def take_snapshot(
    sandbox: Sandbox,
    base: Manifest,
    store: RunStore,
    *,
    previous: SnapshotTaken | None = None,
    ignore: Ignore | None = None,
    change_in: Callable[[Manifest, Mapping[str, str]], Sequence[Change]] = lambda _now, _unseen: (),
) -> SnapshotTaken:
    """Store what differs from `base`, and which of it is the run's change: `change_in` says that of a manifest and of
    what its walk could not take in.

    `skipped` are the paths too big to keep. Contents that `previous`, the
    last snapshot of this run, holds are neither read nor stored again.
    """
    now = sandbox.manifest()
    unseen = dict(sandbox.left_out)
    kept, skipped = _chosen(base, now, ignore or Ignore(tracked=base.keys()))
    last = (
        _load(store, previous) if previous else _Snapshot(files={}, deleted=frozenset(), skipped=frozenset(), packs={})
    )
    known = {entry.digest for entry in last.files.values()}
    packs = Packs(store, last.packs)
    for path, entry in list(kept.items()):
        if entry.digest in known:
            continue
        try:
            packs.put(entry.digest, read(sandbox, path, entry.mode, entry.digest))
        except UserError:  # still being written, or gone: the next snapshot has it
            del kept[path]
            skipped.append(path)
            continue
        known.add(entry.digest)
    packs.flush()
    change = [item for item in change_in(now, unseen) if item.kind == "delete" or item.path in kept]
    body = {
        "change": [item.as_event() for item in change],
        "files": {path: [entry.mode, entry.digest, entry.size] for path, entry in kept.items()},
        "deleted": sorted(path for path in base if path not in now and not hides(unseen, path)),
        "skipped": sorted(skipped),
        "packs": packs.rows(entry.digest for entry in kept.values()),
    }
    data = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    return SnapshotTaken(
        manifest=Blob(blob=store.put_blob(data), size=len(data)),
        files=len(kept),
        size_bytes=sum(entry.size for entry in kept.values()),
        skipped=sorted(skipped)[:20],
        changed=len(change),
    )


def restore_snapshot(
    sandbox: Sandbox,
    base: Manifest,
    snapshot: SnapshotTaken,
    store: RunStore,
    *,
    read_base: Callable[[str], bytes] | None = None,
    ignore: Ignore | None = None,
) -> int:
    """Make the tree what it was at the snapshot; returns how many paths were written or removed.

    The tree may be a fresh checkout, one after `setup` or after `reset`. A base file that something else changed is
    put back with `read_base` (path → whole content at base, whatever its size), without which it raises UserError.
    Artefacts stay as they are.
    """
    wanted = _load(store, snapshot)
    packs = Packs(store, wanted.packs)
    now = _opened(sandbox)
    gone = _superfluous(base, now, wanted, ignore or Ignore(tracked=base.keys()))
    for path in gone:
        sandbox.remove_file(path)
    clear_folders(sandbox, gone, wanted.files)
    touched = len(gone)
    for path, entry in wanted.target(base).items():
        current = now.get(path)
        if current is not None and (current.mode, current.digest) == (entry.mode, entry.digest):
            continue
        if path in wanted.files:
            content = packs.get(entry.digest)
        elif path in wanted.skipped:
            continue
        else:
            content = _base_content(path, entry, store, read_base)
        write(sandbox, path, entry.mode, content, replaces=current.mode if current else "")
        touched += 1
    return touched


def _opened(sandbox: Sandbox) -> Manifest:
    """The tree, after what a command has shut (`chmod 000`) was opened: git keeps no such modes."""
    now = sandbox.manifest()
    if not any(why.startswith("cannot be read") for why in sandbox.left_out.values()):
        return now
    sandbox.run("chmod -R u+rwX -- .", timeout_seconds=60)
    return sandbox.manifest()


def _superfluous(base: Manifest, now: Manifest, wanted: _Snapshot, rules: Ignore) -> list[str]:
    """What stands now and did not stand at the snapshot."""
    prefixes = environments(path for path in now if path not in base)
    return [
        path
        for path in now
        if path in wanted.deleted
        or (path not in base and path not in wanted.files and not _is_environment(path, rules, prefixes))
    ]


def _is_environment(path: str, rules: Ignore, prefixes: tuple[str, ...]) -> bool:
    return rules.artefact(path) or path.startswith(prefixes)


def _base_content(path: str, entry: FileEntry, store: RunStore, read_base: Callable[[str], bytes] | None) -> bytes:
    if read_base is not None:
        return read_base(path)
    try:
        return store.get_blob(entry.digest)
    except KeyError:
        raise UserError(f"`{ascii(path)[1:-1]}` is not as at base, and its content is not at hand.") from None


def _chosen(base: Manifest, now: Manifest, ignore: Ignore) -> tuple[dict[str, FileEntry], list[str]]:
    """What a snapshot keeps and what is too big for it."""
    differing = {p: e for p, e in now.items() if p not in base or (base[p].mode, base[p].digest) != (e.mode, e.digest)}
    prefixes = environments(path for path in differing if path not in base)
    kept: dict[str, FileEntry] = {}
    skipped: list[str] = []
    total = 0
    for path, entry in sorted(differing.items(), key=lambda item: (item[0] not in base, item[1].size, item[0])):
        if _is_environment(path, ignore, prefixes):
            continue
        if entry.size > MAX_FILE_BYTES or total + entry.size > MAX_BYTES or len(kept) == MAX_FILES:
            skipped.append(path)
            continue
        kept[path] = entry
        total += entry.size
    return kept, skipped


@dataclass(frozen=True, kw_only=True)
class _Snapshot:
    """What a snapshot's manifest says. `skipped`: changed, but too big or too many to be kept."""

    files: dict[str, FileEntry]
    deleted: frozenset[str]
    skipped: frozenset[str]
    packs: Rows

    def target(self, base: Manifest) -> dict[str, FileEntry]:
        return {path: entry for path, entry in base.items() if path not in self.deleted} | self.files


def change_in_snapshot(store: RunStore, manifest: str) -> tuple[list[Change], Callable[[str], bytes]]:
    """The change that a snapshot holds, and its contents by digest. Raises KeyError when it is no longer there,
    UserError when it cannot be read: a worker wrote it.
    """
    try:
        body = json.loads(store.get_blob(manifest))
        found = [Change(**{"old_mode": "", **row}) for row in body.get("change", [])]
        packs = Packs(store, body.get("packs", {}))
    except (TypeError, ValueError, AttributeError, IndexError, RecursionError):
        raise UserError("The last snapshot cannot be read.") from None
    return found, packs.get


def snapshot_blobs(body: Mapping[str, Any]) -> list[str]:
    """The blobs that a snapshot's manifest (its JSON) lives on: contents of their own, and packs."""
    packs = body.get("packs", {})
    packed = {digest for rows in packs.values() for digest, _size in rows}
    return [*packs, *(str(digest) for _mode, digest, _size in body["files"].values() if digest not in packed)]


def _load(store: RunStore, snapshot: SnapshotTaken) -> _Snapshot:
    body = json.loads(store.get_blob(snapshot.manifest.blob))
    files = {p: FileEntry(mode=mode, digest=digest, size=size) for p, (mode, digest, size) in body["files"].items()}
    return _Snapshot(
        files=files,
        deleted=frozenset(body["deleted"]),
        skipped=frozenset(body["skipped"]),
        packs=body.get("packs", {}),  # snapshots of earlier versions have none
    )
