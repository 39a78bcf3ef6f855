"""Issues, pull requests, comments, reviews and reactions as JSON."""

from __future__ import annotations

from collections import Counter

from app.simulator import git_history
from app.simulator.http import Json
from app.simulator.records import Account, IssueEvent, Reaction
from app.simulator.shapes.accounts import maybe_user, performed_via, stamp, user
from app.simulator.shapes.repositories import api_url, full_repository, html_url, label_named
from app.simulator.state import Comment, Issue, Pull, Repository, Review, ReviewComment
from app.simulator.world import World, node_id

REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def association(world: World, repo: Repository, account: Account) -> str:
    """`author_association`; deliberately as coarse as GitHub's own."""
    if account is repo.owner:
        return "OWNER"
    return "COLLABORATOR" if world.is_member(repo, account) else "NONE"


def reaction(world: World, found: Reaction) -> Json:
    """One reaction."""
    return {
        "id": found.id,
        "node_id": node_id("REA", found.id),
        "user": user(world, found.user),
        "content": found.content,
        "created_at": stamp(found.created_at),
    }


def rollup(url: str, reactions: list[Reaction]) -> Json:
    """How many of each reaction."""
    counts = Counter(found.content for found in reactions)
    return {
        "url": f"{url}/reactions",
        "total_count": len(reactions),
        **{name: counts.get(name, 0) for name in REACTIONS},
    }


def _kind(thread: Issue) -> str:
    return "pull" if isinstance(thread, Pull) else "issues"


def _common(world: World, thread: Issue) -> Json:
    """The fields an issue and a pull request share."""
    repo = thread.repository
    return {
        "number": thread.number,
        "state": thread.state,
        "locked": thread.locked,
        "active_lock_reason": None,
        "title": thread.title,
        "body": thread.body,
        "user": user(world, thread.user),
        "labels": [label_named(world, repo, name) for name in thread.labels],
        "assignee": maybe_user(world, thread.assigned[0] if thread.assigned else None),
        "assignees": [user(world, account) for account in thread.assigned],
        "milestone": None,
        "created_at": stamp(thread.created_at),
        "updated_at": stamp(thread.updated_at),
        "closed_at": stamp(thread.closed_at),
        "author_association": association(world, repo, thread.user),
    }


def issue(world: World, thread: Issue) -> Json:
    """An issue, or a pull request seen as one."""
    repo = thread.repository
    url = f"{api_url(world, repo)}/issues/{thread.number}"
    page = f"{html_url(world, repo)}/{_kind(thread)}/{thread.number}"
    shown: Json = {
        "id": thread.id,
        "node_id": node_id("I", thread.id),
        "url": url,
        "repository_url": api_url(world, repo),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": page,
        **_common(world, thread),
        "state_reason": thread.state_reason,
        "comments": len(thread.comments),
        "closed_by": maybe_user(world, thread.closed_by),
        "reactions": rollup(url, thread.reactions),
        "performed_via_github_app": performed_via(world, thread.user),
        "draft": isinstance(thread, Pull) and thread.draft,
    }
    if isinstance(thread, Pull):
        shown["pull_request"] = {
            "url": f"{api_url(world, repo)}/pulls/{thread.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": stamp(thread.merged_at),
        }
    return shown


def comment(world: World, found: Comment) -> Json:
    """A comment on an issue or pull request."""
    thread = found.issue
    repo = thread.repository
    url = f"{api_url(world, repo)}/issues/comments/{found.id}"
    page = f"{html_url(world, repo)}/{_kind(thread)}/{thread.number}"
    return {
        "id": found.id,
        "node_id": node_id("IC", found.id),
        "url": url,
        "html_url": f"{page}#issuecomment-{found.id}",
        "issue_url": f"{api_url(world, repo)}/issues/{thread.number}",
        "user": user(world, found.user),
        "body": found.body,
        "created_at": stamp(found.created_at),
        "updated_at": stamp(found.updated_at),
        "author_association": association(world, repo, found.user),
        "reactions": rollup(url, found.reactions),
        "performed_via_github_app": performed_via(world, found.user),
    }


def issue_event(world: World, thread: Issue, event: IssueEvent) -> Json:
    """One event of an issue."""
    shown: Json = {
        "id": event.id,
        "node_id": node_id("IE", event.id),
        "url": f"{api_url(world, thread.repository)}/issues/events/{event.id}",
        "actor": user(world, event.actor),
        "event": event.event,
        "commit_id": None,
        "commit_url": None,
        "created_at": stamp(event.created_at),
        "performed_via_github_app": performed_via(world, event.actor),
    }
    for name, value in event.detail.items():
        shown[name] = user(world, value) if isinstance(value, Account) else value
    return shown


def _end(world: World, pull: Pull, branch: str, sha: str) -> Json:
    owner = pull.repository.owner
    return {
        "label": f"{owner.login}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": user(world, owner),
        "repo": full_repository(world, pull.repository),
    }


