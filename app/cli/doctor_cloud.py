"""What `doctor` looks at when the settings name the cloud: the account's parts, and whether the door answers."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from app.cli.finding import Finding
from app.errors import LamplighterError, SettingsError
from app.settings import Settings, extras

_SETTINGS = "Take the settings from the stack's output `Settings` (aws cloudformation describe-stacks)."


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything that can be seen; never raises."""
    try:
        settings.cloud.require("jobs_queue_url", "publish_queue_url", "table", "bucket", "cluster", "worker_task")
    except SettingsError as error:
        for mistake in error.mistakes:
            yield Finding(name="settings", level="broken", text=mistake, mend=_SETTINGS)
        return
    try:
        extras.require("LAMPLIGHTER_PLATFORM=aws", extras.AWS)
        from app.aws.clients import Clients
        from app.aws.inspection import examine as look

        clients = Clients()
    except LamplighterError as error:
        yield Finding(name="aws", level="broken", text=str(error))
        return
    for seen in look(settings, clients):
        yield Finding(name=seen.name, level=seen.level, text=seen.text, mend=seen.mend)


def door(url: str) -> Finding:
    """Whether the webhook's function answers where GitHub delivers."""
    healthz = url.removesuffix("/webhooks/github") + "/healthz"
    mend = "Set the App's webhook address to the stack's output `WebhookUrl`, and look at the function's log."
    try:
        answer = httpx.get(healthz, timeout=10.0)
    except httpx.HTTPError as error:
        return Finding(
            name="door", level="broken", text=f"{healthz} does not answer ({type(error).__name__})", mend=mend
        )
    if not answer.is_success:
        return Finding(name="door", level="broken", text=f"{healthz} answers {answer.status_code}", mend=mend)
    return Finding(name="door", level="ok", text=f"{healthz} answers in {answer.elapsed.total_seconds():.2f} s")
