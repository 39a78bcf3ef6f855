"""What is repeated, what never is, how errors are told apart, how fast it writes."""

from __future__ import annotations

import httpx
import pytest

from app.errors import TransientError
from app.github import git_data, issues, repositories
from app.github.client import GitHub, place, quoted, segment
from app.github.errors import Ambiguous, Forbidden, Invalid, NotFound, NotYet, RateLimited, Refused
from app.github.pacer import Pacer
from app.local.store import SqliteStore

COMMENTS = "/repos/acme/calc/issues/*/comments"


def _answering(settings, clock, *responses, seen=None):
    answers = iter(responses)

    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        response = next(answers)
        if isinstance(response, Exception):
            raise response
        return response

    return GitHub("token", settings, clock, transport=httpx.MockTransport(answer))


@pytest.mark.parametrize("bad", [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), httpx.Response(502)])
def test_a_read_is_repeated_with_growing_pauses(settings, clock, bad):
    github = _answering(settings, clock, bad, bad, httpx.Response(200, json={"id": 1}))
    assert github.rest.repos.get("acme", "calc").json() == {"id": 1}
    assert clock.slept == [1.0, 3.0]


def test_a_read_gives_up_after_four_times(settings, clock):
    github = _answering(settings, clock, *[httpx.Response(503)] * 4)
    with pytest.raises(TransientError, match="503"):
        github.rest.repos.get("acme", "calc").json()


@pytest.mark.parametrize("bad", [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), httpx.Response(502)])
@pytest.mark.parametrize("write", ["POST", "PATCH", "PUT"])
def test_a_write_is_never_repeated(settings, clock, bad, write):
    seen: list[httpx.Request] = []
    github = _answering(settings, clock, bad, seen=seen)
    with pytest.raises(Ambiguous):
        github.request(write, "/repos/acme/calc/labels", json={"name": "x"})
    assert len(seen) == 1


def test_lost_answer_to_a_comment_leaves_one_comment_that_can_be_found(github, simulator, repo):
    issue = simulator.maintainer.open_issue(repo, "Divide by zero")
    simulator.faults.add(f"POST {COMMENTS}", status=502, when="after")
    with pytest.raises(Ambiguous):
        issues.create_comment(github, "acme/calc", issue.number, "hello <!-- run-1 -->")
    found = issues.find_comment(
        github, "acme/calc", issue.number, marker="<!-- run-1 -->", author=simulator.app.bot_login
    )
    assert found and found.body.startswith("hello")
    assert len(issue.comments) == 1


@pytest.mark.parametrize(
    ("status", "headers", "message", "kind"),
    [
        (403, {}, "Resource not accessible by integration", Forbidden),
        (403, {"x-ratelimit-remaining": "4999"}, "Must have admin rights to Repository.", Forbidden),
        (403, {"x-ratelimit-remaining": "0"}, "API rate limit exceeded for installation ID 1.", RateLimited),
        (403, {}, "You have exceeded a secondary rate limit.", RateLimited),
        (403, {"retry-after": "7"}, "slow down", RateLimited),
        (429, {}, "Too many requests", RateLimited),
        (404, {}, "Not Found", NotFound),
        (410, {}, "This issue was deleted", NotFound),
        (409, {}, "Git Repository is empty.", Invalid),
        (422, {}, "Validation Failed", Invalid),
        (451, {}, "Repository access blocked", Forbidden),
    ],
)
def test_a_limit_is_told_apart_from_a_permission(settings, clock, status, headers, message, kind):
    github = _answering(settings, clock, *[httpx.Response(status, headers=headers, json={"message": message})] * 4)
    with pytest.raises(kind, match=message[:10]) as caught:
        github.rest.issues.create_label("acme", "calc", name="")
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "17", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "9999999999"}, 17),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "{in 90 s}"}, 90),
        ({"x-ratelimit-remaining": "12", "x-ratelimit-reset": "{in 90 s}"}, 60),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, 1),
        ({"retry-after": "soon"}, 60),
        ({}, 60),
    ],
)
def test_how_long_to_wait_is_githubs_word_or_a_minute(settings, clock, headers, seconds):
    reset = str(int(clock.now().timestamp()) + 90)
    headers = {name: value.replace("{in 90 s}", reset) for name, value in headers.items()}
    github = _answering(settings, clock, httpx.Response(429, headers=headers, json={"message": "limit"}))
    with pytest.raises(RateLimited) as caught:
        github.rest.repos.get("acme", "calc").json()
    assert caught.value.retry_after_seconds == seconds