def pull_simple(world: World, pull: Pull) -> Json:
    """A pull request as lists and review events show it."""
    repo = pull.repository
    url = f"{api_url(world, repo)}/pulls/{pull.number}"
    page = f"{html_url(world, repo)}/pull/{pull.number}"
    as_issue = f"{api_url(world, repo)}/issues/{pull.number}"
    links = {
        "self": url,
        "html": page,
        "issue": as_issue,
        "comments": f"{as_issue}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{api_url(world, repo)}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{api_url(world, repo)}/statuses/{pull.head_sha}",
    }
    return {
        "id": pull.id,
        "node_id": node_id("PR", pull.id),
        "url": url,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": as_issue,
        **{f"{name}_url": links[name] for name in ("commits", "comments", "statuses")},
        **{f"{name}_url": links[name] for name in ("review_comments", "review_comment")},
        **_common(world, pull),
        "draft": pull.draft,
        "merged_at": stamp(pull.merged_at),
        "merge_commit_sha": pull.merge_commit_sha,
        "requested_reviewers": [user(world, account) for account in pull.requested],
        "requested_teams": [],
        "head": _end(world, pull, pull.head, pull.head_sha),
        "base": _end(world, pull, pull.base, pull.base_sha),
        "_links": {name: {"href": link} for name, link in links.items()},
        "auto_merge": None,
    }


def pull_request(world: World, pull: Pull) -> Json:
    """`GET /pulls/N`, and the pull request of `pull_request` events."""
    files = pull.files
    git = pull.repository.git
    is_clean = pull.merged or git_history.merged_tree(git, pull.base_sha, pull.head_sha) is not None
    return {
        **pull_simple(world, pull),
        "merged": pull.merged,
        "mergeable": None if pull.merged else is_clean,
        "rebaseable": None if pull.merged else is_clean,
        "mergeable_state": "draft" if pull.draft else "clean" if is_clean else "dirty",
        "merged_by": maybe_user(world, pull.merged_by),
        "comments": len(pull.comments),
        "review_comments": len(pull.review_comments),
        "maintainer_can_modify": pull.maintainer_can_modify,
        "commits": len(git_history.commits_between(git, pull.base_sha, pull.head_sha)),
        "additions": sum(file.additions for file in files),
        "deletions": sum(file.deletions for file in files),
        "changed_files": len(files),
    }


def pull_minimal(world: World, pull: Pull) -> Json:
    """A pull request as check runs show it."""

    def end(branch: str, sha: str) -> Json:
        repo = pull.repository
        return {"ref": branch, "sha": sha, "repo": {"id": repo.id, "url": api_url(world, repo), "name": repo.name}}

    return {
        "id": pull.id,
        "number": pull.number,
        "url": f"{api_url(world, pull.repository)}/pulls/{pull.number}",
        "head": end(pull.head, pull.head_sha),
        "base": end(pull.base, pull.base_sha),
    }


def review(world: World, pull: Pull, found: Review, *, in_event: bool = False) -> Json:
    """A review; webhook payloads write its state in lower case."""
    url = f"{api_url(world, pull.repository)}/pulls/{pull.number}"
    page = f"{html_url(world, pull.repository)}/pull/{pull.number}#pullrequestreview-{found.id}"
    return {
        "id": found.id,
        "node_id": node_id("PRR", found.id),
        "user": user(world, found.user),
        "body": found.body or None if in_event else found.body,
        "state": found.state.lower() if in_event else found.state,
        "html_url": page,
        "pull_request_url": url,
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        "submitted_at": stamp(found.submitted_at),
        "commit_id": found.commit_id,
        "author_association": association(world, pull.repository, found.user),
    }


def review_comment(world: World, found: ReviewComment) -> Json:
    """A comment on a line of a diff."""
    pull, repo = found.pull, found.pull.repository
    url = f"{api_url(world, repo)}/pulls/comments/{found.id}"
    pull_url = f"{api_url(world, repo)}/pulls/{pull.number}"
    page = f"{html_url(world, repo)}/pull/{pull.number}#discussion_r{found.id}"
    shown: Json = {
        "id": found.id,
        "node_id": node_id("PRRC", found.id),
        "url": url,
        "html_url": page,
        "pull_request_url": pull_url,
        "pull_request_review_id": found.review_id,
        "diff_hunk": found.diff_hunk,
        "path": found.path,
        "commit_id": found.commit_id,
        "original_commit_id": found.commit_id,
        "user": user(world, found.user),
        "body": found.body,
        "created_at": stamp(found.created_at),
        "updated_at": stamp(found.updated_at),
        "author_association": association(world, repo, found.user),
        "_links": {"self": {"href": url}, "html": {"href": page}, "pull_request": {"href": pull_url}},
        "reactions": rollup(url, found.reactions),
        "line": found.line or 1,
        "original_line": found.line or 1,
        "start_line": found.start_line,
        "original_start_line": found.start_line,
        "start_side": found.side if found.start_line else None,
        "side": found.side,
        "position": found.line or 1,
        "original_position": found.line or 1,
        "subject_type": "line",
    }
    if found.in_reply_to is not None:
        shown["in_reply_to_id"] = found.in_reply_to
    return shown
