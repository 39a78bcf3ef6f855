"""Webhook payloads have at least the fields that all of GitHub's examples of the same event have."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

from app.simulator import Delivery, Repository, Simulator

EXAMPLES = Path(__file__).parents[2] / "corpora" / "webhooks-examples.json.gz"
# Fields GitHub has since dropped, or that depend on who owns the repository.
OPTIONAL = {"enterprise", "organization", "installation", "requester", "license"}
OBJECTS = (
    *("issue", "comment", "pull_request", "review", "repository", "sender", "installation", "label"),
    *("check_run", "check_suite", "head_commit", "changes", "organization", "assignee", "requested_reviewer"),
    *("workflow_run", "workflow", "workflow_job", "thread", "commit", "merge_group"),
)


@cache
def examples() -> dict[tuple[str, str | None], list[dict[str, Any]]]:
    found = defaultdict(list)
    for event, payload in json.loads(gzip.decompress(EXAMPLES.read_bytes())):
        found[event, payload.get("action")].append(payload)
    return found


def missing(delivery: Delivery) -> list[str]:
    """The names all examples of the event have and the delivery lacks."""
    known = examples().get((delivery.event, delivery.action), [])
    lacking: list[str] = []
    for where in ("", *OBJECTS):
        theirs = [found.get(where) if where else found for found in known]
        ours = delivery.payload.get(where) if where else delivery.payload
        if not theirs or not all(isinstance(found, dict) for found in theirs) or not isinstance(ours, dict):
            continue
        names = set.intersection(*(set(found) for found in theirs)) - set(ours) - OPTIONAL
        lacking += [f"{delivery.event}.{delivery.action} {where}.{name}" for name in sorted(names)]
    return lacking


def live(github: Simulator, repo: Repository, bot: Any) -> None:
    """A day on which nearly everything happens, and the App hears of all of it."""
    github.world.installation_of(repo).permissions["merge_queues"] = "read"
    issue = github.maintainer.open_issue(repo, "One", body="Text", labels=["bug"], assignees=["carl"])
    comment = github.reader.comment(issue, "Hello")
    github.reader.edit_comment(comment, "Hello all")
    github.maintainer.edit(issue, title="First")
    github.maintainer.assign(issue, "maya")
    github.maintainer.unlabel(issue, "bug")
    github.maintainer.lock(issue)
    github.maintainer.close(issue)
    github.maintainer.reopen(issue)
    github.reader.delete_comment(comment)
    other = github.repository("acme/other", files={"a": "b"})
    github.maintainer.transfer(issue, other)
    github.maintainer.delete(other.issues[0])
    talk_about_a_pull_request(github, repo, bot)
    github.owner.suspend(repo)
    github.owner.unsuspend(repo)
    github.owner.remove_from_installation(other)
    github.owner.rename_repository(repo, "sums")
    github.owner.archive(repo)
    github.owner.archive(repo, archived=False)
    github.owner.create(repo)
    elsewhere = github.repository("umbrella/home", install=False)
    github.owner.install(elsewhere, selects_all=True)
    github.owner.transfer_repository(repo, "umbrella")
    github.owner.rename_account("umbrella", "parasol")
    github.owner.uninstall(repo)


def talk_about_a_pull_request(github: Simulator, repo: Repository, bot: Any) -> None:
    """It is opened, checked, reviewed, sent elsewhere and merged."""
    sha = bot.branch("topic", {"a.txt": "a"})
    bot("POST", "/pulls", {"head": "topic", "base": "main", "title": "x", "draft": True})
    [pull] = repo.pulls
    github.maintainer.ready_for_review(pull)
    github.maintainer.convert_to_draft(pull)
    github.maintainer.label(pull, "agent:done")
    bot("POST", f"/pulls/{pull.number}/requested_reviewers", {"reviewers": ["maya"]})
    github.maintainer.review(pull, "changes_requested", "Again", comments=[("a.txt", 1, "Why?")])
    github.maintainer.comment_on_line(pull, "a.txt", 1, "/agent explain")
    github.contributor.push(repo, "topic", {"b.txt": "b"})
    button = {"label": "Stop", "description": "Stop the run", "identifier": "stop"}
    bot("POST", "/check-runs", {"name": "lamplighter", "head_sha": sha, "actions": [button]})
    github.maintainer.press(repo, repo.runs[0], "stop")
    github.maintainer.rerequest(repo, repo.runs[0])
    github.report_check(repo, sha, "test", "failure")
    run = github.ci.fail(repo, sha, log="boom")
    github.ci.rerun(repo, run, github.maintainer.account)
    github.ci.finish(repo, run)
    github.ci.status(repo, sha, "build", "error")
    review = github.maintainer.review(pull, "approved")
    github.maintainer.edit_review(pull, review, "Nice.")
    github.maintainer.dismiss_review(pull, review)
    github.maintainer.resolve(pull.review_threads[0])
    github.maintainer.unresolve(pull.review_threads[0])
    github.maintainer.push(repo, "stable", {"s.txt": "s"})
    github.maintainer.retarget(pull, "stable")
    github.maintainer.retarget(pull, "main")
    github.maintainer.unlock(pull)
    github.contributor.force_push(repo, "topic", {"b.txt": "b"})
    github.maintainer.close(pull)
    github.maintainer.reopen(pull)
    github.maintainer.ready_for_review(pull)
    github.maintainer.dequeue(repo, github.maintainer.enqueue(pull))
    github.maintainer.merge(pull)
    github.contributor.delete_branch(repo, "topic")


def test_payloads_have_the_fields_of_the_examples(github: Simulator, repo: Repository, bot: Any) -> None:
    live(github, repo, bot)
    told = {(found.event, found.action) for found in github.pending}
    assert len(told) > 50
    assert [name for delivery in github.pending for name in missing(delivery)] == []