def test_simulated_secondary_limit_is_a_limit(github, simulator, repo):
    simulator.faults.secondary_limit(retry_after=33)
    with pytest.raises(RateLimited) as caught:
        github.rest.repos.get("acme", "calc").json()
    assert caught.value.retry_after_seconds == 33


def test_missing_permission_is_forbidden(open_client, simulator, repo):
    issue = simulator.maintainer.open_issue(repo, "Divide by zero")
    with pytest.raises(Forbidden, match="not accessible"):
        issues.create_comment(open_client({"metadata": "read", "issues": "read"}), "acme/calc", issue.number, "hi")


def test_validation_errors_are_spelled_out(github, repo):
    github.rest.issues.create_label("acme", "calc", name="x", color="ffffff")
    with pytest.raises(Invalid, match="already_exists") as caught:
        github.rest.issues.create_label("acme", "calc", name="x", color="ffffff")
    assert caught.value.says("already_exists")


def test_lists_are_read_to_their_last_page(github, simulator, repo):
    issue = simulator.maintainer.open_issue(repo, "Long talk")
    for number in range(205):
        simulator.contributor.comment(issue, f"comment {number}")
    assert len(issues.comments(github, "acme/calc", issue.number)) == 205
    first = github.rest.issues.list_comments("acme", "calc", issue.number, per_page=7)
    assert len(list(github.items(first, limit=7))) == 7


def test_a_renamed_repository_is_followed_but_a_token_never_leaves_the_api(settings, clock):
    seen: list[httpx.Request] = []
    api = settings.github_api_url
    moved = httpx.Response(307, headers={"location": f"{api}/repositories/1/labels"})
    github = _answering(settings, clock, moved, httpx.Response(201, json={"id": 2}), seen=seen)
    assert github.rest.issues.create_label("acme", "old", name="x").json() == {"id": 2}
    assert [request.method for request in seen] == ["POST", "POST"]

    away = httpx.Response(302, headers={"location": "https://example.org/steal"})
    github = _answering(settings, clock, away, seen=seen)
    with pytest.raises(Refused):
        github.rest.repos.get("acme", "old")
    assert "example.org" not in {request.url.host for request in seen}


@pytest.mark.parametrize("answer", [httpx.Response(200, text="<html>"), httpx.Response(418, text="teapot")])
def test_an_answer_that_is_no_json_is_an_error_of_ours(settings, clock, answer):
    github = _answering(settings, clock, answer)
    with pytest.raises(Refused):
        github.rest.repos.get("acme", "calc").json()


@pytest.mark.parametrize("part", ["..", "a/../b", "", ".", "a//b"])
def test_paths_cannot_be_left(part):
    with pytest.raises(Invalid):
        quoted(part)


def test_paths_are_quoted():
    assert quoted("docs/a b?#%.py") == "docs/a%20b%3F%23%25.py"
    assert segment("area/a b?") == "area%2Fa%20b%3F"
    assert place("acme/calc") == ("acme", "calc")


def test_writes_are_a_second_apart_for_each_installation(clock):
    pacer = Pacer(clock)
    for _ in range(3):
        pacer.wait(1)
    pacer.wait(2)
    assert clock.slept == [1.0, 1.0]


