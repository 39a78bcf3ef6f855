"""Issues, their comments and reactions as JSON, and what a pull request has in common with an issue."""

from __future__ import annotations

from collections import Counter

from app.simulator.http import Json
from app.simulator.records import Account, IssueEvent, Reaction
from app.simulator.shapes.accounts import maybe_user, performed_via, stamp, user
from app.simulator.shapes.repositories import api_url, html_url, label_named
from app.simulator.state import Comment, Issue, Pull, Repository
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


def common(world: World, thread: Issue) -> Json:
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
        **common(world, thread),
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
