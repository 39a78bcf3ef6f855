"""Accounts, Apps and installations as JSON."""

from __future__ import annotations

from datetime import datetime

from app.simulator.http import Json
from app.simulator.records import Account, AppRegistration, Installation, Token
from app.simulator.world import World, node_id

USER_LINKS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}


def stamp(moment: datetime | None) -> str | None:
    """A moment as GitHub writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment is not None else None


def user(world: World, account: Account) -> Json:
    """An account as it appears inside other objects."""
    url = f"{world.api_url}/users/{account.login}"
    slug = account.login.removesuffix("[bot]")
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("U", account.id),
        "avatar_url": f"https://avatars.githubusercontent.com/u/{account.id}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{world.html_url}/apps/{slug}" if account.type == "Bot" else f"{world.html_url}/{account.login}",
        **{name: url + tail for name, tail in USER_LINKS.items()},
        "type": account.type,
        "user_view_type": "public",
        "site_admin": False,
    }


def maybe_user(world: World, account: Account | None) -> Json | None:
    """An account, or null."""
    return user(world, account) if account is not None else None


def full_user(world: World, account: Account) -> Json:
    """`GET /users/LOGIN`."""
    unknown = dict.fromkeys(("company", "blog", "location", "email", "hireable", "bio", "twitter_username"))
    return {
        **user(world, account),
        "name": account.login,
        **unknown,
        **dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0),
        "created_at": "2020-01-01T00:00:00Z",
        "updated_at": "2020-01-01T00:00:00Z",
    }


def organization(world: World, account: Account) -> Json:
    """An organisation as it appears in webhook payloads."""
    url = f"{world.api_url}/orgs/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("O", account.id),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{account.id}?v=4",
        "description": "",
    }


def full_organization(world: World, account: Account) -> Json:
    """`GET /orgs/ORG`."""
    return {
        **organization(world, account),
        "has_organization_projects": True,
        "has_repository_projects": True,
        **dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0),
        "html_url": f"{world.html_url}/{account.login}",
        "type": "Organization",
        "created_at": "2020-01-01T00:00:00Z",
        "updated_at": "2020-01-01T00:00:00Z",
        "archived_at": None,
    }


def app(world: World, registration: AppRegistration) -> Json:
    """An App."""
    return {
        "id": registration.id,
        "client_id": f"Iv23{registration.id:016d}",
        "slug": registration.slug,
        "node_id": node_id("A", registration.id),
        "owner": user(world, registration.owner),
        "name": registration.slug,
        "description": None,
        "external_url": "https://lamplighter.invalid",
        "html_url": f"{world.html_url}/apps/{registration.slug}",
        "created_at": stamp(registration.created_at),
        "updated_at": stamp(registration.created_at),
        "permissions": dict(registration.permissions),
        "events": list(registration.events),
    }


def performed_via(world: World, account: Account) -> Json | None:
    """The App through which an account acted, null for people."""
    return app(world, world.app) if world.is_bot(account) else None


def installation(world: World, installed: Installation) -> Json:
    """An installation of the App."""
    return {
        "id": installed.id,
        "client_id": f"Iv23{world.app.id:016d}",
        "account": user(world, installed.account),
        "repository_selection": "all" if installed.selects_all else "selected",
        "access_tokens_url": f"{world.api_url}/app/installations/{installed.id}/access_tokens",
        "repositories_url": f"{world.api_url}/installation/repositories",
        "html_url": f"{world.html_url}/settings/installations/{installed.id}",
        "app_id": world.app.id,
        "app_slug": world.app.slug,
        "target_id": installed.account.id,
        "target_type": installed.account.type,
        "permissions": dict(installed.permissions),
        "events": list(installed.events),
        "created_at": stamp(installed.created_at),
        "updated_at": stamp(installed.updated_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": maybe_user(world, installed.suspended_by),
        "suspended_at": stamp(installed.suspended_at),
    }


def token(value: Token, repositories: list[Json] | None) -> Json:
    """A fresh installation access token; `repositories` only when it was narrowed."""
    shown: Json = {
        "token": value.value,
        "expires_at": stamp(value.expires_at),
        "permissions": dict(value.permissions),
        "repository_selection": "all" if repositories is None and value.installation.selects_all else "selected",
    }
    if repositories is not None:
        shown["repositories"] = repositories
    return shown
