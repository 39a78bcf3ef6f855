"""Going on from where the run before stopped, when it is tried again: its last snapshot, handed to the new run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.checkpoints import replies
from app.errors import UserError
from app.events.deciding import Continued
from app.github.base_tree import GitHubBase
from app.github.client import GitHub
from app.playbooks import playbook
from app.ports.platform import Store
from app.runs.state.run_state import RunState
from app.runs.unfinished import left
from app.workspace import TreeEntry, change_in_snapshot

_ENDED = frozenset({"cancelled", "out_of_budget", "gave_up", "failed"})  # in mid-work


def to_go_on_from(github: GitHub, store: Store, before: RunState, base_sha: str) -> tuple[Continued | None, str]:
    """What the run that stands on `base_sha` begins with, and what whoever asked is told; (None, "") when nothing was
    left. A base that has moved is no matter where it left the same files alone.
    """
    begins = _left(before)
    is_a_change = playbook(before.created.playbook).proposes  # else what is left was never meant to become one
    if before.outcome not in _ENDED or before.is_kept or begins is None or not is_a_change:
        return None, ""
    try:
        found, _content = change_in_snapshot(store, begins.manifest.blob)
    except (KeyError, UserError):
        return None, replies.nothing_left(before.run_id)
    if before.created.base.sha != base_sha:
        paths = [change.path for change in found]
        then, now = (
            GitHubBase(github, before.created.thread.repository, sha, kept=lambda _path: None).entries(paths)
            for sha in (before.created.base.sha, base_sha)
        )
        if both := _touched(paths, then, now):
            return None, replies.changed_since(before.run_id, both)
    return begins, replies.going_on(before.run_id, begins.changed)


def _touched(paths: Sequence[str], then: Mapping[str, TreeEntry], now: Mapping[str, TreeEntry]) -> list[str]:
    """The `paths` that are not what they were, or where something stands in the way now: a file above, a folder."""
    moved = [name for name in then.keys() | now.keys() if then.get(name) != now.get(name)]
    return [path for path in paths if any(path == name or _is_above(path, name) for name in moved)]


def _is_above(one: str, other: str) -> bool:
    """Whether one of the two is a folder of the other's."""
    return one.startswith(f"{other}/") or other.startswith(f"{one}/")


def _left(before: RunState) -> Continued | None:
    """Its own last snapshot; of a run that never came to one, what it had begun with."""
    if taken := left(before):
        return Continued(run_id=before.run_id, manifest=taken.manifest, changed=taken.changed)
    return before.created.continued
