"""What set-up says of itself where it is other than the project asks for: by its commands, to people. Pure.

otherwise("npm ci", "npm install", "the lock does not install here")    # a command
sentences(command, output)                                              # what it said when it was run
"""

from __future__ import annotations

import re
import shlex

_MARK = "lamplighter: "
_VERSION = re.compile(r" (?:[A-Z][a-z]{1,10} )?v?\d[\w.+-]{0,30}$")  # as a tool prints it behind a sentence


def saying(sentence: str, version: str = "") -> str:
    """The command that says it, with what the command `version` prints behind it."""
    said = f"echo {shlex.quote(_MARK + sentence)}"
    return f'{said} "$({version})"' if version else said


def otherwise(command: str, instead: str, sentence: str) -> str:
    """`command`, or, where it fails, `instead`; that is said behind all that it prints."""
    return f"{command} || {{ {instead} && {saying(sentence)}; }}"


def sentences(command: str, output: str) -> list[str]:
    """Only what the command has in it counts: whatever else prints the mark is somebody else's."""
    marked = (line.strip() for line in output.splitlines())
    found = [line.removeprefix(_MARK) for line in marked if line.startswith(_MARK)]
    return [text for text in dict.fromkeys(found) if text and _is_said(text, command)]


def _is_said(text: str, command: str) -> bool:
    fixed = _VERSION.sub("", text)
    return saying(text) in command or (fixed != text and f'{saying(fixed)} "$(' in command)
