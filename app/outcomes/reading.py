"""Asking GitHub what became of a pull request: a bounded number of requests, whatever people did to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.events.outcomes import PullEnded, PullFollowed, Touched
from app.github import comparisons
from app.github.client import PAGE_SIZE, GitHub, place
from app.github.records import number, part, text
from app.outcomes.lines import added, changed_again
from app.outcomes.reverts import takes_back

_MOST_COMMITS = 250  # GitHub lists no more of a pull request
_MOST_SIZED = 20  # people's commits of which the lines are counted: a request each
_MOST_REVIEWS = 300
_MOST_FILES = 100


def is_open(github: GitHub, repo: str, pull_number: int) -> bool:
    """One request."""
    return github.rest.pulls.get(*place(repo), pull_number).json().get("state") == "open"


def end_of(github: GitHub, repo: str, pull_number: int) -> PullEnded | None:
    """How it ended; None while it is open, which is found with one request. Raises as `github` does."""
    where = (*place(repo), pull_number)
    pull: Any = github.rest.pulls.get(*where).json()
    if pull.get("state") == "open":
        return None
    commits = list(github.items(github.rest.pulls.list_commits(*where, per_page=PAGE_SIZE), limit=_MOST_COMMITS))
    human = [commit for commit in commits if _is_human(commit.get("author")) and len(commit.get("parents") or ()) < 2]
    reviews = github.items(github.rest.pulls.list_reviews(*where, per_page=PAGE_SIZE), limit=_MOST_REVIEWS)
    merge_sha = text(pull, "merge_commit_sha") if pull.get("merged_at") else ""
    touched, is_whole = _merged_lines(github, repo, pull, merge_sha) if merge_sha else ([], True)
    at = str(pull.get("merged_at") or pull.get("closed_at") or pull["updated_at"])
    return PullEnded(
        number=pull_number,
        merged=bool(merge_sha),
        at=datetime.fromisoformat(at).isoformat(),
        by=text(part(pull, "merged_by"), "login"),
        open_seconds=_seconds(pull["created_at"], at),
        base_ref=text(part(pull, "base"), "ref"),
        merge_sha=merge_sha,
        human_commits=len(human),
        human_lines=sum(_size(github, repo, commit) for commit in human[:_MOST_SIZED]),
        rounds=sum(1 for row in reviews if row.get("state") == "CHANGES_REQUESTED" and _is_human(row.get("user"))),
        ours=[text(commit, "sha") for commit in commits],
        touched=touched,
        is_whole=is_whole and len(human) <= _MOST_SIZED and len(commits) < _MOST_COMMITS,
    )


def followed(github: GitHub, repo: str, ended: PullEnded) -> PullFollowed | None:
    """What was done since the merge to the lines that it brought; None when they stand. One request, a second one when
    they do not.
    """
    since = comparisons.compare(github, repo, ended.merge_sha, ended.base_ref)
    if since is None or not since.is_forward:
        return None
    shas = {ended.merge_sha, *ended.ours}
    for commit in since.commits:
        if takes_back(comparisons.message_of(commit), number=ended.number, shas=shas):
            return _followed("reverted", commit)
    path = changed_again(ended.touched, since.files)
    if not path:
        return None
    commits = _commits_of(github, repo, path, ended)
    for commit in commits:
        if takes_back(comparisons.message_of(commit), number=ended.number, shas=shas):
            return _followed("reverted", commit)
    return _followed("changed again", commits[0] if commits else {})


def _followed(how: Any, commit: Mapping[str, Any]) -> PullFollowed:
    return PullFollowed(how=how, sha=text(commit, "sha"), at=text(part(part(commit, "commit"), "committer"), "date"))


def _commits_of(github: GitHub, repo: str, path: str, ended: PullEnded) -> list[Any]:
    """Those that changed a file since the merge, newest first."""
    since = datetime.fromisoformat(ended.at)
    rows: Sequence[Any] = github.rest.repos.list_commits(
        *place(repo), sha=ended.base_ref, path=path, since=since, per_page=PAGE_SIZE
    ).json()
    return [row for row in rows if text(row, "sha") != ended.merge_sha]


def _merged_lines(github: GitHub, repo: str, pull: Mapping[str, Any], merge_sha: str) -> tuple[list[Touched], bool]:
    """The lines as the base branch has them. A merge commit and a squash show them against what the branch was; of
    commits that were rebased GitHub names the last one only, and the diff of the pull request says it nearly.
    """
    merged: Any = github.rest.repos.get_commit(*place(repo), merge_sha).json()
    sizes = [part(merged, "stats").get(name) for name in ("additions", "deletions")]
    if sizes == [pull.get("additions"), pull.get("deletions")]:
        files = list(merged.get("files") or ())
    else:
        first = github.rest.pulls.list_files(*place(repo), number(pull, "number"), per_page=PAGE_SIZE)
        files = list(github.items(first, limit=_MOST_FILES))
    touched, is_whole = added(files)
    return touched, is_whole and len(files) >= min(number(pull, "changed_files"), _MOST_FILES)


def _size(github: GitHub, repo: str, commit: Mapping[str, Any]) -> int:
    return number(part(github.rest.repos.get_commit(*place(repo), text(commit, "sha")).json(), "stats"), "total")


def _is_human(account: Any) -> bool:
    """A commit whose address nobody has on GitHub (None) is taken for a person's."""
    known = account if isinstance(account, dict) else {}
    return known.get("type") != "Bot" and not text(known, "login").endswith("[bot]")


def _seconds(since: str, until: str) -> float:
    return max(0.0, (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds())
