"""The App's identity: tokens narrowed, kept, leased, revoked; a clock that is off is followed."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from app.errors import TransientError, UserError
from app.github import app as apps
from app.github.auth import AppAuth
from app.github.client import GitHub
from app.github.errors import Invalid, NotFound, Unauthorized

READ = {"metadata": "read", "contents": "read"}


def _minted(simulator) -> int:
    return sum(request.path.endswith("/access_tokens") and request.status == 201 for request in simulator.requests)


def test_token_reaches_one_repository_with_the_permissions_asked_for(auth, simulator, repo, installation_id):
    auth.installation(installation_id, repositories=[repo.id], permissions=READ)
    asked = [request.json() for request in simulator.requests if request.path.endswith("/access_tokens")]
    assert asked == [{"repository_ids": [repo.id], "permissions": READ}]


def test_token_is_kept_until_five_minutes_before_its_end(auth, simulator, repo, installation_id, clock):
    first = auth.installation(installation_id, repositories=[repo.id], permissions=READ).token
    clock.advance(54 * 60)
    assert auth.installation(installation_id, repositories=[repo.id], permissions=READ).token == first
    clock.advance(2 * 60)
    assert auth.installation(installation_id, repositories=[repo.id], permissions=READ).token != first
    assert _minted(simulator) == 2


def test_other_permissions_are_another_token(auth, simulator, repo, installation_id):
    one = auth.installation(installation_id, repositories=[repo.id], permissions=READ).token
    two = auth.installation(installation_id, repositories=[repo.id], permissions={"metadata": "read"}).token
    assert one.value != two.value


def test_a_token_for_everything_is_never_minted(auth, installation_id):
    with pytest.raises(ValueError, match="narrowed"):
        auth.installation(installation_id, repositories=[], permissions=READ)


def test_leased_token_is_revoked_at_the_end(auth, settings, clock, simulator, repo, installation_id):
    with auth.leased(installation_id, repositories=[repo.id], permissions=READ) as token:
        github = GitHub(token, settings, clock, transport=simulator.transport())
        assert github.rest.repos.get("acme", "calc").json()["id"] == repo.id
    with pytest.raises(Unauthorized):
        github.rest.repos.get("acme", "calc").json()
    auth.revoke(token.token)  # once more: nothing happens


def test_lease_that_cannot_be_revoked_does_not_undo_the_work(auth, simulator, repo, installation_id):
    simulator.faults.add("DELETE /installation/token", status=502)
    with auth.leased(installation_id, repositories=[repo.id], permissions=READ):
        pass


def test_every_token_is_handed_to_the_redactor(auth, redactor, repo, installation_id):
    token = auth.installation(installation_id, repositories=[repo.id], permissions=READ).token
    assert token.value not in redactor.text(f"x {token.value} y")


def test_permission_the_app_was_never_granted_is_told_apart(auth, repo, installation_id):
    with pytest.raises(Invalid):
        auth.installation(installation_id, repositories=[repo.id], permissions={"workflows": "write"})


def test_unknown_installation_is_not_found(auth, repo):
    with pytest.raises(NotFound):
        auth.installation(99, repositories=[repo.id], permissions=READ)


@pytest.mark.parametrize("minutes", [-30, -9, -2, 0, 2, 9, 30])
def test_a_clock_that_is_off_is_corrected_by_the_servers(settings, clock, simulator, repo, minutes):
    class Off:
        def now(self):
            return clock.now() + timedelta(minutes=minutes)

        def sleep(self, seconds):
            clock.sleep(seconds)

    class Dated(httpx.BaseTransport):  # every answer of GitHub's tells the time
        def handle_request(self, request):
            response = simulator.transport().handle_request(request)
            response.headers["Date"] = format_datetime(clock.now(), usegmt=True)
            return response

    auth = AppAuth(settings, Off(), transport=Dated())
    assert apps.this_app(auth.client).slug == "lamplighter"


def test_wrong_key_is_refused_once_and_for_all(settings, clock, simulator, tmp_path, repo):
    from app.simulator.auth import new_key_pair

    wrong = settings._replace(private_key=new_key_pair()[0])
    with pytest.raises(Unauthorized):
        apps.this_app(AppAuth(wrong, clock, transport=simulator.transport()).client)
    assert len(simulator.requests) <= 2


@pytest.mark.parametrize(
    "change", [{"app_id": ""}, {"private_key": ""}, {"private_key": "-----BEGIN PRIVATE KEY-----"}]
)
def test_missing_or_broken_key_is_said_in_a_sentence(settings, clock, simulator, change):
    auth = AppAuth(settings._replace(**change), clock, transport=simulator.transport())
    with pytest.raises(UserError, match="LAMPLIGHTER_PRIVATE_KEY"):
        apps.this_app(auth.client)


def test_one_signature_serves_for_minutes(auth, simulator, clock):
    for _ in range(3):
        apps.this_app(auth.client)
    clock.advance(20 * 60)
    apps.this_app(auth.client)
    assert len({request.token for request in simulator.requests}) == 2


def test_a_401_to_a_kept_token_is_followed_by_another_for_all(auth, settings, clock, simulator, repo, installation_id):
    made = [auth.installation(installation_id, repositories=[repo.id], permissions=READ) for _ in range(2)]
    clients = [GitHub(one, settings, clock, transport=simulator.transport()) for one in made]
    simulator.faults.add("GET /repos/acme/calc", status=401, message="Bad credentials")
    assert [github.rest.repos.get("acme", "calc").json()["id"] for github in clients] == [repo.id, repo.id]
    kept = auth.installation(installation_id, repositories=[repo.id], permissions=READ)
    assert made[0].value() == kept.value()
    assert _minted(simulator) == 2


def test_a_fresh_token_that_is_not_known_everywhere_yet_is_waited_for(
    auth, settings, clock, simulator, repo, installation_id
):
    simulator.faults.add("GET /repos/acme/calc", status=401, times=4, message="Bad credentials")
    made = auth.installation(installation_id, repositories=[repo.id], permissions=READ)
    github = GitHub(made, settings, clock, transport=simulator.transport())
    assert github.rest.repos.get("acme", "calc").json()["id"] == repo.id
    assert sum(clock.slept) <= 5
    simulator.faults.add("GET /repos/acme/calc", status=401, times=None, message="Bad credentials")
    with pytest.raises(Unauthorized):
        github.rest.repos.get("acme", "calc")


def test_a_leased_token_that_was_refused_is_replaced_and_the_new_one_revoked(
    auth, settings, clock, simulator, repo, installation_id
):
    with auth.leased(installation_id, repositories=[repo.id], permissions=READ) as leased:
        simulator.faults.add("GET /repos/acme/calc", status=401, message="Bad credentials")
        first = leased.value()
        github = GitHub(leased, settings, clock, transport=simulator.transport())
        github.rest.repos.get("acme", "calc")
        assert leased.value() != first
    assert simulator.world.tokens[leased.value()].revoked


def test_one_401_to_the_app_itself_is_asked_again(auth, simulator, repo, installation_id):
    simulator.faults.add("POST /app/installations/*/access_tokens", status=401)
    assert auth.installation(installation_id, repositories=[repo.id], permissions=READ).value()


def test_an_app_that_github_does_not_know_is_no_refusal_of_the_request(auth, simulator, repo, installation_id):
    simulator.faults.add("POST /app/installations/*/access_tokens", status=401, times=None)
    with pytest.raises(TransientError, match="does not know the App"):
        auth.installation(installation_id, repositories=[repo.id], permissions=READ)
