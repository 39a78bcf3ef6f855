"""What of a run's tree goes to GitHub: the change itself, and for a merge what makes it one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.events.parts import MergeOf
from app.workspace import Change, Mirror, TreeEntry, base_manifest, read_files
from app.workspace.changes import Kind
from app.workspace.merging import Merged, differing
from app.workspace.tree import holds, read_blobs


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """`new` and `old` are contents by path, of `changes` only. With a `merge` the changes are what neither side of it
    holds, told from the branch's own side; `title` is the commit's subject where no model gave one.
    """

    changes: Sequence[Change]
    new: Mapping[str, bytes]
    old: Mapping[str, bytes]
    merge: MergeOf | None = None
    title: str = ""


def of_merge(
    mirror: Mirror, merged: Merged, found: Sequence[Change], new: Mapping[str, bytes], *, title: str
) -> Delivery:
    """The merged tree with `found` on top of it, as the base's commit, paths of the branch, and changes of neither."""
    resolved = {change.path: change for change in found}
    apart = {one.path: one.new for one in differing(mirror, merged.theirs, merged.tree)}
    paths = sorted(apart.keys() | resolved.keys())
    theirs = {path: entry for path, entry in base_manifest(mirror, merged.theirs).items() if path in paths}
    ours = {path: entry for path, entry in base_manifest(mirror, merged.ours).items() if path in paths}
    texts = dict(new)
    mixed = {p: e for p, e in apart.items() if p not in resolved and e and not _same(e, ours.get(p))}
    texts |= read_blobs(mirror, mixed)
    from_ours, changes = [], []
    for path in paths:
        change = resolved.get(path)
        if change is None:
            is_theirs, is_ours = False, _same(apart[path], ours.get(path))
        else:
            is_theirs, is_ours = (_is_as(change, texts.get(path), side.get(path)) for side in (theirs, ours))
        if is_ours and not is_theirs:
            from_ours.append(path)
        elif not is_theirs:
            mode = change.mode if change else (apart[path] or ours[path]).mode
            gone = change.kind == "delete" if change else apart[path] is None
            changes.append(_change(path, mode, None if gone else texts[path], ours.get(path)))
    kept = {change.path: texts[change.path] for change in changes if change.kind != "delete"}
    old = read_files(mirror, merged.ours, [change.path for change in changes])
    merge = MergeOf(base_sha=merged.theirs, ours=from_ours)
    return Delivery(changes=changes, new=kept, old=old, merge=merge, title=title)


def _same(one: TreeEntry | None, other: TreeEntry | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.mode, one.blob) == (other.mode, other.blob)


def _is_as(change: Change, content: bytes | None, entry: TreeEntry | None) -> bool:
    if change.kind == "delete" or content is None:
        return entry is None
    return entry is not None and entry.mode == change.mode and holds(entry, content)


def _change(path: str, mode: str, content: bytes | None, before: TreeEntry | None) -> Change:
    kind: Kind = "delete" if content is None else "modify" if before else "add"
    if content is not None and before and holds(before, content):
        kind = "mode"
    return Change(
        path=path,
        kind=kind,
        mode=mode,
        digest="" if content is None else hashlib.sha256(content).hexdigest(),
        size=len(content or b""),
        old_mode=before.mode if before else "",
    )
