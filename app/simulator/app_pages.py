"""Pages on which a person makes an App from a manifest and installs it, as on GitHub."""

from __future__ import annotations

import json
import re
import secrets
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

from app.simulator import auth
from app.simulator.actions import installations
from app.simulator.http import ApiError, Request, not_found
from app.simulator.records import AppRegistration
from app.simulator.world import World

NAME_LIMIT = 34
_NEW = re.compile(r"(?:organizations/([^/]+)/)?settings/apps/new")
_INSTALL = re.compile(r"apps/([^/]+)/installations/new")
_MANIFEST_WORDS = {
    *("name", "url", "description", "hook_attributes", "redirect_url", "callback_urls", "setup_url", "public"),
    *("default_permissions", "default_events", "request_oauth_on_install", "setup_on_update"),
}


def page(world: World, path: str) -> tuple[str, str] | None:
    """Title and HTML of a page about Apps; None for other addresses."""
    if match := _INSTALL.fullmatch(path):
        app = world.apps.get(match[1])
        if app is None:
            raise not_found()
        logins = dict.fromkeys(repo.owner.login for repo in world.repositories.values())
        options = "".join(f"<option>{escape(login)}</option>" for login in logins)
        body = f"<form method=post><select name=account>{options}</select> <button>Install</button></form>"
        return f"Install {app.slug}", body
    return None


def change(world: World, request: Request, fields: dict[str, str]) -> tuple[str, str] | str | None:
    """What a form about Apps does: a further page (title, HTML), an address to go to, or None for other addresses."""
    path = request.path.strip("/")
    if match := _NEW.fullmatch(path):
        return _register(world, request, match[1] or "", fields)
    if match := _INSTALL.fullmatch(path):
        owner = world.find_account(fields.get("account", ""))
        mine = [repo for repo in world.repositories.values() if repo.owner is owner]
        if mine:
            person = next(iter(world.person_roles))
            installations.install(world, world.account(person), mine[0], selects_all=True)
        return "/"
    return None


def comes_from_elsewhere(request: Request) -> bool:
    """Whether this form may be posted from another site: only the manifest's, which a person still has to confirm."""
    return bool(_NEW.fullmatch(request.path.strip("/"))) and b"confirmed=" not in request.body


def _register(world: World, request: Request, organisation: str, fields: dict[str, str]) -> tuple[str, str] | str:
    manifest = _manifest(fields)
    state = request.query.get("state", "")
    if "confirmed" not in fields:
        hidden = f"<input type=hidden name=manifest value='{escape(fields['manifest'], quote=True)}'>"
        where = f" for {escape(organisation)}" if organisation else ""
        form = f"<form method=post>{hidden}<input type=hidden name=confirmed value='yes'>"
        name = f"<input name=name value='{escape(str(manifest['name']), quote=True)}'>"
        return f"Create GitHub App{where}", f"{form}{name} <button>Create GitHub App</button></form>"
    name = fields.get("name") or str(manifest["name"])
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not slug or len(name) > NAME_LIMIT or (slug in world.apps and world.apps[slug] is not world.app):
        raise ApiError(422, "Name is not available.")
    code = secrets.token_hex(20)
    world.codes[code] = _made(world, manifest, slug, organisation)
    target = str(manifest["redirect_url"])
    return f"{target}{'&' if '?' in target else '?'}{urlencode({'code': code, 'state': state})}"


def _manifest(fields: dict[str, str]) -> dict[str, Any]:
    """Raises the 422 for what GitHub would not take."""
    try:
        manifest = json.loads(fields.get("manifest", ""))
    except ValueError:
        raise ApiError(422, "The manifest is not JSON.") from None
    if unknown := set(manifest) - _MANIFEST_WORDS:
        raise ApiError(422, f"The manifest has unknown words: {sorted(unknown)}")
    for name in ("url", "redirect_url"):
        if not urlsplit(str(manifest.get(name, ""))).netloc:
            raise ApiError(422, f"{name} must be a URL")
    if not urlsplit(str(manifest.get("hook_attributes", {}).get("url", ""))).netloc:
        raise ApiError(422, "Hook url cannot be blank")
    return dict(manifest)


def _made(world: World, manifest: dict[str, Any], slug: str, organisation: str) -> AppRegistration:
    private_key, public_key = auth.new_key_pair()
    kind = "Organization" if organisation else "User"
    login = organisation or next(iter(world.person_roles))
    return AppRegistration(
        id=world.next_id(),
        slug=slug,
        owner=world.account(login, kind),
        bot=world.account(f"{slug}[bot]", "Bot"),
        created_at=world.now(),
        permissions=dict(manifest.get("default_permissions", {})),
        events=list(manifest.get("default_events", [])),
        private_key=private_key,
        public_key=public_key,
        webhook_secret=secrets.token_hex(20),
        webhook_url=str(manifest["hook_attributes"]["url"]),
    )
