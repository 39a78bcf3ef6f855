"""Bytes → Event, tolerantly: GitHub adds, drops and nulls fields, and its own examples break strict models."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from app.errors import Rejected
from app.jobs.job import Source, Thread
from app.webhooks import checks
from app.webhooks.events import (
    CommentEvent,
    Event,
    IncompleteEvent,
    InstallationEvent,
    PlainEvent,
    RepositoryEvent,
    ThreadEvent,
)
from app.webhooks.fields import (
    BODY_BYTES,
    COMMENT_BYTES,
    TITLE_BYTES,
    Missing,
    dig,
    label,
    labels,
    number,
    part,
    person,
    text,
    url,
    word,
)
from app.webhooks.places import repository_of, thread_of

_REPOSITORIES = 1_000  # more are not listed in a job but looked up: an organisation may add ten thousand at once


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def parse(name: str, body: bytes) -> Event:
    """Read a delivery of event `name`, one of `WANTED`.

    Raises Rejected 400 when `body` is not UTF-8, not JSON, nested too deeply or not an object. A payload that lacks
    fields or has other types in them is not an error: it becomes an IncompleteEvent.
    """
    payload = _load(body)
    action = word(payload.get("action"))
    try:
        return WANTED[name](name, action, payload)
    except Missing as missing:
        return IncompleteEvent(name=name, action=action, missing=str(missing))


def _load(body: bytes) -> Mapping[str, Any]:
    try:
        # The decoder stops by itself at the interpreter's recursion limit, in no time and without harm: no second
        # pass over the body is needed to hold a depth.
        payload = _DECODER.decode(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise Rejected(400, "The body is not UTF-8.") from None
    except RecursionError:
        raise Rejected(400, "The JSON in the body is nested too deeply.") from None
    except ValueError:
        raise Rejected(400, "The body is not JSON.") from None
    if not isinstance(payload, dict):
        raise Rejected(400, "The body is JSON, but not an object.")
    return payload


# ---------------------------------------------------------------- events


def _issues(name: str, action: str, payload: Mapping[str, Any]) -> Event:
    issue = part(payload, "issue")
    return ThreadEvent(
        name=name,
        action=action,
        thread=thread_of(payload, issue, is_pull_request="pull_request" in issue),
        sender=person(payload.get("sender")),
        source=_source(issue),
        labels=labels(issue),
        label=label(payload.get("label")),
        **_standing(issue),
    )


def _pull_request(name: str, action: str, payload: Mapping[str, Any]) -> Event:
    pull = part(payload, "pull_request")
    return ThreadEvent(
        name=name,
        action=action,
        thread=thread_of(payload, pull, is_pull_request=True),
        sender=person(payload.get("sender")),
        source=_source(pull),
        labels=labels(pull),
        label=label(payload.get("label")),
        merged=pull.get("merged") is True,
        base=text(dig(pull, "base", "ref"), TITLE_BYTES) if dig(payload, "changes", "base", "ref") else "",
        **_standing(pull),
    )


def _issue_comment(name: str, action: str, payload: Mapping[str, Any]) -> Event:
    issue = part(payload, "issue")
    is_pull_request = isinstance(issue.get("pull_request"), dict)
    return _comment(name, action, payload, issue, part(payload, "comment"), is_pull_request=is_pull_request)


def _review(name: str, action: str, payload: Mapping[str, Any]) -> Event:
    pull = part(payload, "pull_request")
    return _comment(name, action, payload, pull, part(payload, "review"), is_pull_request=True)


def _review_comment(name: str, action: str, payload: Mapping[str, Any]) -> Event:
    pull = part(payload, "pull_request")
    return _comment(name, action, payload, pull, part(payload, "comment"), is_pull_request=True)


def _comment(
    name: str,
    action: str,
    payload: Mapping[str, Any],
    subject: Mapping[str, Any],
    comment: Mapping[str, Any],
    *,
    is_pull_request: bool,
) -> Event:
    return CommentEvent(
        name=name,
        action=action,
        thread=thread_of(payload, subject, is_pull_request=is_pull_request),
        sender=person(payload.get("sender")),
        source=_source(subject, comment),
        labels=labels(subject),
        review_state=word(comment.get("state")).lower(),
        via_app=word(dig(comment, "performed_via_github_app", "slug")),
        **_standing(subject),
    )


def _installation(name: str, action: str, payload: Mapping[str, Any]) -> Event:
    installation_id = number(dig(payload, "installation", "id"))
    if not installation_id:
        raise Missing("installation.id")
    account = dig(payload, "account") or dig(payload, "installation", "account")
    return InstallationEvent(
        name=name,
        action=action,
        thread=Thread(installation_id=installation_id, repository_id=0, repository=person(account).login, number=0),
        sender=person(payload.get("sender")),
        repositories=_gained(payload.get("repositories_added")),
    )


def _gained(rows: Any) -> tuple[int, ...]:
    """Ids of repositories; none when they are more than a job carries or one of them cannot be read."""
    if not isinstance(rows, list) or len(rows) > _REPOSITORIES:
        return ()
    ids = tuple(number(dig(row, "id")) for row in rows)
    return ids if all(ids) else ()


def _whole_repository(_name: str, action: str, payload: Mapping[str, Any]) -> Event:
    return RepositoryEvent(
        action=action, thread=Thread(**repository_of(payload), number=0), sender=person(payload.get("sender"))
    )


def _plain(name: str, action: str, _payload: Mapping[str, Any]) -> Event:
    return PlainEvent(name=name, action=action)


# Everything else is dropped by its header, before anything is parsed.
WANTED: Mapping[str, Callable[[str, str, Mapping[str, Any]], Event]] = {
    "ping": _plain,
    "issues": _issues,
    "issue_comment": _issue_comment,
    "pull_request": _pull_request,
    "pull_request_review": _review,
    "pull_request_review_comment": _review_comment,
    "check_run": checks.check_run,
    "check_suite": checks.check_suite,
    "workflow_run": checks.workflow_run,
    "merge_group": checks.merge_group,
    "status": checks.status,
    "installation": _installation,
    "installation_repositories": _installation,
    "installation_target": _installation,
    "repository": _whole_repository,
}


# ---------------------------------------------------------------- parts


def _standing(subject: Mapping[str, Any]) -> dict[str, Any]:
    return {"is_open": subject.get("state") != "closed", "is_locked": subject.get("locked") is True}


def _source(subject: Mapping[str, Any], comment: Mapping[str, Any] | None = None) -> Source:
    return Source(
        title=text(subject.get("title"), TITLE_BYTES),
        body=text(subject.get("body"), BODY_BYTES),
        comment=text(comment.get("body"), COMMENT_BYTES) if comment else "",
        comment_id=(number(comment.get("id")) or None) if comment else None,
        url=url((comment or subject).get("html_url")),
        author=person(subject.get("user")).login,
    )
