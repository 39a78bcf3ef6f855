"""Who may do what: App tokens verified with the public key, installation tokens that narrow, expire and die."""

from __future__ import annotations

from typing import Any

import pytest

from app.simulator import Repository, Simulator
from app.simulator.auth import new_key_pair


def test_app_sees_itself_and_its_installations(github: Simulator, repo: Repository, api: Any) -> None:
    assert api.app("GET", "/app").json()["slug"] == "lamplighter"
    [installation] = api.app("GET", "/app/installations").json()
    assert installation["account"]["login"] == "acme"
    assert api.app("GET", f"/app/installations/{installation['id']}").json() == installation
    assert api.app("GET", "/orgs/acme/installation").json() == installation
    assert api.app("GET", "/app/installations/1").status_code == 404


def test_app_jwt_is_checked_for_real(api: Any, clock: Any) -> None:
    now = int(clock().timestamp())
    other_key, _ = new_key_pair()
    wrong = {
        "forged": api.jwt(key=other_key),
        "expired": api.jwt(exp=now - 1),
        "too long-lived": api.jwt(exp=now + 3600),
        "from the future": api.jwt(iat=now + 600),
        "no token": "nonsense",
    }
    assert {name: api.app("GET", "/app", token).status_code for name, token in wrong.items()} == dict.fromkeys(
        wrong, 401
    )
    assert api.app("GET", "/app", api.jwt(iss="99")).status_code == 404


def test_token_looks_like_todays(api: Any, repo: Repository) -> None:
    token = api.token(repo)
    assert token.startswith("ghs_12345_ey")
    assert 480 < len(token) < 560


def test_narrowed_token_reaches_only_its_repository_and_permissions(
    github: Simulator, repo: Repository, api: Any
) -> None:
    other = github.repository("acme/other", files={"a": "b"})
    token = api.token(repo, repositories=["calc"], permissions={"contents": "read"})
    assert api.call(token, "GET", "/repos/acme/calc/contents/calc.py").status_code == 200
    assert api.call(token, "GET", "/repos/acme/other").status_code == 404
    refused = api.call(token, "POST", "/repos/acme/calc/issues", {"title": "x"})
    assert (refused.status_code, refused.json()["message"]) == (403, "Resource not accessible by integration")
    assert refused.headers["x-accepted-github-permissions"] == "issues=write"
    seen = api.call(token, "GET", "/installation/repositories").json()
    assert [found["full_name"] for found in seen["repositories"]] == ["acme/calc"]
    wide = api.token(other)
    assert api.call(wide, "GET", "/installation/repositories").json()["total_count"] == 2


def test_token_cannot_be_widened(repo: Repository, api: Any) -> None:
    number = api.app("GET", "/repos/acme/calc/installation").json()["id"]
    for body in ({"permissions": {"administration": "write"}}, {"repositories": ["nothing"]}, {"repository_ids": [1]}):
        assert api.app("POST", f"/app/installations/{number}/access_tokens", **body).status_code == 422


def test_token_ends_by_time_by_revocation_and_with_the_installation(
    github: Simulator, repo: Repository, api: Any, clock: Any
) -> None:
    old = api.token(repo)
    clock.advance(minutes=61)
    assert api.call(old, "GET", "/repos/acme/calc").status_code == 401
    revoked, kept = api.token(repo), api.token(repo)
    assert api.call(revoked, "DELETE", "/installation/token").status_code == 204
    assert api.call(revoked, "GET", "/repos/acme/calc").status_code == 401
    assert api.call(kept, "GET", "/repos/acme/calc").status_code == 200
    github.owner.suspend(repo)
    assert api.call(kept, "GET", "/repos/acme/calc").status_code == 403
    github.owner.unsuspend(repo)
    github.owner.uninstall(repo)
    assert api.call(kept, "GET", "/repos/acme/calc").status_code == 401
    assert api.call("ghs_nonsense", "GET", "/repos/acme/calc").status_code == 401


def test_commenting_on_a_pull_request_needs_the_pull_request_permission(
    github: Simulator, repo: Repository, api: Any
) -> None:
    github.contributor.push(repo, "topic", {"a.txt": "a"})
    pull = github.contributor.open_pull(repo, "topic", "Add a")
    path = f"/repos/acme/calc/issues/{pull.number}/comments"
    only_issues = api.token(repo, permissions={"issues": "write"})
    assert api.call(only_issues, "POST", path, {"body": "Hello"}).status_code == 403
    only_pulls = api.token(repo, permissions={"pull_requests": "write"})
    assert api.call(only_pulls, "POST", path, {"body": "Hello"}).status_code == 201


@pytest.mark.parametrize(
    ("who", "permission", "role"),
    [
        ("olga", "admin", "admin"),
        ("maya", "write", "maintain"),
        ("carl", "write", "write"),
        ("tess", "read", "triage"),
        ("rhea", "read", "read"),
        ("otto", "none", "none"),
    ],
)
def test_permission_of_a_person(github: Simulator, api: Any, who: str, permission: str, role: str) -> None:
    private = github.repository("acme/secret", files={"a": "b"}, private=True)
    answer = api.call(api.token(private), "GET", f"/repos/acme/secret/collaborators/{who}/permission").json()
    assert (answer["permission"], answer["role_name"]) == (permission, role)


def test_everybody_reads_a_public_repository_and_roles_can_be_set(repo: Repository, bot: Any) -> None:
    assert bot("GET", "/collaborators/otto/permission").json()["role_name"] == "read"
    repo.roles["otto"] = "maintain"
    assert bot("GET", "/collaborators/otto/permission").json()["role_name"] == "maintain"
    assert bot("GET", "/collaborators/nobody/permission").status_code == 404


def test_unknown_route_fails_the_test(github: Simulator, repo: Repository, api: Any) -> None:
    from app.simulator import UnknownRoute

    token = api.token(repo)
    with pytest.raises(UnknownRoute):
        api.call(token, "GET", "/repos/acme/calc/actions/secrets")
    with pytest.raises(UnknownRoute):
        api.call(token, "GET", "https://example.org/")
    assert github.unknown_requests == ["GET /repos/acme/calc/actions/secrets: the simulated GitHub has no such route"]


def test_accounts_limits_and_archived_repositories(github: Simulator, repo: Repository, api: Any, bot: Any) -> None:
    assert api.call(bot.token, "GET", "/users/maya").json()["login"] == "maya"
    assert api.call(bot.token, "GET", "/users/lamplighter%5Bbot%5D").json()["type"] == "Bot"
    assert api.call(bot.token, "GET", "/orgs/acme").json()["login"] == "acme"
    limits = api.call(bot.token, "GET", "/rate_limit")
    assert limits.json()["rate"]["limit"] == 5000
    assert int(limits.headers["x-ratelimit-remaining"]) < 5000
    repo.archived = True
    assert bot("POST", "/issues", {"title": "x"}).status_code == 403
    assert bot("GET", "").json()["archived"] is True


def test_unchanged_answer_is_304(bot: Any) -> None:
    first = bot("GET", "")
    again = bot("GET", "", **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_an_unchanged_answer_costs_nothing_and_its_tag_is_one_token_s(bot: Any, api: Any, repo: Repository) -> None:
    first = bot("GET", "")
    again = bot("GET", "", **{"If-None-Match": first.headers["etag"]})
    assert again.headers["x-ratelimit-remaining"] == first.headers["x-ratelimit-remaining"]
    other = api.call(api.token(repo), "GET", f"/repos/{repo.full_name}", **{"If-None-Match": first.headers["etag"]})
    assert (other.status_code, other.json()) == (200, first.json())
