"""GraphQL: threads by cursor, resolved and answered; errors as GitHub gives them; our documents against its schema."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import pytest

import app.github
from app.simulator import Pull, Repository, Simulator, UnknownRoute
from tests.contracts.simulator.graphql_schema import SchemaViolation, check_document

THREADS = """
query Threads($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      id
      reviewThreads(first: 2, after: $after) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes {
          id isResolved isOutdated path line originalLine startLine diffSide
          resolvedBy { login }
          comments(first: 50) { nodes { ...Said replyTo { databaseId } } }
        }
      }
    }
  }
}
fragment Said on PullRequestReviewComment { databaseId body createdAt author { __typename login } }
"""
RESOLVE = "mutation R($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { id isResolved } } }"
UNRESOLVE = """
mutation U($in: UnresolveReviewThreadInput!) { unresolveReviewThread(input: $in) { thread { isResolved } } }
"""
COUNT = """
query Count { repository(owner: "acme", name: "calc") { pullRequest(number: 1) { reviewThreads { totalCount } } } }
"""
STRANGE = """
mutation S($id: ID!) { addPullRequestReviewThreadReply(input: {pullRequestReviewThreadId: $id, body: "x"}) {
  comment { pullRequestReview { lastEditedAt } }
} }
"""
REPLY = """
mutation Reply($id: ID!, $body: String!) {
  addPullRequestReviewThreadReply(input: {pullRequestReviewThreadId: $id, body: $body, clientMutationId: "m"}) {
    clientMutationId
    comment { databaseId body pullRequestReview { state } }
  }
}
"""
AFTER = "def divide(a, b):\n    if b == 0:\n        return None\n    return a / b\n"


@pytest.fixture
def pull(github: Simulator, repo: Repository) -> Pull:
    github.contributor.push(repo, "topic", {"calc.py": AFTER})
    made = github.contributor.open_pull(repo, "topic", "Guard")
    for line in (1, 2, 3):
        github.maintainer.comment_on_line(made, "calc.py", line, f"About line {line}")
    return made


def ask(bot: Any, document: str, token: str = "", **variables: Any) -> Any:
    answer = bot.api.call(token or bot.token, "POST", "/graphql", {"query": document, "variables": variables})
    assert answer.status_code == 200
    return answer.json()


def threads(bot: Any, after: str | None = None) -> Any:
    return ask(bot, THREADS, owner="acme", name="calc", number=1, after=after)["data"]["repository"]["pullRequest"]


def test_threads_come_by_cursor_with_their_comments(github: Simulator, pull: Pull, bot: Any) -> None:
    github.contributor.reply(pull.review_comments[0], "Because.")
    first = threads(bot)["reviewThreads"]
    assert (first["totalCount"], len(first["nodes"]), first["pageInfo"]["hasNextPage"]) == (3, 2, True)
    said = first["nodes"][0]["comments"]["nodes"]
    assert [found["body"] for found in said] == ["About line 1", "Because."]
    assert said[1]["replyTo"] == {"databaseId": said[0]["databaseId"]}
    rest = threads(bot, first["pageInfo"]["endCursor"])["reviewThreads"]
    assert ([found["line"] for found in rest["nodes"]], rest["pageInfo"]["hasNextPage"]) == ([3], False)


def test_thread_is_resolved_answered_and_outdated(github: Simulator, repo: Repository, pull: Pull, bot: Any) -> None:
    one, two = threads(bot)["reviewThreads"]["nodes"]
    assert ask(bot, RESOLVE, id=one["id"])["data"]["resolveReviewThread"]["thread"]["isResolved"] is True
    assert pull.review_threads[0].resolved_by is github.app.bot
    answered = ask(bot, REPLY, id=two["id"], body="Done.")["data"]["addPullRequestReviewThreadReply"]
    assert (answered["clientMutationId"], answered["comment"]["pullRequestReview"]["state"]) == ("m", "COMMENTED")
    assert pull.review_comments[-1].read() == "Done."
    github.contributor.push(repo, "topic", {"calc.py": AFTER.replace("if b == 0", "if not b")})
    one, two = threads(bot)["reviewThreads"]["nodes"]
    assert (one["isResolved"], two["isOutdated"], two["line"], two["originalLine"]) == (True, True, None, 2)
    assert two["comments"]["nodes"][1]["author"] == {"__typename": "Bot", "login": "lamplighter"}
    assert ask(bot, UNRESOLVE, **{"in": {"threadId": one["id"]}})["data"]["unresolveReviewThread"]["thread"] == {
        "isResolved": False
    }


def test_resolving_takes_permission_to_write_contents_of_all_things(pull: Pull, bot: Any, repo: Repository) -> None:
    [thread, *_] = threads(bot)["reviewThreads"]["nodes"]
    only_pulls = bot.api.token(repo, permissions={"pull_requests": "write"})
    refused = ask(bot, RESOLVE, token=only_pulls, id=thread["id"])
    assert refused["data"] == {"resolveReviewThread": None}
    [error] = refused["errors"]
    assert (error["type"], error["path"]) == ("FORBIDDEN", ["resolveReviewThread"])
    assert error["message"] == "Resource not accessible by integration"
    assert "errors" not in ask(bot, REPLY, token=only_pulls, id=thread["id"], body="Fine.")
    pull.review_comments[-1].read()


def test_errors_stand_beside_the_data(github: Simulator, pull: Pull, bot: Any) -> None:
    secret = github.repository("acme/secret", files={"a": "b"}, private=True, install=False)
    assert secret.private
    for variables, kind in (
        ({"owner": "acme", "name": "secret", "number": 1}, "NOT_FOUND"),
        ({"owner": "acme", "name": "calc", "number": 99}, "NOT_FOUND"),
    ):
        assert ask(bot, THREADS, **variables)["errors"][0]["type"] == kind
    assert ask(bot, RESOLVE, id="PRRT_nothing")["errors"][0]["type"] == "NOT_FOUND"
    assert "provided invalid value" in ask(bot, RESOLVE)["errors"][0]["message"]
    assert ask(bot, COUNT)["errors"][0]["type"] == "MISSING_PAGINATION_BOUNDARIES"
    assert ask(bot, COUNT.replace("Threads", "Threads(first: 101)"))["errors"][0]["type"] == "EXCESSIVE_PAGINATION"
    github.faults.graphql_error("RATE_LIMITED", "API rate limit exceeded for installation.")
    assert ask(bot, RESOLVE, id="x")["errors"][0]["type"] == "RATE_LIMITED"


def test_pending_threads_are_not_shown(github: Simulator, pull: Pull, bot: Any) -> None:
    github.triager.start_review(pull, [("calc.py", 2, "Not yet said")])
    assert threads(bot)["reviewThreads"]["totalCount"] == 3


def test_draft_of_a_closed_pull_request_does_not_change(github: Simulator, pull: Pull, bot: Any) -> None:
    draft = "mutation($id: ID!) { convertPullRequestToDraft(input: {pullRequestId: $id}) { pullRequest { isDraft } } }"
    node = bot("GET", f"/pulls/{pull.number}").json()["node_id"]
    assert ask(bot, draft, id=node)["data"]["convertPullRequestToDraft"]["pullRequest"]["isDraft"] is True
    github.maintainer.close(pull)
    assert ask(bot, draft, id=node)["errors"][0]["type"] == "UNPROCESSABLE"


def test_what_the_simulated_github_does_not_have_fails_the_test(pull: Pull, bot: Any) -> None:
    thread = threads(bot)["reviewThreads"]["nodes"][0]["id"]
    with pytest.raises(UnknownRoute, match="no field lastEditedAt on PullRequestReview"):
        ask(bot, STRANGE, id=thread)
    pull.review_comments[-1].read()


def test_queries_are_no_writes(github: Simulator, pull: Pull, bot: Any) -> None:
    before = {number: len(times) for number, times in github.limits.written.items()}
    threads(bot)
    assert {number: len(times) for number, times in github.limits.written.items()} == before


def documents() -> list[Any]:
    """Every GraphQL document the product has."""
    found = []
    for info in pkgutil.walk_packages(app.github.__path__, "app.github."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            if isinstance(value, str) and value.split()[:1] in (["query"], ["mutation"]):
                found.append(pytest.param(value, id=f"{info.name}.{name}"))
    return found


@pytest.mark.parametrize("document", documents())
def test_what_we_send_is_in_the_public_schema(document: str) -> None:
    check_document(document)


def test_the_judge_names_what_is_wrong() -> None:
    with pytest.raises(SchemaViolation, match="Cannot query field"):
        check_document("query { viewer { shoeSize } }")
