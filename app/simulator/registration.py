"""The App as it is registered with the simulated GitHub: what it may do and what it hears."""

from __future__ import annotations

import functools
import itertools
from datetime import datetime

from app.simulator import auth
from app.simulator.records import Account, AppRegistration

APP_PERMISSIONS = {
    **dict.fromkeys(("contents", "issues", "pull_requests", "checks"), "write"),
    **dict.fromkeys(("actions", "statuses", "metadata", "members"), "read"),
    **dict.fromkeys(("vulnerability_alerts", "security_events", "merge_queues"), "read"),
}
APP_EVENTS = [
    *("check_run", "check_suite", "create", "delete", "issue_comment", "issues", "label"),
    *("pull_request", "pull_request_review", "pull_request_review_comment", "pull_request_review_thread", "push"),
    *("repository", "workflow_run", "workflow_job", "status"),
    "merge_group",
]


@functools.cache
def _key_pair() -> tuple[str, str]:
    """One key for the whole process: making one takes a tenth of a second."""
    return auth.new_key_pair()


def register(
    ids: itertools.count[int],
    created_at: datetime,
    *,
    app_id: int,
    slug: str,
    webhook_secret: str,
    private_key: str | None,
    public_key: str | None,
) -> AppRegistration:
    """An App with its bot; with neither key given it gets a fresh pair, and only the public half is ever checked."""
    if private_key is None and public_key is None:
        private_key, public_key = _key_pair()
    elif private_key is not None:
        public_key = auth.public_key_of(private_key)
    return AppRegistration(
        id=app_id,
        slug=slug,
        owner=Account(id=next(ids), login="lamplighter-makers", type="Organization"),
        bot=Account(id=next(ids), login=f"{slug}[bot]", type="Bot"),
        created_at=created_at,
        permissions=dict(APP_PERMISSIONS),
        events=list(APP_EVENTS),
        private_key=private_key or "",
        public_key=public_key or "",
        webhook_secret=webhook_secret,
    )


def other_app(ids: itertools.count[int], slug: str, owner: Account, bot: Account, at: datetime) -> AppRegistration:
    """Another App, such as the one that runs CI; nobody delivers webhooks to it."""
    return AppRegistration(
        id=next(ids), slug=slug, owner=owner, bot=bot, created_at=at, permissions={"checks": "write"}, events=[]
    )
