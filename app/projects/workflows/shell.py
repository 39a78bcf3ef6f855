"""A step's script taken apart into its commands, where it is a list of commands and no program. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_MOST_CHARS = 4_000  # of a script; longer ones are programs
_PROGRAM = frozenset({"if", "for", "while", "until", "case", "function", "{", "(", "select", "do", "then", "trap"})
_QUIET_END = re.compile(r"\s*(?:\|\s*tee\b[^|]*|(?:2>&1|&?>+\s*/dev/null|2>\s*/dev/null))\s*$")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


@dataclass(frozen=True, kw_only=True)
class Command:
    """One simple command: `words` after assignments in front of it, `text` as it stands there."""

    text: str
    words: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def first(self) -> str:
        return self.words[0] if self.words else ""

    @property
    def rest(self) -> str:
        return shlex.join(self.words)


def commands(script: str) -> list[Command] | None:
    """None for a program: with branches, loops, functions, here-documents, substitutions that decide something."""
    if len(script) > _MOST_CHARS or re.search(r"<<-?\s*['\"]?\w|\w+\s*\(\)\s*\{", script):
        return None
    found: list[Command] = []
    for part in _parts(script.replace("\r\n", "\n").replace("\\\n", " ")):
        command = parse(part)
        if command is None or command.first in _PROGRAM:
            return None
        found.append(command)
    return found


def parse(text: str) -> Command | None:
    """None where the quotes do not match."""
    text = text.strip()
    while (shorter := _QUIET_END.sub("", text)) != text:
        text = shorter
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        return None
    if words[:1] == ["exec"] or words[:1] == ["command"] or words[:1] == ["time"]:
        words = words[1:]
    if words[:1] == ["env"]:
        words = words[1:]
    env: dict[str, str] = {}
    while words and _ASSIGNMENT.match(words[0]):
        name, _, value = words[0].partition("=")
        env[name] = value
        words = words[1:]
    return Command(text=text, words=tuple(words), env=env)


def is_opaque(command: Command) -> bool:
    """Whether a shell has to read it: pipes, substitutions, files, patterns. Plain variables are none of these."""
    bare = re.sub(r"'[^']*'", "", command.text)
    return bool(re.search(r"\||&|[<>`]|\$\(", bare))


def is_unsure(command: Command) -> bool:
    """Whether its failure is swallowed, so that it guards nothing."""
    return bool(re.search(r"\|\|\s*(true|:|echo\b|exit 0)", command.text))


def _parts(script: str) -> Iterator[str]:
    """Between line ends, `;` and `&&`, outside of quotes; without comments."""
    start, quote, depth = 0, "", 0
    at = 0
    while at < len(script):
        char = script[at]
        if char == "\\" and quote != "'":
            at += 2
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#" and (at == start or script[at - 1].isspace()):
            end = script.find("\n", at)
            script = script[:at] + (script[end:] if end >= 0 else "")
            continue
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif depth <= 0 and (char in "\n;" or script.startswith("&&", at)):
            if script[start:at].strip():
                yield script[start:at]
            at += 2 if char == "&" else 1
            start = at
            continue
        at += 1
    if script[start:].strip():
        yield script[start:]
