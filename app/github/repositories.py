"""Repositories: facts, roles, branches and their protection, single files."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.github.client import PAGE_SIZE, GitHub, place, quoted, segment
from app.github.errors import Forbidden, NotFound
from app.github.records import number, part, text

# What GitHub calls the built-in roles, weakest first.
ROLES = ("none", "read", "triage", "write", "maintain", "admin")

_MOST = 100_000  # repositories of one installation: GitHub names no limit, but a list must end


@dataclass(frozen=True, kw_only=True)
class Repository:
    id: int
    full_name: str
    default_branch: str
    private: bool
    archived: bool  # or disabled: nothing can be written
    fork: bool
    size_bytes: int  # GitHub's own estimate of the git data, updated hourly
    owner: str
    owner_is_organization: bool
    has_issues: bool


@dataclass(frozen=True, kw_only=True)
class Protection:
    """`approvals_required` is None where only an administrator may see it (classic branch protection).

    `may_bypass`: whether a ruleset that asks for approvals lets our App pass it by; None where that is not shown.
    """

    protected: bool
    approvals_required: int | None
    may_bypass: bool | None = False


def repository(github: GitHub, repo: str) -> Repository:
    """Raises NotFound when it does not exist or the token may not see it."""
    return _repository(github.rest.repos.get(*place(repo)).json())


def reachable(github: GitHub, *, page: int = 1, limit: int = _MOST) -> Iterator[Repository]:
    """What the token reaches, a hundred a page, from `page` on."""
    first = github.rest.apps.list_repos_accessible_to_installation(page=page, per_page=min(PAGE_SIZE, limit))
    for row in github.items(first, key="repositories", limit=limit):
        yield _repository(row)


def repository_by_id(github: GitHub, repository_id: int) -> Repository:
    """Finds a repository whatever it is called today, among those the token reaches. Raises NotFound."""
    for found in reachable(github):
        if found.id == repository_id:
            return found
    raise NotFound("GET /installation/repositories", 404, f"the token does not reach repository {repository_id}")


def role(github: GitHub, repo: str, login: str) -> str:
    """What `login` may do, one of `ROLES`; "none" for strangers and unknown accounts.

    A custom role of an organisation counts as the built-in one it grows out of.
    """
    try:
        answer = github.rest.repos.get_collaborator_permission_level(*place(repo), segment(login)).json()
    except NotFound:
        return "none"
    name = text(answer, "role_name")
    if name in ROLES:
        return name
    base = text(answer, "permission")
    return base if base in ROLES else "none"


def branch_sha(github: GitHub, repo: str, branch: str) -> str | None:
    """The head of `branch`; None when there is no such branch (or no commit at all)."""
    try:
        return text(part(github.rest.repos.get_branch(*place(repo), quoted(branch)).json(), "commit"), "sha")
    except NotFound:
        return None


def behind(github: GitHub, repo: str, *, base: str, head: str) -> int:
    """How many commits of `base` the commit `head` lacks. Raises NotFound when the two share no commit."""
    wanted = f"{quoted(base)}...{quoted(head)}"
    # The files and their patches stand on the first page, which nobody needs here.
    second = github.rest.repos.compare_commits(*place(repo), wanted, per_page=1, page=2)
    return number(second.json(), "behind_by")


def branch_name(github: GitHub, repo: str, branch: str) -> str | None:
    """What `branch` is called today: GitHub redirects from the old name of a renamed one. None when it is gone, which
    is asked in two ways: one answer that finds nothing may lag, and work ends because of it.
    """
    try:
        return text(github.optional.rest.repos.get_branch(*place(repo), quoted(branch)).json(), "name")
    except NotFound:
        return branch if branch_sha(github, repo, branch) else None


def line_of(github: GitHub, repo: str, ref: str) -> list[str]:
    """The newest commits of a branch, itself first, each the first parent of the one before: what was pushed or merged
    there, and not what came in with a merge. Of the hundred that GitHub lists at once, so 100 at most.
    """
    rows = github.rest.repos.list_commits(*place(repo), sha=ref, per_page=PAGE_SIZE).json()
    parents = {text(row, "sha"): [text(parent, "sha") for parent in row.get("parents") or ()] for row in rows}
    line: list[str] = []
    following = next(iter(parents), "")
    while following in parents:
        line.append(following)
        following = next(iter(parents.pop(following)), "")
    return line


def protection(github: GitHub, repo: str, branch: str, *, optional: bool = False) -> Protection:
    """How `branch` is protected: by rulesets, whose approvals everyone may read, or the classic way.

    Needs contents:read and metadata:read only. Raises NotFound for an unknown branch; `optional`: there may be none.
    """
    rest = github.optional.rest if optional else github.rest
    classic = bool(rest.repos.get_branch(*place(repo), quoted(branch)).json().get("protected"))
    first = rest.repos.get_branch_rules(*place(repo), quoted(branch), per_page=PAGE_SIZE)
    rules = list(github.items(first))
    approvals = [(_approvals(rule), number(rule, "ruleset_id")) for rule in rules if rule.get("type") == "pull_request"]
    required: int | None = max([0, *(count for count, _ in approvals)])
    may_bypass = _may_bypass(github, repo, {ruleset for count, ruleset in approvals if count})
    if not required and classic and not rules:
        required = may_bypass = None
    return Protection(protected=classic or bool(rules), approvals_required=required, may_bypass=may_bypass)


def _approvals(rule: Mapping[str, Any]) -> int:
    return number(part(rule, "parameters"), "required_approving_review_count")


def _may_bypass(github: GitHub, repo: str, rulesets: set[int]) -> bool | None:
    """Whether one of `rulesets` lets whoever asks (our App) pass. Who else may takes administration:write to see."""
    known: set[bool | None] = set()
    for ruleset in sorted(rulesets):
        try:
            said = github.rest.repos.get_repo_ruleset(*place(repo), ruleset).json().get("current_user_can_bypass")
        except (NotFound, Forbidden):
            said = None  # an organisation's, or an older GitHub Enterprise Server
        known.add(None if said is None else said != "never")
    return True if True in known else None if None in known else False


def file(github: GitHub, repo: str, file_path: str, ref: str) -> bytes | None:
    """A regular file's content at `ref` (up to 100 MB); None when there is none. Links are not followed by us."""
    try:
        answer: Any = github.optional.rest.repos.get_content(*place(repo), quoted(file_path), ref=ref).json()
    except NotFound:
        return None
    if not isinstance(answer, dict) or answer.get("type") != "file":
        return None
    if answer.get("encoding") != "base64":  # above 1 MB the content is left out
        answer = github.rest.git.get_blob(*place(repo), quoted(text(answer, "sha"))).json()
    return base64.b64decode(text(answer, "content"))


def _repository(data: Any) -> Repository:
    owner = part(data, "owner")
    return Repository(
        id=number(data, "id"),
        full_name=text(data, "full_name"),
        default_branch=text(data, "default_branch"),
        private=bool(data.get("private")),
        archived=bool(data.get("archived") or data.get("disabled")),
        fork=bool(data.get("fork")),
        size_bytes=number(data, "size") * 1024,
        owner=text(owner, "login"),
        owner_is_organization=owner.get("type") == "Organization",
        has_issues=data.get("has_issues") is not False,
    )
