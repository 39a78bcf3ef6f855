"""Events about checks: what a payload says of a commit, and of a button. Each raises Missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.jobs.job import Thread
from app.webhooks.events import CheckRunEvent, ChecksEvent, Event, GroupEvent
from app.webhooks.fields import TITLE_BYTES, Missing, dig, number, part, person, text, url, word
from app.webhooks.places import repository_of, thread_of_commit

_SHA = re.compile(r"[0-9a-f]{40}")


def check_suite(name: str, action: str, payload: Mapping[str, Any]) -> Event:
    suite = part(payload, "check_suite")
    on_default = _is_default(payload, suite.get("head_branch"))
    return ChecksEvent(
        name=name,
        action=action,
        # a pull request from the default branch does not make its commits any less that branch's
        thread=thread_of_commit(payload, () if on_default else suite.get("pull_requests")),
        sender=person(payload.get("sender")),
        sha=_sha(suite.get("head_sha"), "check_suite.head_sha"),
        conclusion=word(suite.get("conclusion")),
        app_slug=word(dig(suite, "app", "slug")),
        on_default=on_default,
    )


def workflow_run(name: str, action: str, payload: Mapping[str, Any]) -> Event:
    run = part(payload, "workflow_run")
    on_default = _is_default(payload, run.get("head_branch"))
    return ChecksEvent(
        name=name,
        action=action,
        thread=thread_of_commit(payload, () if on_default else run.get("pull_requests")),
        sender=person(payload.get("sender")),
        sha=_sha(run.get("head_sha"), "workflow_run.head_sha"),
        conclusion=word(run.get("conclusion")),
        app_slug="",
        on_default=on_default,
        attempt=number(run.get("run_attempt")),
    )


def merge_group(_name: str, action: str, payload: Mapping[str, Any]) -> Event:
    return GroupEvent(
        action=action,
        thread=Thread(**repository_of(payload), number=0),
        sender=person(payload.get("sender")),
        sha=_sha(part(payload, "merge_group").get("head_sha"), "merge_group.head_sha"),
    )


def _sha(sha: Any, where: str) -> str:
    if not _SHA.fullmatch(word(sha)):
        raise Missing(where)
    return word(sha)


def status(name: str, action: str, payload: Mapping[str, Any]) -> Event:
    branches = payload.get("branches")
    return ChecksEvent(
        name=name,
        action=action,
        thread=thread_of_commit(payload, ()),
        sender=person(payload.get("sender")),
        sha=_sha(payload.get("sha"), "sha"),
        conclusion=word(payload.get("state")),
        app_slug="",
        on_default=any(
            _is_default(payload, dig(row, "name")) for row in (branches if isinstance(branches, list) else ())
        ),
    )


def _is_default(payload: Mapping[str, Any], branch: Any) -> bool:
    return bool(branch) and branch == dig(payload, "repository", "default_branch")


def check_run(_name: str, action: str, payload: Mapping[str, Any]) -> Event:
    check = part(payload, "check_run")
    return CheckRunEvent(
        action=action,
        thread=thread_of_commit(payload, check.get("pull_requests")),
        sender=person(payload.get("sender")),
        check=text(check.get("name"), TITLE_BYTES),
        app_slug=word(dig(check, "app", "slug")),
        external_id=word(check.get("external_id")),
        button=word(dig(payload, "requested_action", "identifier")),
        url=url(check.get("html_url")),
    )
