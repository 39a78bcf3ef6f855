"""The App about itself: installations, tokens, its webhook and what was delivered to it."""

from __future__ import annotations

from app.simulator import auth
from app.simulator.deliveries import Delivery
from app.simulator.http import ApiError, Json, Response, not_found
from app.simulator.records import Installation
from app.simulator.routing import PAGE_SIZE, PAGE_SIZE_MAX, Call, Routes, bounded
from app.simulator.shapes import accounts, repositories

routes = Routes()


@routes.add("GET", "/app", auth="app")
def get_app(call: Call) -> Response:
    """The App."""
    shown = accounts.app(call.world, call.world.app)
    return Response(200, {**shown, "installations_count": len(call.world.installations)})


@routes.add("POST", "/app-manifests/{code}/conversions", auth="nobody")
def convert_manifest(call: Call) -> Response:
    """Exchange the code of an App made from a manifest for its secrets; from then on it is the App."""
    made = call.world.codes.pop(call.params["code"], None)
    if made is None:
        raise not_found()
    call.world.app = call.world.apps[made.slug] = made
    shown = accounts.app(call.world, made)
    secret = {"client_secret": "simulated", "webhook_secret": made.webhook_secret, "pem": made.private_key}
    return Response(201, {**shown, **secret})


@routes.add("GET", "/app/installations", auth="app")
def list_installations(call: Call) -> Response:
    """Where the App is installed."""
    return call.page([accounts.installation(call.world, found) for found in call.world.installations.values()])


def _installation(call: Call) -> Installation:
    found = call.world.installations.get(call.number("id"))
    if found is None:
        raise not_found()
    return found


@routes.add("GET", "/app/installations/{id}", auth="app")
def get_installation(call: Call) -> Response:
    """One installation."""
    return Response(200, accounts.installation(call.world, _installation(call)))


@routes.add("GET", "/repos/{owner}/{repo}/installation", auth="app")
def get_repository_installation(call: Call) -> Response:
    """The installation that covers a repository."""
    found = call.world.installation_of(call.repo)
    if found is None:
        raise not_found()
    return Response(200, accounts.installation(call.world, found))


@routes.add("GET", "/users/{login}/installation", auth="app")
@routes.add("GET", "/orgs/{login}/installation", auth="app")
def get_account_installation(call: Call) -> Response:
    """The installation on an account."""
    for found in call.world.installations.values():
        if found.account.login.lower() == call.params["login"].lower():
            return Response(200, accounts.installation(call.world, found))
    raise not_found()


@routes.add("POST", "/app/installations/{id}/access_tokens", auth="app")
def create_token(call: Call) -> Response:
    """A new installation token."""
    installation = _installation(call)
    if installation.suspended_at is not None:
        raise ApiError(403, "This installation has been suspended")
    ids: list[int] | None = call.body.get("repository_ids")
    names: list[str] | None = call.body.get("repositories")
    if names is not None:
        known = {repo.name.lower(): repo.id for repo in call.world.repositories_of(installation)}
        ids = (ids or []) + [known.get(name.lower(), 0) for name in names]
    token = auth.mint(call.world, installation, repository_ids=ids, permissions=call.body.get("permissions"))
    shown = None
    if ids is not None:
        reached = [call.world.repositories[number] for number in token.repository_ids or ()]
        shown = [repositories.full_repository(call.world, repo) for repo in reached]
    return Response(201, accounts.token(token, shown))


@routes.add("DELETE", "/installation/token")
def revoke_token(call: Call) -> Response:
    """Throw the calling token away."""
    assert call.token is not None
    call.token.revoked = True
    return Response(204)


@routes.add("GET", "/installation/repositories")
def list_repositories(call: Call) -> Response:
    """What the calling token reaches."""
    assert call.token is not None
    token = call.token
    mine = call.world.repositories_of(token.installation)
    reached = [repo for repo in mine if token.repository_ids is None or repo.id in token.repository_ids]
    return call.page_of(reached, lambda repo: repositories.full_repository(call.world, repo), wrap="repositories")


