"""Cut GitHub's official OpenAPI description down to the operations the simulator has.

    npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-23.0.2.tgz
    .venv/bin/python tests/corpora/trim_openapi.py package/generated/api.github.com.json

OpenAPI 3.0 writes null as `nullable`; the result is plain JSON Schema, so that any validator can read it.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from pathlib import Path
from typing import Any

from app.simulator.rest import ALL

TARGET = Path(__file__).with_name("openapi.json.gz")
PREFIX = "#/components/schemas/"
DROPPED = {
    *("description", "example", "examples", "title", "externalDocs", "deprecated", "readOnly", "writeOnly"),
    *("discriminator", "nullable", "format", "default", "x-github-breaking-changes", "xml"),
}


def shape_of(template: str) -> str:
    """A path template without the names of its placeholders."""
    return re.sub(r"\{\w+\+?\}", "{}", template)


def plain(node: Any) -> Any:
    """A schema without prose, and with null said the JSON Schema way."""
    if isinstance(node, list):
        return [plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    cleaned: dict[str, Any] = {}
    for name, value in node.items():
        if name == "properties":
            cleaned[name] = {key: plain(inner) for key, inner in value.items()}
        elif name == "$ref":
            cleaned[name] = value.replace(PREFIX, "#/$defs/")
        elif name in ("enum", "required", "const"):
            cleaned[name] = value
        elif name not in DROPPED:
            cleaned[name] = plain(value)
    return nullable(cleaned) if node.get("nullable") else cleaned


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema, or null."""
    return {"anyOf": [schema, {"type": "null"}]} if schema else schema


def json_schema(content: dict[str, Any] | None) -> Any:
    """The schema of a JSON body, None when there is none."""
    found = (content or {}).get("application/json", {}).get("schema")
    return plain(found) if found is not None else None


def operation(document: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    """Request and answers of one operation."""
    responses = {}
    for status, given in source["responses"].items():
        named = str(given.get("$ref", "")).rsplit("/", 1)[-1]
        answer = document["components"]["responses"][named] if named else given
        responses[status] = json_schema(answer.get("content"))
    return {"request": json_schema(source.get("requestBody", {}).get("content")), "responses": responses}


def referenced(node: Any, known: dict[str, Any], found: dict[str, Any]) -> None:
    """Collect every schema a node leads to."""
    if isinstance(node, list):
        for item in node:
            referenced(item, known, found)
    elif isinstance(node, dict):
        name = str(node.get("$ref", "")).removeprefix("#/$defs/")
        if name and name not in found:
            found[name] = plain(known[name])
            referenced(found[name], known, found)
        for inner in node.values():
            referenced(inner, known, found)


def correct(corpus: dict[str, Any]) -> None:
    """Mend the places where the description contradicts what GitHub answers (and itself)."""
    # One operation spells the account of an installation as a user AND an enterprise; the schema says OR.
    corpus["operations"]["GET /app/installations"]["responses"]["200"]["items"] = {"$ref": "#/$defs/installation"}
    # A label without description has null everywhere, also in lists of pull requests.
    label = corpus["$defs"]["pull-request-simple"]["properties"]["labels"]["items"]
    label["properties"]["description"] = nullable({"type": "string"})
    # An outdated comment on a line has no line and no position any more; one on a whole file never had.
    for name in ("pull-request-review-comment", "review-comment"):
        for lost in ("line", "original_line", "position"):
            corpus["$defs"][name]["properties"][lost] = nullable({"type": "integer"})
    # A fork that was deleted is null, and so is its owner.
    for name in ("pull-request", "pull-request-simple"):
        head = corpus["$defs"][name]["properties"]["head"]["properties"]
        head["repo"] = nullable(head["repo"])


def main(source: str) -> None:
    """Write the corpus."""
    document = json.loads(Path(source).read_text())
    wanted = {(route.method.lower(), shape_of(route.template)) for route in ALL.table}
    operations = {
        f"{method.upper()} {path}": operation(document, item[method])
        for path, item in document["paths"].items()
        for method in item
        if (method, shape_of(path)) in wanted
    }
    missing = {f"{m} {p}" for m, p in wanted} - {f"{k.split()[0].lower()} {shape_of(k.split()[1])}" for k in operations}
    print("not in the official description:", sorted(missing))
    definitions: dict[str, Any] = {}
    referenced(operations, document["components"]["schemas"], definitions)
    corpus = {"operations": operations, "$defs": dict(sorted(definitions.items()))}
    correct(corpus)
    data = json.dumps(corpus, separators=(",", ":")).encode()
    TARGET.write_bytes(gzip.compress(data, 9, mtime=0))
    print(f"{len(operations)} operations, {len(definitions)} schemas, {TARGET.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main(sys.argv[1])
