"""Bytes → Event, tolerantly: GitHub adds, drops and nulls fields, and its own examples break strict models."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from app.errors import Rejected
from app.jobs import Person, Source, Thread
from app.webhooks.events import CheckRunEvent, CommentEvent, Event, IncompleteEvent, PlainEvent, ThreadEvent

# A job travels through SQS, whose messages hold 1 MiB, as ASCII JSON. GitHub's bodies hold 65,536 characters, which is
# at most 393,216 bytes of `\uXXXX` outside the astral planes. Body 400 kB + comment 250 kB + the comment once more
# inside the commands + labels and title stay below 1 MiB whatever the characters are.
BODY_BYTES = 400_000
COMMENT_BYTES = 250_000
TITLE_BYTES = 4_000
CUT = "\n[cut here: the text was too long]"

_WIDEST = 12  # bytes of one character in ASCII JSON: two `\uXXXX` outside the basic plane
_LABELS = 100  # GitHub allows 100 labels on an issue
_LABEL_CHARACTERS = 50
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_LOGIN = re.compile(r"[A-Za-z0-9_.-]{1,100}(?:\[bot\])?")
_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


class _Missing(Exception):
    """A part of the payload that its event always has."""


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def parse(name: str, body: bytes) -> Event:
    """Read a delivery of event `name`, one of `WANTED`.

    Raises Rejected 400 when `body` is not UTF-8, not JSON, nested too deeply or not an object. A payload that lacks
    fields or has other types in them is not an error: it becomes an IncompleteEvent.
    """
    payload = _load(body)
    action = _word(payload.get("action"))
    try:
        return WANTED[name](name, action, payload)
    except _Missing as missing:
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
    issue = _object(payload, "issue")
    return ThreadEvent(
        name=name,
        action=action,
        thread=_thread(payload, issue, is_pull_request="pull_request" in issue),
        sender=_person(payload.get("sender")),
        source=_source(issue),
        labels=_labels(issue),
        label=_label(payload.get("label")),
    )


def _pull_request(name: str, action: str, payload: Mapping[str, Any]) -> Event:
    pull = _object(payload, "pull_request")
    return ThreadEvent(
        name=name,
        action=action,
        thread=_thread(payload, pull, is_pull_request=True),
        sender=_person(payload.get("sender")),
        source=_source(pull),
        labels=_labels(pull),
        label=_label(payload.get("label")),
        merged=pull.get("merged") is True,
    )


def _issue_comment(name: str, action: str, payload: Mapping[str, Any]) -> Event:
    issue = _object(payload, "issue")
    is_pull_request = isinstance(issue.get("pull_request"), dict)
    return _comment(name, action, payload, issue, _object(payload, "comment"), is_pull_request=is_pull_request)


def _review(name: str, action: str, payload: Mapping[str, Any]) -> Event:
    pull = _object(payload, "pull_request")
    return _comment(name, action, payload, pull, _object(payload, "review"), is_pull_request=True)


def _review_comment(name: str, action: str, payload: Mapping[str, Any]) -> Event:
    pull = _object(payload, "pull_request")
    return _comment(name, action, payload, pull, _object(payload, "comment"), is_pull_request=True)


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
        thread=_thread(payload, subject, is_pull_request=is_pull_request),
        sender=_person(payload.get("sender")),
        source=_source(subject, comment),
        labels=_labels(subject),
        review_state=_word(comment.get("state")).lower(),
        via_app=_word(_dig(comment, "performed_via_github_app", "slug")),
    )


def _check_run(_name: str, action: str, payload: Mapping[str, Any]) -> Event:
    check = _object(payload, "check_run")
    pulls = check.get("pull_requests")
    first = pulls[0] if isinstance(pulls, list) and pulls else None
    return CheckRunEvent(
        action=action,
        thread=Thread(**_repository(payload), number=_number(_dig(first, "number")), is_pull_request=first is not None),
        sender=_person(payload.get("sender")),
        check=_text(check.get("name"), TITLE_BYTES),
        app_slug=_word(_dig(check, "app", "slug")),
        external_id=_word(check.get("external_id")),
        button=_word(_dig(payload, "requested_action", "identifier")),
        url=_url(check.get("html_url")),
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
    "check_run": _check_run,
    "installation": _plain,
    "installation_repositories": _plain,
}


# ---------------------------------------------------------------- parts


def _repository(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The first three fields of a Thread. Installation 0: none is named, as by a repository's own webhook."""
    repository = _object(payload, "repository")
    full_name = repository.get("full_name")
    repository_id = _number(repository.get("id"))
    if not isinstance(full_name, str) or not _REPOSITORY.fullmatch(full_name):
        raise _Missing("repository.full_name")
    if not repository_id:
        raise _Missing("repository.id")
    return {
        "installation_id": _number(_dig(payload, "installation", "id")),
        "repository_id": repository_id,
        "repository": full_name,
    }


def _thread(payload: Mapping[str, Any], subject: Mapping[str, Any], *, is_pull_request: bool) -> Thread:
    number = _number(subject.get("number"))
    if not number:
        raise _Missing("number")
    return Thread(**_repository(payload), number=number, is_pull_request=is_pull_request)


def _source(subject: Mapping[str, Any], comment: Mapping[str, Any] | None = None) -> Source:
    return Source(
        title=_text(subject.get("title"), TITLE_BYTES),
        body=_text(subject.get("body"), BODY_BYTES),
        comment=_text(comment.get("body"), COMMENT_BYTES) if comment else "",
        comment_id=(_number(comment.get("id")) or None) if comment else None,
        url=_url((comment or subject).get("html_url")),
        author=_person(subject.get("user")).login,
    )


def _person(value: Any) -> Person:
    """Who; login `ghost` and id 0 when the payload does not say (deleted accounts are null)."""
    login = _dig(value, "login")
    if not isinstance(login, str) or not _LOGIN.fullmatch(login):
        return Person(login="ghost", id=0, type="")
    return Person(login=login, id=_number(_dig(value, "id")), type=_word(_dig(value, "type")))


def _labels(subject: Mapping[str, Any]) -> tuple[str, ...]:
    labels = subject.get("labels")
    names = [_label(label) for label in labels[:_LABELS]] if isinstance(labels, list) else []
    return tuple(name for name in names if name)


def _label(value: Any) -> str:
    name = _dig(value, "name")
    return _scalars(name[:_LABEL_CHARACTERS]) if isinstance(name, str) else ""


def _object(payload: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = payload.get(key)
    if not isinstance(value, dict):
        raise _Missing(key)
    return value


def _dig(value: Any, *keys: str) -> Any:
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _number(value: Any) -> int:
    """A positive 63-bit integer, else 0."""
    return value if type(value) is int and 0 < value < 2**63 else 0


def _word(value: Any) -> str:
    """A short identifier, else nothing: it ends up in log lines and reasons."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""


def _url(value: Any) -> str:
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) and len(value) < 2000 else ""


def _text(value: Any, limit_bytes: int) -> str:
    """Text that takes at most `limit_bytes` in ASCII JSON, cut visibly; null and other types are empty."""
    if not isinstance(value, str):
        return ""
    if len(value) * _WIDEST > limit_bytes and len(json.dumps(value)) > limit_bytes:
        value = value[: (limit_bytes - 2 * len(CUT)) // _WIDEST] + CUT
    return _scalars(value)


def _scalars(text: str) -> str:
    """Without lone surrogates, which JSON can say and UTF-8 cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")
    return text
