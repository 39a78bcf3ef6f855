"""GitHub's official OpenAPI description as a judge of our requests and of the simulator's answers."""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs

from tests.contracts.simulator import graphql_schema

CORPUS = Path(__file__).parents[2] / "corpora" / "openapi.json.gz"
# Placeholders whose value may hold slashes: branches, labels, paths, ranges.
SPANNING = {"ref", "path", "branch", "name", "basehead", "tree_sha"}
# Answers any operation may give, whether or not its description lists them.
COMMON_ERRORS = {400, 401, 403, 404, 405, 409, 410, 415, 422, 429, 500, 502, 503, 504}
REDIRECTS = {301, 307}  # from a former name; any operation may
UNDESCRIBED = {("POST", "/graphql")}


class OpenApiViolation(AssertionError):
    """A request or an answer is not as GitHub describes it."""


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    literal, names = parts[::2], parts[1::2]
    made = re.escape(literal[0])
    for name, text in zip(names, literal[1:], strict=True):
        made += ("(.*)" if name in SPANNING else "([^/]+)") + re.escape(text)
    return re.compile(made)


def _specific_first(template: str) -> tuple[int, bool, int]:
    """Sorts fixed words before placeholders, and placeholders that swallow slashes last."""
    names = re.findall(r"{(\w+)}", template)
    swallows_the_end = template.endswith("}") and names[-1] in SPANNING
    return len(SPANNING.intersection(names)), swallows_the_end, len(names)


class OpenApi:
    """Checks exchanges against the description; one instance may serve a whole test run (see `official`)."""

    def __init__(self, corpus: Path = CORPUS) -> None:
        document = json.loads(gzip.decompress(corpus.read_bytes()))
        self.operations: dict[str, dict[str, Any]] = document["operations"]
        self._definitions: dict[str, Any] = document["$defs"]
        self._validators: dict[tuple[str, str], jsonschema_rs.Draft202012Validator] = {}
        rows = [(*key.split(" ", 1), key) for key in self.operations]
        rows.sort(key=lambda row: _specific_first(row[1]))
        self._table = [(method, _pattern(template), key) for method, template, key in rows]
        self.seen: set[str] = set()

    def find(self, method: str, path: str) -> str | None:
        """The operation for a request, None when the description has none."""
        for candidate, pattern, key in self._table:
            if candidate == method and pattern.fullmatch(path):
                return key
        return None

    def check(self, method: str, path: str, request_json: Any, status: int, response_json: Any) -> None:
        """Hold one exchange against the description (`path` without query; a JSON value of None means no body).

        Raises `OpenApiViolation` naming the operation and the place.
        """
        if (method, path) in UNDESCRIBED or status == 304:
            return
        path = re.sub(r"^/repositories/\d+(?=/|$)", "/repos/by/number", path)  # where a redirect leads
        if status in REDIRECTS and self.find(method, path) is not None:
            return
        if method == "GET" and re.fullmatch(r"/repos/[^/]+/[^/]+/contents", path):
            path += "/"  # the root directory
        key = self.find(method, path)
        if key is None:
            raise OpenApiViolation(f"{method} {path}: not an operation of GitHub")
        self.seen.add(key)
        operation = self.operations[key]
        if status < 400:  # a refused request may well be malformed: that is why it was refused
            self._check_request(key, operation["request"], request_json)
        self._check_response(key, operation["responses"], status, response_json)

    def _check_request(self, key: str, schema: Any, body: Any) -> None:
        if schema is None:
            if body not in (None, {}):
                raise OpenApiViolation(f"{key}: takes no body, got {body}")
            return
        if body is None:
            return
        self._validate(key, "request", schema, body)
        known = set(schema.get("properties", {}))
        if known and isinstance(body, dict) and (unknown := set(body) - known):
            raise OpenApiViolation(f"{key}: unknown in the request: {sorted(unknown)}")

    def _check_response(self, key: str, responses: dict[str, Any], status: int, body: Any) -> None:
        if str(status) not in responses and status not in COMMON_ERRORS:
            raise OpenApiViolation(f"{key}: never answers {status}")
        schema = responses.get(str(status))
        if status >= 400 and schema is None:
            if not isinstance(body, dict) or not isinstance(body.get("message"), str):
                raise OpenApiViolation(f"{key}: an error {status} without a message: {body}")
            return
        if schema is not None:
            self._validate(key, str(status), schema, body)
        elif body not in (None, "", {}):
            raise OpenApiViolation(f"{key}: {status} has no body, got {body}")

    def _validate(self, key: str, part: str, schema: Any, value: Any) -> None:
        validator = self._validators.get((key, part))
        if validator is None:
            whole = {**schema, "$defs": self._definitions_for(schema)}
            validator = self._validators[key, part] = jsonschema_rs.Draft202012Validator(whole)
        found = [
            f"{'/'.join(map(str, error.instance_path))}: {error.message[:300]}"
            for error in validator.iter_errors(value)
        ]
        if found:
            raise OpenApiViolation(f"{key} {part}: " + "; ".join(found[:5]))

    def _definitions_for(self, schema: Any) -> dict[str, Any]:
        """Those that a schema leads to: compiling all of them takes fifty times as long."""
        wanted: dict[str, Any] = {}
        todo = [schema]
        while todo:
            names = set(re.findall(r'"#/\$defs/([^"/]+)"', json.dumps(todo.pop()))) - wanted.keys()
            found = {name: self._definitions[name] for name in names}
            wanted |= found
            todo += found.values()
        return wanted


@cache
def official() -> OpenApi:
    """The one instance of this process."""
    return OpenApi()


class CheckedTransport(httpx.BaseTransport):
    """Passes exchanges on and checks each against GitHub's description."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.inner.handle_request(request)
        if "json" in response.headers.get("Content-Type", "") or response.status_code == 204:
            sent = json.loads(request.content) if request.content else None
            got = json.loads(response.content) if response.content else None
            official().check(request.method, request.url.path, sent, response.status_code, got)
            if request.url.path == "/graphql" and response.status_code == 200:
                graphql_schema.check(sent, got)
        return response
