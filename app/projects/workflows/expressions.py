"""GitHub's expressions, as far as they can be told from the files: `matrix.x`, `env.X`, comparisons, functions. Pure.

evaluate("matrix.os == 'ubuntu-latest' && !failure()", contexts)       # True, or UNKNOWN where nobody can tell
substitute("tox -e ${{ matrix.env || 'py' }}", contexts)               # a text, or None where nobody can tell
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

_MOST_CHARS = 1_000
_DEEPEST = 30
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)(?![\w-])|(?P<name>[A-Za-z_][\w-]*)"
    r"|(?P<sign>&&|\|\||==|!=|<=|>=|[!<>().,\[\]*]))"
)
_PLACE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


class Unknown:
    """What only a running workflow knows: outputs of steps, secrets, hashes of files."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}


def evaluate(expression: str, contexts: Mapping[str, Any]) -> Any:
    """None, a bool, a number, a text, a list or a map; UNKNOWN also for what is no expression."""
    if len(expression) > _MOST_CHARS:
        return UNKNOWN
    try:
        return _Parser(expression, contexts).value()
    except (ValueError, IndexError, TypeError):
        return UNKNOWN


def condition(text: str, contexts: Mapping[str, Any]) -> bool | None:
    """Whether an `if:` lets its step or job run; None where nobody can tell."""
    text = text.strip()
    whole = _PLACE.fullmatch(text)
    value = evaluate(whole[1] if whole else _PLACE.sub(r"(\1)", text), contexts)
    return None if value is UNKNOWN else is_true(value)


def substitute(text: str, contexts: Mapping[str, Any]) -> str | None:
    found = True

    def said(match: re.Match[str]) -> str:
        nonlocal found
        value = evaluate(match[1], contexts)
        found = found and not isinstance(value, Unknown | list | dict)
        return as_text(value)

    told = _PLACE.sub(said, text)
    return told if found and "${{" not in told else None


def typed(value: object) -> object:
    """A scalar of YAML as an expression sees it."""
    return _WORDS.get(value, value) if isinstance(value, str) else value


def is_true(value: object) -> bool:
    return value not in (None, False, 0, "")


def as_text(value: object) -> str:
    if value is None or isinstance(value, Unknown):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


class _Parser:
    def __init__(self, expression: str, contexts: Mapping[str, Any]) -> None:
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        self._depth = 0
        self._contexts = contexts
        at, end = 0, len(expression.rstrip())
        while at < end:
            match = _TOKEN.match(expression, at)
            if match is None or match.lastgroup is None:
                raise ValueError(expression)
            self._tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()

    def value(self) -> Any:
        value = self._either()
        if self._at != len(self._tokens):
            raise ValueError("more than an expression")
        return value

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self, *signs: str) -> str:
        if self._at < len(self._tokens) and self._tokens[self._at][0] == "sign" and self._peek() in signs:
            self._at += 1
            return self._tokens[self._at - 1][1]
        return ""

    def _either(self) -> Any:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("nested too deeply")
        value = self._both()
        while self._take("||"):
            other = self._both()
            if value is not UNKNOWN and not is_true(value):
                value = other
        self._depth -= 1
        return value

    def _both(self) -> Any:
        value = self._compared()
        while self._take("&&"):
            other = self._compared()
            if value is UNKNOWN:
                value = UNKNOWN if other is UNKNOWN or is_true(other) else False
            elif is_true(value):
                value = other
        return value

    def _compared(self) -> Any:
        value = self._single()
        while sign := self._take("==", "!=", "<", "<=", ">", ">="):
            other = self._single()
            value = UNKNOWN if UNKNOWN in (value, other) else _compare(sign, value, other)
        return value

    def _single(self) -> Any:
        negated = 0
        while self._take("!"):
            negated += 1
        value = self._reached(self._primary())
        if not negated or value is UNKNOWN:
            return value
        return is_true(value) == (negated % 2 == 0)

    def _primary(self) -> Any:
        if self._take("("):
            value = self._either()
            if not self._take(")"):
                raise ValueError("an open bracket")
            return value
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return float(text)
        if kind != "name":
            raise ValueError(text)
        if self._take("("):
            return _call(text.lower(), self._arguments())
        if text in _WORDS:
            return _WORDS[text]
        return self._contexts.get(text.lower(), UNKNOWN)

    def _arguments(self) -> list[Any]:
        found: list[Any] = []
        while not self._take(")"):
            found.append(self._either())
            if self._peek() not in {")", ","}:
                raise ValueError("no argument")
            self._take(",")
        return found

    def _reached(self, value: Any) -> Any:
        while sign := self._take(".", "["):
            if self._take("*"):
                value = list(value.values()) if isinstance(value, dict) else value
            elif sign == ".":
                key = self._tokens[self._at][1]
                self._at += 1
                value = [_inside(item, key) for item in value] if isinstance(value, list) else _inside(value, key)
            else:
                value = _inside(value, as_text(self._either()))
            if sign == "[" and not self._take("]"):
                raise ValueError("an open bracket")
        return value


def _inside(value: Any, key: str) -> Any:
    """A map says itself whether it is all there is to know, by what it has under ""."""
    if not isinstance(value, dict):
        return UNKNOWN if value is UNKNOWN else None
    names = {str(name).lower(): name for name in value}
    return value[names[key.lower()]] if key.lower() in names else value.get("")


def _compare(sign: str, left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        left, right = left.lower(), right.lower()
    else:
        left, right = _number(left), _number(right)
    found: bool = {
        "==": left == right, "!=": left != right, "<": left < right,
        "<=": left <= right, ">": left > right, ">=": left >= right,
    }[sign]  # fmt: skip
    return found


def _number(value: Any) -> float:
    if value is None or value == "":
        return 0.0
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _call(name: str, given: list[Any]) -> Any:
    fixed = {"success": True, "always": True, "failure": False, "cancelled": False}
    if name in fixed:
        return fixed[name]
    if UNKNOWN in given:
        return UNKNOWN
    if name in {"contains", "startswith", "endswith"}:
        where, what = given
        if isinstance(where, list):
            return UNKNOWN if UNKNOWN in where else any(_compare("==", item, what) for item in where)
        text, part = as_text(where).lower(), as_text(what).lower()
        return {"contains": part in text, "startswith": text.startswith(part), "endswith": text.endswith(part)}[name]
    if name == "format":
        return re.sub(r"\{(\d+)\}", lambda match: as_text(given[1 + int(match[1])]), as_text(given[0]))
    if name == "fromjson":
        return json.loads(as_text(given[0]))
    return UNKNOWN
