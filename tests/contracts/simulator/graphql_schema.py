"""GitHub's public GraphQL schema as a judge of our documents and of the simulator's answers."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import Any

from graphql import ExecutionResult, GraphQLSchema, build_schema, execute_sync, parse, validate

CORPUS = Path(__file__).parents[2] / "corpora" / "github.graphql.gz"


class SchemaViolation(AssertionError):
    """A document or an answer is not as the schema has it."""


@cache
def official() -> GraphQLSchema:
    """The schema, trimmed to the types the simulator has."""
    return build_schema(gzip.decompress(CORPUS.read_bytes()).decode())


def check_document(document: str) -> None:
    """Hold a document against the schema.

    Raises `SchemaViolation` with what is wrong.
    """
    found = validate(official(), parse(document))
    if found:
        raise SchemaViolation("; ".join(error.message for error in found[:5]))


def check(sent: Any, got: Any) -> None:
    """Hold one exchange against the schema: the document and, where there is one, every value of the answer.

    Raises `SchemaViolation`.
    """
    check_document(sent["query"])
    if not got.get("data") or got.get("errors"):
        return
    made = execute_sync(
        official(),
        parse(sent["query"]),
        got["data"],
        variable_values=sent.get("variables") or {},
        field_resolver=lambda source, info, **_: source[info.path.key],
        type_resolver=_type_of,
    )
    assert isinstance(made, ExecutionResult)
    if made.errors:
        raise SchemaViolation("; ".join(f"{error.path}: {error.message}" for error in made.errors[:5]))
    if made.data != got["data"]:
        raise SchemaViolation(f"answered more or less than was asked: {got['data']}")


def _type_of(source: Any, info: Any, kind: Any) -> str:
    """Which of the possible types an answer is: it says so itself, or any that has all its fields."""
    possible = [found for found in info.schema.get_possible_types(kind) if set(source) <= {*found.fields, "__typename"}]
    named = source.get("__typename")
    return str(named or possible[0].name)
