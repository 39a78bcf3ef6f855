"""Performing one difference between the ledger and GitHub, so that doing it twice finds the first.

Reactions, labels, branches and people are idempotent by nature. A comment, a pull request or a check run is searched
for before it is made when an earlier try may have made it; lists lag, so that search is preceded by a wait.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.errors import UserError
from app.github import checks, git_data, issues, pulls
from app.github.base_tree import GitHubBase
from app.github.client import GitHub
from app.github.errors import NotFound
from app.ports.platform import Clock, Store
from app.publication.projection import Effect
from app.runs.state.run_state import RunState
from app.work.verdict import check_again

SETTLE_SECONDS = 15.0  # how long a new object may be missing from GitHub's lists

LABEL_COLOURS: Mapping[str, tuple[str, str]] = {
    "queued": ("d4c5f9", "Lamplighter: waiting for its turn"),
    "working": ("fbca04", "Lamplighter: at work"),
    "needs-info": ("d876e3", "Lamplighter: waits for an answer"),
    "needs-approval": ("d876e3", "Lamplighter: waits for approval"),
    "parked": ("c5def5", "Lamplighter: paused, goes on by itself"),
    "done": ("0e8a16", "Lamplighter: finished"),
    "failed": ("b60205", "Lamplighter: ended without a result"),
    "uncertain": ("f9d0c4", "Lamplighter is not sure of this"),
    "breaking-change": ("b60205", "Contains a breaking change"),
    "tests-changed": ("f9d0c4", "Changes what existing tests check"),
    "needs-human": ("e99695", "A person has to look at this"),
}


class Hand:
    """Writes one run's effects to one repository with one client."""

    def __init__(self, github: GitHub, store: Store, clock: Clock, state: RunState, bot_login: str) -> None:
        self._github = github
        self._store = store
        self._clock = clock
        self._state = state
        self._bot = bot_login
        self._thread = state.created.thread
        self._repo = self._thread.repository
        self._perform: Mapping[str, Callable[[Effect, bool], dict[str, Any]]] = {
            "reaction": self._react,
            "comment": self._comment,
            "labels": self._label,
            "branch": self._branch,
            "pull": self._pull,
            "ready": self._ready,
            "check": self._check,
            "people": self._people,
        }

    def perform(self, effect: Effect, *, maybe_done: bool) -> dict[str, Any]:
        """Make it so; what GitHub called it. `maybe_done`: an earlier try was cut off and may have succeeded.

        Raises UserError when GitHub refuses for good, TransientError to try again later.
        """
        return self._perform[effect.kind](effect, maybe_done)

    def _react(self, effect: Effect, _maybe_done: bool) -> dict[str, Any]:
        comment_id = effect.data["comment_id"]
        if comment_id:
            try:
                issues.react_to_comment(self._github, self._repo, comment_id, "eyes")
            except NotFound:
                pass  # it was deleted; nobody misses the eyes on it
        else:
            issues.react(self._github, self._repo, self._thread.number, "eyes")
        return {}

    def _comment(self, effect: Effect, maybe_done: bool) -> dict[str, Any]:
        data = effect.data
        stage = {"stage": data["stage"]} if "stage" in data else {}
        before = self._state.result(effect.key)
        known = before.get("id")
        if before.get("deleted"):
            return {**before, **stage}
        if known:
            try:
                return {"id": issues.update_comment(self._github, self._repo, known, data["body"]).id, **stage}
            except NotFound:  # a person deleted it: they do not want to see it
                return {"id": known, "deleted": True, **stage}
        if maybe_done and (found := self._find_comment(data["marker"])):
            return {"id": issues.update_comment(self._github, self._repo, found.id, data["body"]).id, **stage}
        made = issues.create_comment(self._github, self._repo, self._thread.number, data["body"])
        return {"id": made.id, **stage}

    def _find_comment(self, marker: str) -> issues.Comment | None:
        self._clock.sleep(SETTLE_SECONDS)
        return issues.find_comment(self._github, self._repo, self._thread.number, marker=marker, author=self._bot)

    def _label(self, effect: Effect, _maybe_done: bool) -> dict[str, Any]:
        number, data = self._thread.number, effect.data
        if data["states"] and not self._state.is_active and (other := self._other_run()):
            return {"left_to": other}  # its labels are the thread's now, and the trigger label may be what asked for it
        names: Mapping[str, str] = self._state.created.names.labels
        wanted = [name for name in [data["state"], *data["marks"]] if name]
        colours = {names[word]: LABEL_COLOURS[word] for word in LABEL_COLOURS if names[word] in wanted}
        if colours:
            issues.ensure_labels(self._github, self._repo, colours)
        if data["states"]:  # a request that started nothing has no state, and another run's is not for it to change
            issues.set_state_label(self._github, self._repo, number, state=data["state"], among=data["states"])
        issues.add_labels(self._github, self._repo, number, data["marks"])
        for name in data["remove"]:
            issues.remove_label(self._github, self._repo, number, name)
        return {}

    def _other_run(self) -> str | None:
        active = self._store.runs(active=True, thread_key=self._thread.key)
        return next((run.run_id for run in active if run.run_id != self._state.run_id), None)

    def _branch(self, effect: Effect, _maybe_done: bool) -> dict[str, Any]:
        data = effect.data
        base = GitHubBase(self._github, self._repo, data["base_sha"], kept=self._kept)
        changes = check_again(self._store, data["changes"], self._state.created.config, base)
        sha = git_data.create_branch_with_changes(
            self._github,
            self._repo,
            branch=data["branch"],
            base_sha=data["base_sha"],
            changes=changes,
            message=data["message"],
        )
        return {"sha": sha, "ref": f"refs/heads/{data['branch']}"}

    def _kept(self, path: str) -> bytes | None:
        """A base file as the worker kept it; nothing to rely on."""
        proposal = self._state.proposal
        digest = proposal.kept.get(path) if proposal else None
        try:
            return self._store.get_blob(digest) if digest else None
        except KeyError:
            return None

    def _pull(self, effect: Effect, maybe_done: bool) -> dict[str, Any]:
        data = effect.data
        if maybe_done:
            self._clock.sleep(SETTLE_SECONDS)
        made = pulls.find_pull(self._github, self._repo, head=data["head"], base=data["base"])
        if made is None:
            made = pulls.create_draft(
                self._github, self._repo, title=data["title"], body=data["body"], head=data["head"], base=data["base"]
            )
        elif made.author != self._bot:
            raise UserError(f"There is a pull request from the branch `{data['head']}` already, #{made.number}.")
        return {"number": made.number, "url": made.url, "draft": made.draft}

    def _ready(self, effect: Effect, _maybe_done: bool) -> dict[str, Any]:
        """A step of its own: a draft that GitHub does not let us mark is our pull request all the same."""
        found = pulls.pull(self._github, self._repo, effect.data["number"])
        if found.draft and found.is_open:
            pulls.mark_ready(self._github, found.node_id)
        return {}

    def _check(self, effect: Effect, maybe_done: bool) -> dict[str, Any]:
        data = effect.data
        check = checks.Check(
            name=data["name"],
            head_sha=data["head_sha"],
            external_id=data["external_id"],
            status="completed",
            conclusion=data["conclusion"],
            title=data["title"],
            summary=data["summary"],
            buttons=[checks.Button(label="Retry", description="Start this run anew", identifier="retry")]
            if data["name"] == "lamplighter"
            else [],
        )
        known = self._state.result(effect.key).get("id")
        if known is None and maybe_done:
            self._clock.sleep(SETTLE_SECONDS)
            found = checks.find_check(
                self._github, self._repo, data["head_sha"], name=data["name"], external_id=data["external_id"]
            )
            known = found.id if found else None
        made = (
            checks.update_check(self._github, self._repo, known, check)
            if known
            else checks.create_check(self._github, self._repo, check)
        )
        return {"id": made.id}

    def _people(self, effect: Effect, _maybe_done: bool) -> dict[str, Any]:
        data, number = effect.data, effect.data["number"]
        issues.add_labels(self._github, self._repo, number, data["labels"])
        asked = self._try(lambda: issues.assign(self._github, self._repo, number, [data["assignee"]]))
        people = [name.removeprefix("@") for name in data["reviewers"] if name.removeprefix("@") != data["assignee"]]
        pulls.request_reviewers(
            self._github,
            self._repo,
            number,
            logins=[name for name in people if "/" not in name],
            teams=[name.partition("/")[2] for name in people if "/" in name],
        )
        return {"assigned": asked}

    def _try(self, write: Callable[[], object]) -> bool:
        """Courtesies that a repository may refuse (an outsider cannot be assigned) never stand in the way."""
        try:
            write()
        except UserError:
            return False
        return True
