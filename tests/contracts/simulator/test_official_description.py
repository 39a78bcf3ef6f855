"""The judge itself: it lets good exchanges pass and names what is wrong with bad ones."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.simulator.openapi import OpenApiViolation, official

LABEL = {
    "id": 1,
    "node_id": "LA_1",
    "url": "https://api.github.com/repos/a/b/labels/bug",
    "name": "bug",
    "description": None,
    "color": "ededed",
    "default": False,
}


def test_good_exchange_passes() -> None:
    official().check("POST", "/repos/a/b/labels", {"name": "bug"}, 201, LABEL)
    official().check("GET", "/repos/a/b/labels", None, 200, [LABEL])
    official().check("GET", "/repos/a/b/labels", None, 403, {"message": "You have exceeded a rate limit"})


@pytest.mark.parametrize(
    ("request_json", "status", "response_json", "words"),
    [
        ({"name": "bug"}, 201, {**LABEL, "id": "1"}, "is not of type"),
        ({"name": "bug"}, 201, {"id": 1}, "required property"),
        ({"name": "bug", "colour": "red"}, 201, LABEL, "unknown in the request.*colour"),
        ({}, 201, LABEL, "request.*required property"),
        ({"name": "bug"}, 207, LABEL, "never answers 207"),
        ({"name": "bug"}, 500, {}, "without a message"),
    ],
)
def test_bad_exchange_is_named(request_json: Any, status: int, response_json: Any, words: str) -> None:
    with pytest.raises(OpenApiViolation, match=words):
        official().check("POST", "/repos/a/b/labels", request_json, status, response_json)


def test_invented_operation_is_refused() -> None:
    with pytest.raises(OpenApiViolation, match="not an operation"):
        official().check("POST", "/repos/a/b/wishes", {}, 201, {})


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "/repos/a/b/commits/agent/1-x/check-runs", "GET /repos/{owner}/{repo}/commits/{ref}/check-runs"),
        ("GET", "/repos/a/b/commits/agent/1-x", "GET /repos/{owner}/{repo}/commits/{ref}"),
        ("GET", "/repos/a/b/issues/comments/7", "GET /repos/{owner}/{repo}/issues/comments/{comment_id}"),
        ("GET", "/repos/a/b/branches/x/y/protection", "GET /repos/{owner}/{repo}/branches/{branch}/protection"),
        (
            "DELETE",
            "/repos/a/b/issues/1/labels/a/b",
            "DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}",
        ),
    ],
)
def test_paths_find_their_operation(method: str, path: str, operation: str) -> None:
    assert official().find(method, path) == operation
