"""Our last commit on a branch, taken back with one new commit; and what is said of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.checkpoints import undo_text
from app.errors import UserError
from app.github import git_data
from app.github.base_tree import GitHubBase
from app.playbooks import playbook
from app.ports.rate import Priority
from app.publication.effect import Effect, Target
from app.publication.kinds.comment import Comment
from app.runs.state import fold
from app.runs.state.run_state import RunState
from app.workspace import TreeEntry

_LOOKED_BACK = 50  # commits of a branch; a request each, until ours is found
_RUN = re.compile(r"^Agent-Run: ([0-9a-f]{16})$", re.MULTILINE)
_REVERTS = re.compile(r"^This reverts commit ([0-9a-f]{40,64})\.$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Undone(Effect):
    """The files of our newest commit that is not taken back yet are again what its parent held; a commit that takes
    another back is never what is meant. Which commits are ours the ledgers say, whatever a message claims.
    """

    purpose = "proposing"
    searches = "in doubt"

    branch: str

    @classmethod
    def answering(cls, state: RunState) -> Iterator[Undone]:
        if _is_undo(state) and state.outcome == "replied":
            yield cls(key="undo", priority=Priority.PROPOSAL, branch=state.created.branch)

    def find(self, target: Target) -> Mapping[str, Any] | None:
        for found in git_data.history(target.github, target.repo, self.branch):
            undone = _REVERTS.search(found.message)
            if undone and _RUN.findall(found.message) == [target.state.run_id]:
                return self._noted(found.sha, git_data.commit(target.github, target.repo, undone[1]))
        return None

    def change(self, _target: Target, known: Mapping[str, Any]) -> dict[str, Any]:
        return dict(known)

    def make(self, target: Target) -> dict[str, Any]:
        """Raises UserError when nothing there is ours, or people have changed one of its files since."""
        head, ours, run = self._last(target)
        if len(ours.parents) != 1:
            raise UserError(undo_text.is_a_merge(ours.sha))
        paths = [change.path for change in run.proposal.changes] if run.proposal else []
        before, after, now = (_entries(target, sha, paths) for sha in (ours.parents[0], ours.sha, head))
        differing = [path for path in paths if now.get(path) != after.get(path)]
        if differing:
            raise UserError(undo_text.touched(ours.sha, differing))
        sha = git_data.add_commit(
            target.github,
            target.repo,
            branch=self.branch,
            head_sha=head,
            changes=[_back(path, before.get(path)) for path in paths if before.get(path) != after.get(path)],
            message=undo_text.commit_message(target.state, undone=ours.sha, message=ours.message),
        )
        return self._noted(sha, ours)

    @staticmethod
    def _noted(sha: str, undone: git_data.Commit) -> dict[str, Any]:
        return {"sha": sha, "undone": undone.sha, "subject": undone.message.split("\n", 1)[0]}

    def _last(self, target: Target) -> tuple[str, git_data.Commit, RunState]:
        """The branch's head, our newest commit that stands, and its run."""
        head, looked = "", 0
        undone: set[str] = set()
        for found in git_data.history(target.github, target.repo, self.branch, most=_LOOKED_BACK):
            head, looked = head or found.sha, looked + 1
            run = self._run_of(found, target)
            if run is None:
                continue
            if _is_undo(run):
                undone.update(_REVERTS.findall(found.message))
            elif run.result("branch").get("sha") == found.sha and found.sha not in undone:
                return head, found, run
        if not head:
            raise UserError(undo_text.gone(self.branch))
        raise UserError(undo_text.nothing_of_ours(self.branch, looked, undone=bool(undone)))

    def _run_of(self, found: git_data.Commit, target: Target) -> RunState | None:
        """The run that a commit names, if it worked on this very branch."""
        for run_id in _RUN.findall(found.message):
            state = fold(run_id, target.store.events(run_id))
            here = target.state.created.thread.repository_id
            if state.is_created and state.created.thread.repository_id == here and state.created.branch == self.branch:
                return state
        return None


@dataclass(frozen=True, kw_only=True)
class UndoReply(Comment):
    """Which commit was taken back, or why none was."""

    @classmethod
    def answering(cls, state: RunState) -> Iterator[UndoReply]:
        if _is_undo(state) and state.outcome == "replied" and (body := undo_text.reply(state)):
            yield cls.named(state, "reply", body)


def _is_undo(state: RunState) -> bool:
    return playbook(state.created.playbook).delivers == "undo"


def _entries(target: Target, sha: str, paths: list[str]) -> Mapping[str, TreeEntry]:
    return GitHubBase(target.github, target.repo, sha, kept=lambda _path: None).entries(paths)


def _back(path: str, entry: TreeEntry | None) -> git_data.Change:
    """The file as it was; one that was not there is deleted."""
    if entry is None:
        return git_data.Change(path=path, content=None)
    return git_data.Change(path=path, mode=entry.mode, content=None, blob=entry.blob)
