"""The publisher's own look at a proposal before it mints a token that can write: the worker's word is not enough."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.checks import ChangeSet, Rules, blocked, scan
from app.errors import UserError
from app.ports import Store
from app.workspace import Change as ManifestChange

if TYPE_CHECKING:
    from app.github.git_data import Change


def check_again(store: Store, changes: Sequence[Mapping[str, Any]], config: Mapping[str, Any]) -> list[Change]:
    """The proposal's changes with their contents.

    Raises UserError when content and digest differ, or when a check blocks what the worker let through.
    """
    from app.github.git_data import Change  # noqa: PLC0415 - a worker only wants `rules_of`, and no HTTP client

    manifest = [ManifestChange(**change) for change in changes]
    contents = {change.path: store.get_blob(change.digest) for change in manifest if change.kind != "delete"}
    for change in manifest:
        if change.kind != "delete" and hashlib.sha256(contents[change.path]).hexdigest() != change.digest:
            raise UserError(f"The stored content of `{change.path}` is not what was proposed.")
    findings = scan(ChangeSet.of(manifest, old={}, new=contents), rules_of(config))
    if blocked(findings):
        why = next(finding for finding in findings if finding.level == "block")
        raise UserError(f"The proposal was refused at publication: `{why.path}`: {why.message}")
    return [
        Change(path=change.path, mode=change.mode or "100644", content=contents.get(change.path)) for change in manifest
    ]


def rules_of(config: Mapping[str, Any]) -> Rules:
    """The repository's own limits and protected paths."""
    limits = config["limits"]
    return Rules(protect=tuple(config["protect"]), max_files=limits["files"], max_bytes=limits["bytes"])
