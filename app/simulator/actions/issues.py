"""Issues, their comments and their reactions."""

from __future__ import annotations

from app.simulator.actions.labels import add_labels, ensure_label
from app.simulator.actions.timeline import demand_unlocked, record, tell
from app.simulator.events import emit
from app.simulator.http import Json, invalid
from app.simulator.records import Account, Reaction
from app.simulator.shapes import accounts, repositories, threads
from app.simulator.state import Comment, Issue, Repository, ReviewComment
from app.simulator.world import World

BODY_LIMIT = 65_536  # characters; GitHub's own for issues, pull requests and comments


def open_issue(
    world: World,
    actor: Account,
    repo: Repository,
    *,
    title: str,
    body: str | None,
    labels: list[str],
    assignees: list[Account],
) -> Issue:
    """Open an issue; labels given with it are told one by one after `opened`."""
    issue = new_issue(world, actor, repo, title=title, body=body, assignees=assignees)
    names = [ensure_label(world, repo, name).name for name in labels]
    issue.labels = names
    tell(world, issue, "opened", actor)
    issue.labels = []
    add_labels(world, actor, issue, names)
    return issue


def new_issue(
    world: World, author: Account, repo: Repository, *, title: str, body: str | None, assignees: list[Account]
) -> Issue:
    """An issue of which nobody was told."""
    now = world.now()
    number, repo.next_number = repo.next_number, repo.next_number + 1
    issue = Issue(
        id=world.next_id(),
        number=number,
        repository=repo,
        user=author,
        title=title,
        body=body,
        created_at=now,
        updated_at=now,
        assigned=list(assignees),
    )
    repo.threads[number] = issue
    return issue


def edit_thread(world: World, actor: Account, thread: Issue, *, title: str | None, body: str | None) -> None:
    """Change title or body (None leaves one as it is)."""
    changes: Json = {}
    if title is not None and title != thread.title:
        changes["title"] = {"from": thread.title}
        record(world, thread, "renamed", actor, rename={"from": thread.title, "to": title})
        thread.title = title
    if body is not None and body != thread.body:
        changes["body"] = {"from": thread.body or ""}
        thread.body, thread.updated_at = body, world.now()
    if changes:
        tell(world, thread, "edited", actor, changes=changes)


def close_issue(world: World, actor: Account, issue: Issue, reason: str = "completed") -> None:
    """Close an issue; closing a closed one does nothing."""
    if issue.state == "closed":
        return
    issue.state, issue.state_reason = "closed", reason
    issue.closed_at, issue.closed_by = world.now(), actor
    record(world, issue, "closed", actor)
    tell(world, issue, "closed", actor)


def reopen_issue(world: World, actor: Account, issue: Issue) -> None:
    """Open a closed issue again."""
    if issue.state == "open":
        return
    issue.state, issue.state_reason, issue.closed_at, issue.closed_by = "open", "reopened", None, None
    record(world, issue, "reopened", actor)
    tell(world, issue, "reopened", actor)


def assign(world: World, actor: Account, thread: Issue, people: list[Account]) -> None:
    """Assign people; those without access are left out silently, as GitHub does."""
    for person in people:
        if person in thread.assigned or not world.is_member(thread.repository, person):
            continue
        thread.assigned.append(person)
        record(world, thread, "assigned", actor, assignee=person, assigner=actor)
        tell(world, thread, "assigned", actor, assignee=accounts.user(world, person))


def unassign(world: World, actor: Account, thread: Issue, people: list[Account]) -> None:
    """Take assignments back."""
    for person in people:
        if person in thread.assigned:
            thread.assigned.remove(person)
            record(world, thread, "unassigned", actor, assignee=person, assigner=actor)
            tell(world, thread, "unassigned", actor, assignee=accounts.user(world, person))


def lock(world: World, actor: Account, thread: Issue) -> None:
    """Lock the conversation."""
    thread.locked = True
    record(world, thread, "locked", actor)
    tell(world, thread, "locked", actor)


def unlock(world: World, actor: Account, thread: Issue) -> None:
    """Open the conversation again."""
    thread.locked = False
    record(world, thread, "unlocked", actor)
    tell(world, thread, "unlocked", actor)


def delete_issue(world: World, actor: Account, issue: Issue) -> None:
    """Delete an issue for good."""
    tell(world, issue, "deleted", actor)
    del issue.repository.threads[issue.number]
    issue.repository.deleted.add(issue.number)


def transfer_issue(world: World, actor: Account, issue: Issue, target: Repository) -> Issue:
    """Move an issue to another repository, where it becomes a new one: with its comments, and the labels that are
    known there.
    """
    old = {
        "old_issue": threads.issue(world, issue),
        "old_repository": repositories.repository(world, issue.repository),
    }
    new = new_issue(world, issue.user, target, title=issue.title, body=issue.body, assignees=issue.assigned)
    new.labels = [name for name in issue.labels if name.lower() in target.labels]
    new.comments = issue.comments
    for comment in new.comments:
        comment.issue = new
    tell(world, new, "opened", actor, changes=old)
    changes = {
        "new_issue": threads.issue(world, new),
        "new_repository": repositories.repository(world, target),
    }
    tell(world, issue, "transferred", actor, changes=changes)
    del issue.repository.threads[issue.number]
    issue.repository.moved[issue.number] = new
    return new


def _tell_comment(world: World, action: str, actor: Account, comment: Comment, **parts: Json) -> None:
    issue = threads.issue(world, comment.issue)
    shown = threads.comment(world, comment)
    emit(world, "issue_comment", action, comment.issue.repository, actor, issue=issue, comment=shown, **parts)


def add_comment(world: World, actor: Account, thread: Issue, body: str) -> Comment:
    """Comment on an issue or pull request.

    Raises the 403 for a locked conversation and anybody without write access; an App has no role, whatever it may.
    """
    demand_unlocked(world, thread, actor)
    now = world.now()
    comment = Comment(id=world.next_id(), issue=thread, user=actor, body=body, created_at=now, updated_at=now)
    thread.comments.append(comment)
    record(world, thread, "commented", actor, comment_id=comment.id)
    _tell_comment(world, "created", actor, comment)
    return comment


def edit_comment(world: World, actor: Account, comment: Comment, body: str) -> None:
    """Replace the body of a comment; the same body again changes nothing."""
    if body == comment.body:
        return
    changes = {"body": {"from": comment.body}}
    comment.edits.append(comment.body)
    comment.body, comment.updated_at = body, world.now()
    _tell_comment(world, "edited", actor, comment, changes=changes)


def delete_comment(world: World, actor: Account, comment: Comment) -> None:
    """Delete a comment."""
    comment.issue.comments.remove(comment)
    _tell_comment(world, "deleted", actor, comment)


def react(world: World, actor: Account, target: Issue | Comment | ReviewComment, content: str) -> tuple[Reaction, bool]:
    """React; answers the reaction and whether it is new. GitHub sends no event for reactions."""
    if content not in threads.REACTIONS:
        raise invalid("Reaction", "content")
    for found in target.reactions:
        if found.user is actor and found.content == content:
            return found, False
    reaction = Reaction(id=world.next_id(), user=actor, content=content, created_at=world.now())
    target.reactions.append(reaction)
    return reaction, True
