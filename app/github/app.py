"""The App itself: its permissions, installations and webhook deliveries. `AppAuth.client` is the client for these."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.github.client import MOST, PAGE_SIZE, GitHub, place
from app.github.errors import NotFound
from app.github.records import number, part, text, time


@dataclass(frozen=True, kw_only=True)
class App:
    """`permissions` maps a permission to `read` or `write`."""

    id: int
    slug: str
    owner: str
    permissions: Mapping[str, str]
    events: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Installation:
    id: int
    account: str
    all_repositories: bool
    permissions: Mapping[str, str]
    suspended: bool


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One attempt to deliver a webhook; redeliveries have an id of their own and the same `guid`."""

    id: int
    guid: str
    event: str
    action: str
    delivered_at: datetime
    is_redelivery: bool
    status_code: int  # 0 when nobody answered
    installation_id: int
    repository_id: int

    @property
    def arrived(self) -> bool:
        return 200 <= self.status_code < 300


@dataclass(frozen=True, kw_only=True)
class DeliveredPayload:
    """What was sent. `body` is the payload written again: equal as JSON, not byte for byte, so it has no signature."""

    guid: str
    event: str
    headers: Mapping[str, str]
    body: bytes


def this_app(github: GitHub) -> App:
    data: Mapping[str, Any] = github.rest.apps.get_authenticated().json() or {}
    return App(
        id=number(data, "id"),
        slug=text(data, "slug"),
        owner=text(part(data, "owner"), "login"),
        permissions=dict(part(data, "permissions")),
        events=tuple(data.get("events") or ()),
    )


def installations(github: GitHub) -> Iterator[Installation]:
    for row in github.items(github.rest.apps.list_installations(per_page=PAGE_SIZE)):
        yield _installation(row)


def installation(github: GitHub, installation_id: int, *, optional: bool = True) -> Installation:
    """Raises NotFound when it was removed; `optional` is false where it is known to be there."""
    rest = github.optional.rest if optional else github.rest
    return _installation(rest.apps.get_installation(installation_id).json())


def installation_of(github: GitHub, repo: str) -> Installation | None:
    """The installation that covers `repo`; None when the App is not installed there."""
    try:
        return _installation(github.optional.rest.apps.get_repo_installation(*place(repo)).json())
    except NotFound:
        return None


def deliveries(github: GitHub, *, since: datetime | None = None, limit: int = MOST) -> Iterator[Delivery]:
    """Newest first, back to `since`. GitHub keeps three days of them (seven on request)."""
    first = github.polled.rest.apps.list_webhook_deliveries(per_page=min(PAGE_SIZE, limit))
    for row in github.items(first, limit=limit):
        found = Delivery(
            id=number(row, "id"),
            guid=text(row, "guid"),
            event=text(row, "event"),
            action=text(row, "action"),
            delivered_at=time(row, "delivered_at"),
            is_redelivery=bool(row.get("redelivery")),
            status_code=number(row, "status_code"),
            installation_id=number(row, "installation_id"),
            repository_id=number(row, "repository_id"),
        )
        if since is not None and found.delivered_at < since:
            return
        yield found


def delivered_payload(github: GitHub, delivery_id: int) -> DeliveredPayload:
    """What a delivery carried. Raises NotFound when GitHub no longer keeps it."""
    data = github.optional.rest.apps.get_webhook_delivery(delivery_id).json()
    request = part(data, "request")
    return DeliveredPayload(
        guid=text(data, "guid"),
        event=text(data, "event"),
        headers={str(name): str(value) for name, value in part(request, "headers").items()},
        body=json.dumps(request.get("payload"), ensure_ascii=False, separators=(",", ":")).encode(),
    )


def redeliver(github: GitHub, delivery_id: int) -> None:
    """Ask GitHub to send it again, with the same GUID."""
    github.rest.apps.redeliver_webhook_delivery(delivery_id)


def _installation(data: Any) -> Installation:
    return Installation(
        id=number(data, "id"),
        account=text(part(data, "account"), "login"),
        all_repositories=data.get("repository_selection") == "all",
        permissions=dict(part(data, "permissions")),
        suspended=bool(data.get("suspended_at")),
    )
