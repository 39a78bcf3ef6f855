"""Answering a document: field by field, and what goes wrong stands beside the data, as GitHub has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.simulator.graphql import mutations, objects
from app.simulator.graphql.document import Field, Malformed, Operation, Variable, parse
from app.simulator.graphql.objects import View
from app.simulator.graphql.values import Problem, Shaped
from app.simulator.http import ApiError, Json, UnknownRoute
from app.simulator.records import Token
from app.simulator.world import World

_INTERFACES = {
    "Actor": {"User", "Bot", "Organization"},
    "StatusCheckRollupContext": {"CheckRun", "StatusContext"},
    "Node": {"PullRequest", "PullRequestReviewThread", "PullRequestReviewComment", "Repository", "PullRequestReview"},
}


def execute(world: World, token: Token, document: str, variables: Mapping[str, Any]) -> Json:
    """`data` and `errors` of one request; its HTTP status is always 200.

    Raises `UnknownRoute` for what GitHub may have and the simulated one has not.
    """
    try:
        operation = parse(document)
    except Malformed as error:
        return {"errors": [{"message": str(error), "extensions": {"code": "parseError"}}]}
    missing = [
        name
        for name, (written, default) in operation.variables.items()
        if written.endswith("!") and default is None and variables.get(name) is None
    ]
    if missing:
        written = operation.variables[missing[0]][0]
        message = f"Variable ${missing[0]} of type {written} was provided invalid value"
        return {"errors": [{"message": message, "extensions": {"value": None, "problems": []}}]}
    given = {name: variables.get(name, default) for name, (_, default) in operation.variables.items()}
    return _Execution(View(world=world, token=token), operation, given).answer()


class _Execution:
    def __init__(self, view: View, operation: Operation, variables: Mapping[str, Any]) -> None:
        self.view, self.operation, self.variables = view, operation, variables
        self.errors: list[Json] = []

    def answer(self) -> Json:
        is_query = self.operation.kind == "query"
        roots = objects.query(self.view) if is_query else mutations.root(self.view)
        data = {
            field.alias: self._field(roots, field, [field.alias])
            for field in self._wanted(roots, self.operation.selection)
        }
        return {"data": data, "errors": self.errors} if self.errors else {"data": data}

    def _wanted(self, shaped: Shaped, selection: tuple[Field, ...]) -> list[Field]:
        return [f for f in selection if f.on in (None, shaped.type) or shaped.type in _INTERFACES.get(f.on or "", ())]

    def _field(self, shaped: Shaped, field: Field, path: list[str | int]) -> Any:
        if field.name == "__typename":
            return shaped.type
        resolve = shaped.fields.get(field.name)
        if resolve is None:
            raise UnknownRoute(f"GraphQL: the simulated GitHub has no field {field.name} on {shaped.type}")
        arguments = {name: self._value(value) for name, value in field.arguments.items()}
        try:
            return self._complete(resolve(arguments), field, path)
        except Problem as problem:
            kind, message = problem.kind, str(problem)
        except ApiError as refused:
            kind, message = "UNPROCESSABLE" if refused.status == 422 else "NOT_FOUND", _words(refused)
        self.errors.append({"type": kind, "path": path, "locations": [{"line": 1, "column": 1}], "message": message})
        return None

    def _complete(self, value: Any, field: Field, path: list[str | int]) -> Any:
        if isinstance(value, list):
            return [self._complete(item, field, [*path, index]) for index, item in enumerate(value)]
        if isinstance(value, Shaped):
            if not field.selection:
                raise UnknownRoute(f"GraphQL: field {field.name} must have selections: it is a {value.type}")
            wanted = self._wanted(value, field.selection)
            return {inner.alias: self._field(value, inner, [*path, inner.alias]) for inner in wanted}
        if field.selection and value is not None:
            raise UnknownRoute(f"GraphQL: field {field.name} has no fields of its own")
        return value

    def _value(self, value: Any) -> Any:
        if isinstance(value, Variable):
            if value.name not in self.variables:
                raise UnknownRoute(f"GraphQL: variable ${value.name} is used but not declared")
            return self.variables[value.name]
        if isinstance(value, list):
            return [self._value(item) for item in value]
        return {name: self._value(item) for name, item in value.items()} if isinstance(value, dict) else value


def _words(refused: ApiError) -> str:
    first = refused.errors[0] if refused.errors else refused.message
    return str(first.get("message", refused.message)) if isinstance(first, dict) else str(first)
