"""The one verdict on a change, and the publisher's own look at a proposal: the worker's word is not enough.

Worker, publisher and `lamplighter run` ask the same function about the same things. What the base commit holds is never
taken from a proposal: the worker reads it from its mirror, the publisher from GitHub (`app.github.base_tree`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from app.checks import ChangeSet, Finding, Rules, blocked, check_sizes, scan
from app.errors import UserError
from app.events.configured import Configured
from app.ports.platform import RunStore
from app.workspace import Change as ManifestChange
from app.workspace import Mirror, TreeEntry, base_manifest, read_files
from app.workspace.tree import SUBMODULE, holds

if TYPE_CHECKING:
    from app.github.git_data import Change


class Base(Protocol):
    """The base commit, from a source that the judge trusts."""

    def entries(self, paths: Iterable[str]) -> Mapping[str, TreeEntry]:
        """What stands in every folder on the way to `paths` (or more of the commit): files, links, submodules."""

    def contents(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Of those `paths` that are files of at most `workspace.tree.READ_BYTES`."""


class MirrorBase:
    """A commit of a repository on this machine."""

    def __init__(self, mirror: Mirror, sha: str) -> None:
        self._mirror, self._sha = mirror, sha

    def entries(self, paths: Iterable[str]) -> Mapping[str, TreeEntry]:  # noqa: ARG002
        return base_manifest(self._mirror, self._sha)

    def contents(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        return read_files(self._mirror, self._sha, paths)


def judge_at_sight(changes: Sequence[ManifestChange], base: Base, config: Configured) -> list[Finding]:
    """What blocks by counts and sizes alone, before a content is read."""
    entries = base.entries(change.path for change in changes) if len(changes) <= rules_of(config).max_files else {}
    return list(check_sizes(changes, {path: entry.size for path, entry in entries.items()}, rules_of(config)))


def judge(changes: Sequence[ManifestChange], new: Mapping[str, bytes], base: Base, config: Configured) -> list[Finding]:
    """Every finding. `new` holds the new contents by path; kind and size of a change are what base and content say."""
    entries = base.entries(change.path for change in changes)
    old = base.contents([change.path for change in changes if change.path in entries])
    seen = [_seen(change, entries.get(change.path), new.get(change.path)) for change in changes]
    changeset = ChangeSet.of(
        seen,
        old=old,
        new=new,
        base_paths=[path for path, entry in entries.items() if entry.mode != SUBMODULE],
        submodules=[path for path, entry in entries.items() if entry.mode == SUBMODULE],
    )
    return scan(changeset, rules_of(config))


def judge_merge(
    changes: Sequence[ManifestChange], new: Mapping[str, bytes], sides: Sequence[Base], config: Configured
) -> list[Finding]:
    """What is found in what no side of a merge holds: only what holds against each of them is the merge's own doing."""
    return _of_each([judge(changes, new, side, config) for side in sides])


def _of_each(found: Sequence[Sequence[Finding]]) -> list[Finding]:
    """The findings of the first that all others have at the same place."""
    first, *others = found
    places = [{_place(finding) for finding in other} for other in others]
    return [finding for finding in first if all(_place(finding) in known for known in places)]


def _place(finding: Finding) -> tuple[str, str, str, int]:
    return finding.check, finding.level, finding.path, finding.line


def _seen(change: ManifestChange, entry: TreeEntry | None, new: bytes | None) -> ManifestChange:
    """The change as it is, whatever it is called."""
    if new is None:
        return replace(change, kind="delete")
    if entry is None:
        return replace(change, kind="add", size=len(new), old_mode="")
    return replace(change, kind="mode" if holds(entry, new) else "modify", size=len(new), old_mode=entry.mode)


def check_again(
    store: RunStore, changes: Sequence[Mapping[str, Any]], config: Configured, *sides: Base
) -> list[Change]:
    """The proposal's changes with their contents. `sides`: the commit it stands on, of a merge both.

    Raises UserError when content and digest differ, or when a check blocks what the worker let through.
    """
    return check_contents(store.get_blob, [ManifestChange(**change) for change in changes], config, *sides)


def check_contents(
    content: Callable[[str], bytes],
    manifest: Sequence[ManifestChange],
    config: Configured,
    *sides: Base,
    blocked_as: str = "The proposal was refused at publication",
) -> list[Change]:
    """The same of changes whose contents `content` gives by digest. Raises UserError, which begins `blocked_as`."""
    from app.github.git_data import Change  # noqa: PLC0415 - a worker only judges, and wants no HTTP client

    _refuse(_of_each([judge_at_sight(manifest, side, config) for side in sides]), blocked_as)
    contents = {change.path: content(change.digest) for change in manifest if change.kind != "delete"}
    for change in manifest:
        if change.kind != "delete" and hashlib.sha256(contents[change.path]).hexdigest() != change.digest:
            raise UserError(f"The stored content of `{change.path}` is not what was proposed.")
    _refuse(judge_merge(manifest, contents, sides, config), blocked_as)
    return [
        Change(path=change.path, mode=change.mode or "100644", content=contents.get(change.path)) for change in manifest
    ]


def _refuse(findings: Sequence[Finding], blocked_as: str) -> None:
    if blocked(findings):
        why = next(finding for finding in findings if finding.level == "block")
        raise UserError(f"{blocked_as}: `{why.path or 'the change'}`: {why.message}")


def rules_of(config: Configured) -> Rules:
    """The repository's own limits and protected paths."""
    return Rules(protect=tuple(config.protect), max_files=config.limits.files, max_bytes=config.limits.bytes)
