"""Registering the App: what it asks for, the manifest that says so, and the exchange of the code for its secrets.

The flow is GitHub's "App manifest" flow: a person posts the manifest to GitHub from a form in their browser, GitHub
asks them for a name, makes the App and sends the browser back with a code, which is good for one exchange in an hour.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from app.errors import TransientError, UserError
from app.github.client import GitHub
from app.github.errors import Ambiguous, NotFound, Refused
from app.github.records import number, part, text
from app.ports.platform import Clock
from app.settings import Settings
from app.webhooks.parse import WANTED

NEEDED: Mapping[str, str] = {
    "contents": "write",
    "issues": "write",
    "pull_requests": "write",
    "checks": "write",
    "metadata": "read",
}
# Asked for as well; without them some playbooks cannot work.
USEFUL = ("actions", "statuses", "members", "merge_queues", "vulnerability_alerts", "security_events")
RERUNS: Mapping[str, str] = {"actions": "write"}  # asked for with `app create --reruns` only: failed jobs run again
NEVER = ("workflows", "administration", "secrets", "environments", "organization_administration", "single_file")
PERMISSIONS: Mapping[str, str] = {**NEEDED, **dict.fromkeys(USEFUL, "read")}

# What the App subscribes to. It is told of its own installations and deliveries in any case.
EVENTS = tuple(name for name in WANTED if name != "ping" and not name.startswith("installation"))

HOOK_PATH = "/webhooks/github"
NAME_LIMIT = 34  # characters; GitHub refuses longer names of Apps
_CODE = re.compile(r"[A-Za-z0-9_-]{1,200}")
_ORGANISATION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,98}[A-Za-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class Registered:
    """A new App. `webhook_secret` is empty when GitHub made none; the key is PEM text."""

    id: int
    slug: str
    owner: str
    url: str
    private_key: str
    webhook_secret: str

    @property
    def install_url(self) -> str:
        return f"{self.url}/installations/new"


def manifest(
    *, name: str, webhook_url: str, redirect_url: str, home_url: str, public: bool, reruns: bool = False
) -> dict[str, Any]:
    """What GitHub is asked to register. `public`: accounts other than the owner may install it; `reruns`: it may run
    failed jobs again.
    """
    return {
        "name": name,
        "url": home_url,
        "description": "A background coding agent: label an issue, review a pull request.",
        "hook_attributes": {"url": webhook_url, "active": True},
        "redirect_url": redirect_url,
        "public": public,
        "default_permissions": permissions(reruns=reruns),
        "default_events": list(EVENTS),
    }


def permissions(*, reruns: bool = False) -> dict[str, str]:
    """What it asks for."""
    return {**PERMISSIONS, **(RERUNS if reruns else {})}


def form_url(github_url: str, organisation: str, state: str) -> str:
    """Where the browser posts the manifest. Raises UserError for what is no organisation's login."""
    if organisation and not _ORGANISATION.fullmatch(organisation):
        raise UserError(f"`{organisation}` is not the login of an organisation.")
    place = f"/organizations/{quote(organisation)}" if organisation else ""
    return f"{github_url}{place}/settings/apps/new?{urlencode({'state': state})}"


def convert(settings: Settings, clock: Clock, code: str) -> Registered:
    """Exchange the code; it works once.

    Raises UserError when GitHub does not know the code, TransientError when GitHub is away: it may be tried again.
    """
    if not _CODE.fullmatch(code):
        raise UserError("What came back from GitHub is not a code.")
    try:
        with GitHub(None, settings, clock) as github:
            data = github.optional.rest.apps.create_from_manifest(code).json()
    except Ambiguous as error:
        raise TransientError("GitHub is not answering.", retry_after_seconds=5) from error
    except NotFound:
        raise UserError(
            "GitHub does not know this code: it was used already, or is older than an hour. Start again."
        ) from None
    except Refused as error:
        raise UserError(f"GitHub answered {error.status} to the exchange of the code: {error.message}.") from None
    made = Registered(
        id=number(data, "id"),
        slug=text(data, "slug"),
        owner=text(part(data, "owner"), "login"),
        url=text(data, "html_url"),
        private_key=text(data, "pem"),
        webhook_secret=text(data, "webhook_secret"),
    )
    if not (made.id and made.slug and made.private_key):
        raise UserError("GitHub made the App but did not send its id, slug and key.")
    return made
