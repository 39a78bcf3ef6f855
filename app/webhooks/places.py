"""Where it happened: the repository and the thread of a payload. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.jobs.job import Thread
from app.webhooks.fields import Missing, dig, number, part

_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")


def repository_of(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The first three fields of a Thread. Installation 0: no usable one is named, as by a repository's own webhook."""
    repository = part(payload, "repository")
    full_name = repository.get("full_name")
    repository_id = number(repository.get("id"))
    if not isinstance(full_name, str) or not _REPOSITORY.fullmatch(full_name):
        raise Missing("repository.full_name")
    if not repository_id:
        raise Missing("repository.id")
    return {
        "installation_id": number(dig(payload, "installation", "id")),
        "repository_id": repository_id,
        "repository": full_name,
    }


def thread_of(payload: Mapping[str, Any], subject: Mapping[str, Any], *, is_pull_request: bool) -> Thread:
    """That of an issue or a pull request. Raises Missing."""
    found = number(subject.get("number"))
    if not found:
        raise Missing("number")
    return Thread(**repository_of(payload), number=found, is_pull_request=is_pull_request)


def thread_of_commit(payload: Mapping[str, Any], pulls: Any) -> Thread:
    """The first of the pull requests of a commit that is into this repository; number 0 when there is none."""
    repository = repository_of(payload)
    for pull in pulls if isinstance(pulls, list) else ():
        if number(dig(pull, "base", "repo", "id")) in {0, repository["repository_id"]} and number(dig(pull, "number")):
            return Thread(**repository, number=number(dig(pull, "number")), is_pull_request=True)
    return Thread(**repository, number=0)
