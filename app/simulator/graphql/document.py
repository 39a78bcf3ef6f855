"""Reading a GraphQL document: one operation, its variables, and the fields it asks for."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r"""(?P<skip>[\s,\ufeff]+|\#[^\n]*)|(?P<spread>\.\.\.)|(?P<name>[_A-Za-z]\w*)"""
    r"""|(?P<number>-?\d+(?:\.\d+)?)|(?P<block>\"\"\"[\s\S]*?\"\"\")|(?P<string>"(?:\\.|[^"\\\n])*")|(?P<sign>[{}()\[\]:=$!@|&])"""
)


class Malformed(Exception):
    """The document does not follow GraphQL's grammar, or uses what the simulated GitHub does not read."""


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A `$name` among the arguments."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field that is asked for; `on` is the type it is asked of (inside a fragment), None: whatever stands there."""

    name: str
    alias: str
    arguments: dict[str, Any]
    selection: tuple[Field, ...]
    on: str | None = None


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A query or a mutation; `variables` by name: the type as written, and the default."""

    kind: str
    name: str
    variables: dict[str, tuple[str, Any]]
    selection: tuple[Field, ...]


def parse(document: str) -> Operation:
    """The one operation of a document.

    Raises `Malformed`.
    """
    return _Reader(document).document()


class _Reader:
    def __init__(self, document: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(document):
            match = _TOKEN.match(document, at)
            if match is None:
                raise Malformed(f"Expected one of SCHEMA, QUERY, MUTATION, actual: {document[at : at + 20]!r}")
            if match.lastgroup != "skip":
                self.tokens.append((str(match.lastgroup), match[0]))
            at = match.end()
        self.fragments: dict[str, tuple[str, int]] = {}

    def document(self) -> Operation:
        operations = 0
        start = at = 0
        while at < len(self.tokens):
            begin, (_, word) = at, self.tokens[at]
            while self.tokens[at][1] != "{" or self._depth_before(begin, at):
                at += 1
            if word == "fragment":
                self.fragments[self.tokens[begin + 1][1]] = (self.tokens[begin + 3][1], at)
            else:
                operations, start = operations + 1, begin
            at = self._closing(at) + 1
        if operations != 1:
            raise Malformed("An operation name is required")
        self.at = start
        return self._operation()

    def _depth_before(self, begin: int, at: int) -> bool:
        """Inside parentheses: a `{` there is a default value."""
        between = [text for _, text in self.tokens[begin:at]]
        return between.count("(") > between.count(")")

    def _closing(self, at: int) -> int:
        depth = 0
        for index in range(at, len(self.tokens)):
            depth += {"{": 1, "}": -1}.get(self.tokens[index][1], 0)
            if depth == 0:
                return index
        raise Malformed("Unexpected end of document")

    # --- tokens

    def _peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def _next(self, expected: str = "") -> str:
        if self.at >= len(self.tokens):
            raise Malformed("Unexpected end of document")
        text = self.tokens[self.at][1]
        if expected and text != expected:
            raise Malformed(f"Expected {expected}, actual: {text}")
        self.at += 1
        return text

    def _takes(self, text: str) -> bool:
        if self._peek() != text:
            return False
        self.at += 1
        return True

    # --- grammar

    def _operation(self) -> Operation:
        kind = "query" if self._peek() == "{" else self._next()
        if kind not in ("query", "mutation"):
            raise Malformed(f"Expected QUERY or MUTATION, actual: {kind}")
        name = self._next() if self._peek() not in ("{", "(") else ""
        variables: dict[str, tuple[str, Any]] = {}
        if self._takes("("):
            while not self._takes(")"):
                self._next("$")
                variable = self._next()
                self._next(":")
                written = self._type()
                variables[variable] = (written, self._value() if self._takes("=") else None)
        return Operation(kind=kind, name=name, variables=variables, selection=self._selection(None))

    def _type(self) -> str:
        written = f"[{self._type()}{self._next(']')}" if self._takes("[") else self._next()
        return written + ("!" if self._takes("!") else "")

    def _selection(self, on: str | None) -> tuple[Field, ...]:
        self._next("{")
        found: list[Field] = []
        while not self._takes("}"):
            if self._takes("..."):
                found += self._fragment(on)
                continue
            name = alias = self._next()
            if self._takes(":"):
                name = self._next()
            arguments = self._arguments()
            if self._peek() == "@":
                raise Malformed("directives are not read here")
            selection = self._selection(None) if self._peek() == "{" else ()
            found.append(Field(name=name, alias=alias, arguments=arguments, selection=selection, on=on))
        return tuple(found)

    def _fragment(self, on: str | None) -> tuple[Field, ...]:
        if self._takes("on"):
            return self._selection(self._next())
        if self._peek() == "{":
            return self._selection(on)
        type_name, body = self.fragments[self._next()]
        back, self.at = self.at, body
        found = self._selection(type_name)
        self.at = back
        return found

    def _arguments(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self._takes("("):
            while not self._takes(")"):
                name = self._next()
                self._next(":")
                found[name] = self._value()
        return found

    def _value(self) -> Any:
        kind, text = self.tokens[self.at]
        self.at += 1
        if text == "$":
            return Variable(name=self._next())
        if text == "[":
            listed = []
            while not self._takes("]"):
                listed.append(self._value())
            return listed
        if text == "{":
            fields = {}
            while not self._takes("}"):
                name = self._next()
                self._next(":")
                fields[name] = self._value()
            return fields
        if kind == "number":
            return json.loads(text)
        if kind in ("string", "block"):
            return text[3:-3].strip() if kind == "block" else json.loads(text)
        return {"true": True, "false": False, "null": None}.get(text, text)
