"""What `doctor` looks at on GitHub: the App, what it may do, what it hears, and whether people guard the branches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import httpx

from app import wiring
from app.cli import doctor_cloud
from app.cli.finding import Finding
from app.errors import LamplighterError, UserError
from app.github import app as apps
from app.github import repositories
from app.github.access import Access
from app.github.client import GitHub
from app.github.errors import server_time
from app.github.registration import EVENTS, HOOK_PATH, NEEDED, NEVER, PERMISSIONS, RERUNS, USEFUL
from app.jobs.job import Thread
from app.settings import Settings

SKEW_SECONDS = 60.0  # as much as the App's tokens allow for
MOST_REPOSITORIES = 50

_PAGE = "on the App's settings page under Permissions & events"


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything that can be seen; never raises."""
    yield from _settings(settings)
    yield from _clock(settings)
    if not settings.app_id or not settings.private_key:
        return
    try:
        platform = wiring.platform(settings)
        access = wiring.access(platform)
        found = apps.this_app(access.app.client)
    except LamplighterError as error:
        mend = "Check LAMPLIGHTER_APP_ID, LAMPLIGHTER_PRIVATE_KEY (one belongs to the other) and the API address."
        yield Finding(name="app", level="broken", text=str(error), mend=mend)
        return
    yield from _identity(settings, found)
    yield from _permissions(found.permissions)
    yield _events(found.events)
    yield from _hook(access.app.client, in_cloud=settings.platform == "aws")
    yield from _installations(access, found.permissions)


def _settings(settings: Settings) -> Iterator[Finding]:
    if not settings.webhook_secrets:
        mend = "Set LAMPLIGHTER_WEBHOOK_SECRET to the secret of the App's webhook; `serve` does not start without one."
        yield Finding(name="webhook secret", level="broken", text="is not set", mend=mend)
    elif min(len(secret) for secret in settings.webhook_secrets) < 16:
        mend = "Make a long one: openssl rand -hex 32"
        yield Finding(name="webhook secret", level="warn", text="is short enough to be guessed", mend=mend)
    else:
        yield Finding(name="webhook secret", level="ok", text="is set")
    for name, value in (("LAMPLIGHTER_APP_ID", settings.app_id), ("LAMPLIGHTER_PRIVATE_KEY", settings.private_key)):
        if not value:
            mend = "Register a GitHub App: `lamplighter app create`; `lamplighter run` works without one."
            yield Finding(name="app", level="broken", text=f"{name} is not set", mend=mend)


def _clock(settings: Settings) -> Iterator[Finding]:
    try:
        answer = httpx.get(f"{settings.github_api_url}/rate_limit", timeout=10.0)
    except httpx.HTTPError as error:
        text = f"{settings.github_api_url} is not reachable ({type(error).__name__})"
        yield Finding(name="github", level="broken", text=text, mend="Check the network and the proxy settings.")
        return
    yield Finding(name="github", level="ok", text=f"{settings.github_api_url} answers")
    theirs = server_time(answer.headers)
    if theirs is not None:
        skew = abs((datetime.now(UTC) - theirs).total_seconds())
        if skew > SKEW_SECONDS:
            text = f"is {skew:.0f} s away from GitHub's"
            yield Finding(name="clock", level="broken", text=text, mend="Set the time: sudo timedatectl set-ntp true")
        else:
            yield Finding(name="clock", level="ok", text="agrees with GitHub's")


def _identity(settings: Settings, found: apps.App) -> Iterator[Finding]:
    if found.slug != settings.app_slug:
        text = f"GitHub calls it `{found.slug}`, LAMPLIGHTER_APP_SLUG says `{settings.app_slug}`"
        mend = f"Set LAMPLIGHTER_APP_SLUG={found.slug}; the bot knows its own comments by it."
        yield Finding(name="app", level="broken", text=text, mend=mend)
    elif settings.app_id not in {str(found.id), found.slug}:
        yield Finding(name="app", level="warn", text=f"its id is {found.id}", mend=f"Set LAMPLIGHTER_APP_ID={found.id}")
    else:
        yield Finding(name="app", level="ok", text=f"{found.slug} (id {found.id}) of {found.owner}")


def _is_used(name: str, level: str) -> bool:
    return name in PERMISSIONS and (level == "read" or level in {PERMISSIONS[name], RERUNS.get(name)})


def _permissions(granted: Mapping[str, str]) -> Iterator[Finding]:
    few = [f"{name}: {level}" for name, level in NEEDED.items() if not _covers(granted.get(name), level)]
    less = [f"{name}: read" for name in USEFUL if name not in granted]
    never = sorted(name for name in granted if name in NEVER or name.endswith("secrets"))
    more = sorted(
        f"{name}: {level}" for name, level in granted.items() if name not in never and not _is_used(name, level)
    )
    if few:
        text = f"too few: {', '.join(few)} missing"
        yield Finding(name="permissions", level="broken", text=text, mend=f"Grant them {_PAGE}.")
    if never:
        text = f"too many: {', '.join(never)} must never be granted"
        yield Finding(name="permissions", level="broken", text=text, mend=f"Take them away {_PAGE}.")
    if more:
        text = f"more than is used: {', '.join(more)}"
        yield Finding(name="permissions", level="warn", text=text, mend=f"Take them away {_PAGE}.")
    if less:
        text = f"{', '.join(less)} missing"
        yield Finding(name="permissions", level="warn", text=text, mend=f"Grant them {_PAGE} for alerts and CI.")
    if not few and not never and not more and not less:
        yield Finding(name="permissions", level="ok", text="what is needed and nothing else")