def test_eighty_writes_a_minute_and_five_hundred_an_hour(clock):
    pacer, start = Pacer(clock), clock.now()
    times = []
    for _ in range(500):
        pacer.wait(1)
        times.append((clock.now() - start).total_seconds())
    assert all(later - earlier >= 60 for earlier, later in zip(times, times[80:], strict=False))
    with pytest.raises(RateLimited) as caught:
        pacer.wait(1)
    left = 3600 - times[-1]
    assert left <= caught.value.retry_after_seconds <= left + 60  # the hour slides in steps of a minute
    clock.advance(caught.value.retry_after_seconds)
    pacer.wait(1)


def test_processes_with_one_store_keep_one_pace(clock, tmp_path):
    store = SqliteStore(tmp_path, clock)
    pacers = [Pacer(clock, store), Pacer(clock, SqliteStore(tmp_path, clock))]
    for number in range(10):
        pacers[number % 2].wait(1)
    assert sum(clock.slept) >= 9
    assert all(seconds <= 3 for seconds in clock.slept)


def test_reads_are_not_paced(open_client, clock, repo):
    github = open_client(pacer=Pacer(clock))
    for _ in range(3):
        github.rest.repos.get("acme", "calc").json()
    assert clock.slept == []


@pytest.mark.parametrize(
    ("api", "address"),
    [
        ("https://api.github.com", "https://api.github.com/graphql"),
        ("https://git.corp.test/api/v3", "https://git.corp.test/api/graphql"),
    ],
)
def test_graphql_is_where_each_server_has_it(settings, clock, api, address):
    seen: list[httpx.Request] = []
    settings = settings._replace(github_api_url=api)
    github = _answering(settings, clock, httpx.Response(200, json={"data": {"x": 1}}), seen=seen)
    assert github.graphql("mutation { x }") == {"x": 1}
    assert str(seen[0].url) == address


def test_next_page_elsewhere_is_not_fetched(settings, clock):
    seen: list[httpx.Request] = []
    first = httpx.Response(200, json=[1], headers={"link": '<https://example.org/steal>; rel="next"'})
    with pytest.raises(Refused):
        github = _answering(settings, clock, first, seen=seen)
        list(github.items(github.rest.issues.list_labels_for_repo("acme", "calc")))
    assert len(seen) == 1


MISSING = [(404, "Not Found"), (409, "Git Repository is empty."), (422, "Object does not exist")]


@pytest.mark.parametrize(("status", "message"), MISSING)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT"])
def test_what_is_known_to_exist_is_asked_for_again(settings, clock, status, message, method):
    bad = httpx.Response(status, json={"message": message})
    github = _answering(settings, clock, bad, bad, httpx.Response(200, json={"id": 1}))
    assert github.request(method, "/repos/acme/calc/labels").json() == {"id": 1}
    assert clock.slept == [1.0, 3.0]


@pytest.mark.parametrize(("status", "message"), [*MISSING, (410, "This issue was deleted"), (422, "Validation Failed")])
def test_what_may_well_be_missing_costs_no_wait(settings, clock, status, message):
    github = _answering(settings, clock, httpx.Response(status, json={"message": message}))
    with pytest.raises(Refused):
        asked = github.optional if status in {404, 409} or "exist" in message else github
        asked.rest.repos.get_content("acme", "calc", "x")
    assert clock.slept == []


@pytest.mark.parametrize(("age_seconds", "kind"), [(0, NotYet), (50, NotFound)])
def test_what_was_just_proven_is_not_missing_before_its_minute_is_over(settings, clock, age_seconds, kind):
    answers = httpx.MockTransport(lambda _request: httpx.Response(404, json={"message": "Not Found"}))
    github = GitHub("token", settings, clock, transport=answers, known_since=clock.now())
    clock.advance(age_seconds)
    with pytest.raises(kind):
        github.rest.repos.get("acme", "calc").json()


def test_the_file_that_a_repository_need_not_have_is_asked_for_once(github, repo, clock):
    assert repositories.file(github, "acme/calc", ".github/lamplighter.yml", "HEAD") is None
    assert git_data.branch_head(github, "acme/calc", "agent/none") is None
    assert clock.slept == []
