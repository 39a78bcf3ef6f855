"""The change as a patch in a comment, where the pull request's branch is in a fork."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.checkpoints import patch_text, render
from app.github import issues
from app.github.base_tree import GitHubBase
from app.ports.rate import Priority
from app.publication.effect import Target
from app.publication.kinds.comment import Comment
from app.runs.state.run_state import RunState
from app.text.unified_diff import file_diff
from app.work.verdict import check_again


@dataclass(frozen=True, kw_only=True)
class Patch(Comment):
    """Checked again as every proposal, against the head as the base repository holds it (`refs/pull/N/head`)."""

    purpose = "offering"
    is_work = True
    exact = frozenset({"changes"})  # the scan has judged them

    base_sha: str
    changes: Sequence[Mapping[str, Any]]

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Patch]:
        target, proposal = state.created.target, state.proposal
        if state.outcome == "proposed" and proposal and target and target.fork:
            yield cls(
                key="patch",
                priority=Priority.PROPOSAL,
                marker=render.marker(state.run_id, "patch"),
                body="",  # made of the contents, which only the store has
                base_sha=state.created.base.sha,
                changes=[change.model_dump(exclude_unset=True) for change in proposal.changes],
            )

    def in_vain(self, error: str) -> tuple[str, str]:
        return patch_text.not_offered(error), patch_text.NOT_OFFERED

    def make(self, target: Target) -> dict[str, Any]:
        base = GitHubBase(target.github, target.repo, self.base_sha, kept=lambda _path: None)
        changes = check_again(target.store, self.changes, target.state.created.config, base)
        paths = [change.path for change in changes]
        there, old = base.entries(paths), base.contents(paths)
        diffs = {
            change.path: file_diff(
                change.path,
                change.mode,
                there[change.path].mode if change.path in there else "",
                old.get(change.path),
                change.content,
            )
            if change.path in old or change.path not in there
            else None
            for change in changes
        }
        body = patch_text.body(target.state, diffs, self.marker)
        return {"id": issues.create_comment(target.github, target.repo, target.number, body).id}

    def change(self, _target: Target, known: Mapping[str, Any]) -> dict[str, Any]:
        return dict(known)
