"""The pull request of a branch that is there: opened as a draft, marked ready, and shown to its people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.checkpoints import pull_text
from app.checkpoints.outcomes import marks
from app.errors import UserError
from app.github import issues, pulls
from app.outcomes.watch import pull_key
from app.ports.rate import Priority
from app.publication.effect import Effect, Target
from app.runs.state.run_state import RunState

_REMEMBERED_SECONDS = 400 * 24 * 3600.0  # as long as ledgers are kept: a pull request may stay open for months


@dataclass(frozen=True, kw_only=True)
class Pull(Effect):
    """What GitHub called it is `{"number", "url", "draft"}`, as it was made. Its words are people's from then on."""

    purpose = "proposing"
    is_work = True
    searches = "always"  # one from our branch may be somebody else's

    title: str
    body: str
    head: str
    base: str

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Pull]:
        created, proposal = state.created, state.proposal
        if state.outcome == "proposed" and proposal and not created.target and state.result("branch").get("sha"):
            yield cls(
                key="pull",
                priority=Priority.PROPOSAL,
                title=pull_text.title(state),
                body=pull_text.body(state, template=proposal.template, closes=created.base.default),
                head=created.branch,
                base=created.base.ref,
            )

    def find(self, target: Target) -> Mapping[str, Any] | None:
        found = pulls.find_pull(target.github, target.repo, head=self.head, base=self.base)
        if found and found.author != target.bot_login:
            raise UserError(f"There is a pull request from the branch `{self.head}` already, #{found.number}.")
        return self._known(target, found) if found else None

    def make(self, target: Target) -> dict[str, Any]:
        words = {"title": self.title, "body": self.body, "head": self.head, "base": self.base}
        return self._known(target, pulls.create_draft(target.github, target.repo, **words))

    def _known(self, target: Target, pull: pulls.PullRequest) -> dict[str, Any]:
        """What the ledger keeps, after it was noted whose it is: its end is told by its number alone."""
        thread = target.state.created.thread._replace(number=pull.number)
        target.store.claim(pull_key(thread), target.state.run_id, ttl_seconds=_REMEMBERED_SECONDS)
        return {"number": pull.number, "url": pull.url, "draft": pull.draft}

    def change(self, _target: Target, known: Mapping[str, Any]) -> dict[str, Any]:
        return dict(known)


@dataclass(frozen=True, kw_only=True)
class Ready(Effect):
    """A step of its own: a draft that GitHub does not let us mark is our pull request all the same."""

    purpose = "proposing"

    number: int

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Ready]:
        is_ours = state.created.target is None  # else it is the people's to say when theirs is ready
        if is_ours and (pull := open_pull(state)) and pull.get("draft") and state.proposal and not state.proposal.draft:
            yield cls(key="ready", priority=Priority.PROPOSAL, number=pull["number"])

    def make(self, target: Target) -> dict[str, Any]:
        found = pulls.pull(target.github, target.repo, self.number)
        if found.draft and found.is_open:
            pulls.mark_ready(target.github, found.node_id)
        return {}


@dataclass(frozen=True, kw_only=True)
class People(Effect):
    """Who is told of the pull request, and the marks on it."""

    purpose = "proposing"

    number: int
    assignee: str
    reviewers: Sequence[str]
    labels: Sequence[str]

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[People]:
        if state.created.target is None and (pull := open_pull(state)) and state.proposal:
            yield cls(
                key="people",
                priority=Priority.MARKS,
                number=pull["number"],
                assignee="" if state.is_unasked else state.created.requester.login,
                reviewers=state.proposal.reviewers,
                labels=[state.created.names.labels[mark] for mark in marks(state)],
            )

    def make(self, target: Target) -> dict[str, Any]:
        github, repo, number = target.github, target.repo, self.number
        issues.add_labels(github, repo, number, self.labels)
        people = [name for item in self.reviewers if (name := item.removeprefix("@")) != self.assignee]
        is_assigned = bool(self.assignee)
        try:
            issues.assign(github, repo, number, [self.assignee] if self.assignee else [])
        except UserError:  # a courtesy that a repository may refuse, to an outsider, never stands in the way
            is_assigned = False
        pulls.request_reviewers(
            github,
            repo,
            number,
            logins=[name for name in people if "/" not in name],
            teams=[name.partition("/")[2] for name in people if "/" in name],
        )
        return {"assigned": is_assigned}


def open_pull(state: RunState) -> Mapping[str, Any] | None:
    """The pull request of the change that ended the run, once it is there."""
    return state.pull if state.outcome == "proposed" and state.result("branch").get("sha") else None
