"""A run's finished change, carried over to the head on which the run stands now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.checkpoints import merge_text, moved_text
from app.errors import UserError
from app.events import parts
from app.events.conversing import NoticeGiven
from app.runs.run_ledger import RunLedger
from app.work.fetching import Fetcher
from app.workspace import Change, Mirror, base_manifest
from app.workspace.carrying import carried, with_change
from app.workspace.merging import Conflict, Merged

_ABOUT = "head"


def carry(ledger: RunLedger, mirror: Mirror, fetcher: Fetcher) -> Merged:
    """The change of the run's proposal on top of the commit on which it stands, which is in the mirror; of a merge the
    whole merge. Raises UserError when the commit on which it was made is nowhere any more, or contents are not kept.
    """
    state = ledger.state
    assert state.proposal is not None
    was, made, whole = state.proposed_on, state.proposal, state.proposal.merge
    fetcher.fetch(was)
    found = [Change(**change.model_dump()) for change in made.changes]
    contents = {change.path: ledger.store.get_blob(change.digest) for change in found if change.kind != "delete"}
    if whole is None:
        tree = with_change(mirror, was, found, contents)
    else:
        fetcher.fetch(whole.base_sha)
        branch = base_manifest(mirror, was)
        there = {path: branch.get(path) for path in whole.ours}
        tree = with_change(mirror, whole.base_sha, found, contents, there)
    return carried(mirror, tree, was=was, onto=state.created.base.sha)


def carry_merge(ledger: RunLedger, mirror: Mirror, fetcher: Fetcher, base_sha: str) -> Merged | None:
    """The merge of a base that was finished when the head moved, as a merge of that base into the head as it is now;
    None where there is none, or it cannot be carried over: then it is made anew.
    """
    state = ledger.state
    if not state.is_overtaken or state.proposal is None or state.proposal.merge is None:
        return None
    try:
        made = carry(ledger, mirror, fetcher)
    except UserError:
        return None
    head = state.created.base.sha
    behind = int(mirror.git("rev-list", "--count", f"{head}..{base_sha}"))
    return None if made.conflicts or not behind else replace(made, ours=head, theirs=base_sha, behind=behind)


def explain_move(ledger: RunLedger, conflicts: Sequence[str] = ()) -> None:
    """Tell the model once what has become of its tree, where the head has moved."""
    if ledger.state.moved is None:
        return
    since = (event.record for event in ledger.events if event.seq > ledger.state.moved_seq)
    if not any(isinstance(said, NoticeGiven) and said.about == _ABOUT for said in since):
        ledger.append(NoticeGiven(about=_ABOUT, text=moved_text.told_the_model(ledger.state, conflicts)))


def told(conflict: Conflict) -> parts.Conflict:
    """As a ledger keeps it."""
    return parts.Conflict(path=conflict.path, why=merge_text.WHY[conflict.kind], lines=list(conflict.lines[:20]))