def _covers(granted: str | None, needed: str) -> bool:
    return granted in {"write", "admin"} or (granted == "read" and needed == "read")


def _events(subscribed: tuple[str, ...]) -> Finding:
    missing = [name for name in EVENTS if name not in subscribed]
    if missing:
        text = f"not subscribed: {', '.join(missing)}"
        return Finding(name="events", level="broken", text=text, mend=f"Subscribe to them {_PAGE}.")
    return Finding(name="events", level="ok", text="all that are needed are subscribed")


def _hook(github: GitHub, *, in_cloud: bool) -> Iterator[Finding]:
    try:
        hook = github.rest.apps.get_webhook_config_for_app().json()
    except LamplighterError as error:
        yield Finding(name="webhook", level="broken", text=str(error), mend="Activate the webhook of the App.")
        return
    url = str(hook.get("url") or "")
    wrong: list[tuple[str, str]] = []
    if not url:
        wrong.append(("has no address", "Set it to https://YOUR-HOST/webhooks/github; polling needs an address too."))
    elif not url.endswith(HOOK_PATH):
        wrong.append((f"{url} does not end with /webhooks/github", "Correct it on the App's settings page."))
    if hook.get("content_type") != "json":
        wrong.append((f"sends {hook.get('content_type')}", "Set the content type to application/json."))
    if not hook.get("secret"):
        wrong.append(("has no secret", "Set the one that is in LAMPLIGHTER_WEBHOOK_SECRET."))
    for text, mend in wrong:
        yield Finding(name="webhook", level="broken", text=text, mend=mend)
    if str(hook.get("insecure_ssl", "0")) != "0":
        yield Finding(name="webhook", level="warn", text="does not check certificates", mend="Enable SSL verification.")
    if not wrong:
        yield Finding(name="webhook", level="ok", text=f"delivers JSON to {url}")
        if in_cloud:
            yield doctor_cloud.door(url)


def _installations(access: Access, permissions: Mapping[str, str]) -> Iterator[Finding]:
    try:
        found = list(apps.installations(access.app.client))
    except LamplighterError as error:
        yield Finding(name="installations", level="broken", text=str(error))
        return
    if not found:
        text = "the App is installed nowhere"
        yield Finding(name="installations", level="warn", text=text, mend="Install it on a repository.")
    for installation in found:
        name = f"installation on {installation.account}"
        lacking = [item for item, level in NEEDED.items() if not _covers(installation.permissions.get(item), level)]
        if installation.suspended:
            yield Finding(name=name, level="warn", text="is suspended", mend="Its owner can end that.")
            continue
        if lacking and all(item in permissions for item in lacking):
            mend = "Its owner has to accept the new permissions."
            yield Finding(name=name, level="broken", text=f"has not granted {', '.join(lacking)}", mend=mend)
        try:
            yield from _repositories(access, installation.id)
        except LamplighterError as error:
            yield Finding(name=name, level="warn", text=f"its repositories cannot be listed: {error}")


def _repositories(access: Access, installation_id: int) -> Iterator[Finding]:
    """Whether each default branch asks for a person."""
    with access.listing(installation_id) as github:
        listed = list(repositories.reachable(github, limit=MOST_REPOSITORIES))
    for row in listed:
        name, branch = row.full_name, row.default_branch
        thread = Thread(installation_id=installation_id, repository_id=row.id, repository=name, number=0)
        mend = f"Protect `{branch}`: require a pull request with at least one approval (a ruleset can be read by all)."
        try:
            with access.asking(thread) as github:
                found = repositories.protection(github, name, branch)
        except UserError:
            yield Finding(name=name, level="warn", text=f"`{branch}` has no commit or cannot be seen")
            continue
        if found.approvals_required:
            text = f"`{branch}` asks for {found.approvals_required} approval(s)"
            yield _bypass(name, text) if found.may_bypass else Finding(name=name, level="ok", text=text)
        elif found.protected and found.approvals_required is None:
            text = f"`{branch}` is protected, but only an administrator can see whether a person must approve"
            yield Finding(name=name, level="warn", text=text, mend="Check it, or use a ruleset.")
        else:
            yield Finding(name=name, level="warn", text=f"`{branch}` asks for no person's approval", mend=mend)


def _bypass(name: str, text: str) -> Finding:
    text += ", and the App is on the bypass list of the ruleset that does"
    return Finding(name=name, level="warn", text=text, mend="Take it off: Settings → Rules → Rulesets → Bypass list.")
