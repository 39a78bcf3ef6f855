"""An App made from a manifest: a person confirms it, its code works once, and from then on it is the App."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from app.github.registration import EVENTS, PERMISSIONS
from app.simulator import Simulator, pages, registration
from app.simulator.http import Request, Response

MANIFEST = {
    "name": "Acme Lamp",
    "url": "https://acme.example",
    "hook_attributes": {"url": "https://acme.example/webhooks/github"},
    "redirect_url": "http://127.0.0.1:4000/registered",
    "default_permissions": {"metadata": "read", "issues": "write"},
    "default_events": ["issues"],
}


def post(github: Simulator, path: str, **fields: str) -> Response:
    body = urlencode(fields).encode()
    path, _, query = path.partition("?")
    headers = {"origin": "http://127.0.0.1:4000"}
    request = Request(
        method="POST", path=path, query=dict([query.split("=")] if query else []), headers=headers, body=body
    )
    if "confirmed" in fields:
        headers["origin"] = github.html_url
    return pages.answer(github.world, request)


def code_of(answer: Response) -> tuple[str, str]:
    assert answer.status == 303
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return query["code"][0], query["state"][0]


def test_simulated_app_is_the_one_we_register() -> None:
    """It may do what ours asks for and no more, and hears whatever ours wants to hear."""
    assert registration.APP_PERMISSIONS == PERMISSIONS
    assert set(EVENTS) <= set(registration.APP_EVENTS)


def test_manifest_becomes_the_app(github: Simulator, api: Any) -> None:
    new, manifest = "/organizations/acme/settings/apps/new?state=s1", json.dumps(MANIFEST)
    asked = post(github, new, manifest=manifest)
    assert asked.status == 200 and b"Create GitHub App for acme" in asked.body
    code, state = code_of(post(github, new, manifest=manifest, confirmed="yes", name="Acme Lamp"))
    assert state == "s1"
    before = github.app
    made = api.http.post(f"/app-manifests/{code}/conversions")
    assert made.status_code == 201
    assert (made.json()["slug"], made.json()["owner"]["login"]) == ("acme-lamp", "acme")
    assert github.app is not before
    assert (github.app.private_key, github.app.webhook_secret) == (made.json()["pem"], made.json()["webhook_secret"])
    assert api.app("GET", "/app").json()["slug"] == "acme-lamp"
    assert api.http.post(f"/app-manifests/{code}/conversions").status_code == 404


@pytest.mark.parametrize("change", [{"hook_attributes": {}}, {"redirect_url": "nowhere"}, {"surprise": 1}, {"url": ""}])
def test_manifest_that_github_would_not_take(github: Simulator, change: dict[str, Any]) -> None:
    answer = post(github, "/settings/apps/new?state=s", manifest=json.dumps(MANIFEST | change))
    assert answer.status == 422


def test_confirming_must_happen_on_the_page_itself(github: Simulator) -> None:
    fields = urlencode({"manifest": json.dumps(MANIFEST), "confirmed": "yes"}).encode()
    request = Request(
        method="POST", path="/settings/apps/new", headers={"origin": "http://127.0.0.1:4000"}, body=fields
    )
    assert pages.answer(github.world, request).status == 403


def test_installing_covers_everything_the_owner_has(github: Simulator) -> None:
    repos = github.organisation("acme", 3)
    post(github, f"/apps/{github.app.slug}/installations/new", account="acme", confirmed="")
    assert all(github.world.installation_of(repo) for repo in repos)
    assert [found.event for found in github.pending] == ["installation"]
