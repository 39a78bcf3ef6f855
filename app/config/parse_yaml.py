"""YAML text → plain data that remembers its lines. Duplicate keys, aliases and depth are mistakes, not surprises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from app.errors import UserError
from app.text import yaml_bounds

MAX_BYTES = 64 * 1024  # a hundred times what a long configuration needs; PyYAML reads about 200 kB a second
_MAX_DEPTH = 20  # the configuration itself nests three deep

_PLAIN_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")

Path = tuple[str | int, ...]


@dataclass(kw_only=True)
class Document:
    """The data of one file, the line (from 1) on which each path begins, and what was wrong while reading."""

    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    mistakes: list[tuple[int, str]] = field(default_factory=list)  # line, sentence

    def line(self, path: Path) -> int:
        """The line of `path`, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def load(content: bytes) -> Document:
    """Read one YAML document. Mistakes of shape are collected; only what stops the reading itself raises UserError."""
    if len(content) > MAX_BYTES:
        raise UserError(f"it is {len(content):,} bytes long, and at most {MAX_BYTES:,} are read")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(f"line {line}: it is not UTF-8 text") from None
    document = Document()
    try:
        _refuse_bombs(text)
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        data = None if root is None else _Reader(loader, document).read(root, ())
    except yaml.YAMLError as error:
        raise UserError(_syntax(error)) from None
    if data is not None and not isinstance(data, dict):
        raise UserError(f"it must be a mapping of keys to values, and is {_kind(data)}")
    document.data = data or {}
    return document


def _refuse_bombs(text: str) -> None:
    try:
        yaml_bounds.check(text, most_deep=_MAX_DEPTH)
    except yaml_bounds.TooMuch as error:
        raise UserError(f"line {error.line}: {error.said}") from None


class _Reader:
    def __init__(self, loader: yaml.SafeLoader, document: Document) -> None:
        self._loader = loader
        self._document = document

    def read(self, node: yaml.Node, path: Path) -> Any:
        self._document.lines.setdefault(path, node.start_mark.line + 1)
        if not isinstance(node, yaml.ScalarNode) and node.tag not in _PLAIN_TAGS:
            raise UserError(f"line {node.start_mark.line + 1}: YAML tags (`!name`) are not read here")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        try:
            value = self._loader.construct_object(node)
            # JSON Schema has one kind of number: 2.0 is a whole one
            return int(value) if isinstance(value, float) and value.is_integer() else value
        except ValueError as error:  # 2026-13-45 looks like a date and is none
            raise UserError(f"line {node.start_mark.line + 1}: {shown(node.value)} cannot be read ({error})") from None

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None or key_node.tag != "tag:yaml.org,2002:str":
                self._document.mistakes.append((line, f"{shown(key_node.value)} cannot be a key here: keys are words"))
                continue
            if key in found:
                first = self._document.line((*path, key))
                self._document.mistakes.append((line, f"{shown(key)} is given twice, first on line {first}"))
                continue
            self._document.lines[(*path, key)] = line
            found[key] = self.read(value_node, (*path, key))
        return found


def _syntax(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it cannot be read"
    where = f"line {mark.line + 1}: " if mark is not None else ""
    return f"{where}this is not valid YAML ({shown(str(problem), quoted=False)})"


_KINDS: Mapping[type, str] = {dict: "a mapping", list: "a list", str: "text", bool: "yes or no", type(None): "empty"}


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "a single value")


def shown(value: Any, *, quoted: bool = True) -> str:
    """`value` fit for one line of a comment: short, printable, unable to leave its backticks or to mention anybody."""
    if isinstance(value, dict | list) or value is None:
        return _kind(value)
    text = "yes" if value is True else "no" if value is False else str(value)
    text = "".join(letter for letter in text[:61] if letter.isprintable() and letter not in "`@")
    text = text[:60] + "…" if len(text) > 60 else text
    return f"`{text}`" if quoted and text else text or "an empty text"