@routes.add("GET", "/app/hook/config", auth="app")
def get_hook(call: Call) -> Response:
    """Where deliveries go."""
    app = call.world.app
    shown = {"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": app.webhook_url}
    return Response(200, shown)


@routes.add("PATCH", "/app/hook/config", auth="app")
def update_hook(call: Call) -> Response:
    """Send deliveries elsewhere, or sign them with another secret."""
    app = call.world.app
    app.webhook_url = call.body.get("url", app.webhook_url)
    app.webhook_secret = call.body.get("secret", app.webhook_secret)
    return get_hook(call)


def _delivery(found: Delivery) -> Json:
    return {
        "id": found.id,
        "guid": found.guid,
        "delivered_at": accounts.stamp(found.delivered_at),
        "redelivery": found.redelivery,
        "duration": found.duration,
        "status": found.status_word,
        "status_code": found.status,
        "event": found.event,
        "action": found.action,
        "installation_id": found.installation_id,
        "repository_id": found.repository_id,
        "throttled_at": None,
    }


@routes.add("GET", "/app/hook/deliveries", auth="app")
def list_deliveries(call: Call) -> Response:
    """What was delivered, newest first, by cursor."""
    query = call.request.query
    size = bounded(query.get("per_page"), PAGE_SIZE, PAGE_SIZE_MAX)
    log = sorted(call.world.outbox.log, key=lambda found: -found.id)
    if status := query.get("status"):
        log = [found for found in log if (200 <= found.status < 400) == (status == "success")]
    if cursor := query.get("cursor"):
        number = bounded(cursor.removeprefix("v1_"), 1, 2**63)
        log = [found for found in log if found.id < number]
    headers = {}
    if len(log) > size:
        address = f"{call.world.api_url}/app/hook/deliveries?per_page={size}&cursor=v1_{log[size - 1].id}"
        headers["Link"] = f'<{address}>; rel="next"'
    return Response(200, [_delivery(found) for found in log[:size]], headers)


def _logged(call: Call) -> Delivery:
    number = call.number("id")
    for found in call.world.outbox.log:
        if found.id == number:
            return found
    raise not_found()


@routes.add("GET", "/app/hook/deliveries/{id}", auth="app")
def get_delivery(call: Call) -> Response:
    """One delivery with what was sent and what was answered."""
    found = _logged(call)
    shown = _delivery(found)
    shown["url"] = call.world.app.webhook_url
    shown["request"] = {"headers": dict(found.headers), "payload": found.payload}
    shown["response"] = {"headers": {}, "payload": found.answer}
    return Response(200, shown)


@routes.add("POST", "/app/hook/deliveries/{id}/attempts", auth="app")
def redeliver(call: Call) -> Response:
    """Deliver again, under the same GUID."""
    call.world.outbox.redeliver(_logged(call))
    return Response(202, {})


@routes.add("GET", "/rate_limit", auth="either")
def rate_limit(call: Call) -> Response:
    """How much may still be asked."""
    rate = {"limit": 5000, "remaining": 5000, "reset": int(call.world.now().timestamp()) + 3600, "used": 0}
    kinds = ("core", "search", "graphql", "integration_manifest", "code_search")
    return Response(200, {"resources": {kind: dict(rate) for kind in kinds}, "rate": rate})


@routes.add("GET", "/users/{login}", auth="either")
def get_user(call: Call) -> Response:
    """An account."""
    return Response(200, accounts.full_user(call.world, call.world.find_account(call.params["login"])))


@routes.add("GET", "/orgs/{login}")
def get_organization(call: Call) -> Response:
    """An organisation."""
    account = call.world.find_account(call.params["login"])
    if account.type != "Organization":
        raise not_found()
    return Response(200, accounts.full_organization(call.world, account))
