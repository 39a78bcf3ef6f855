"""What set-up says of itself where it is other than the project asks for: by its commands, to people. Pure.

otherwise("npm ci", "npm install", "the lock does not install here")    # a command
sentences(command, output)                                              # what it said when it was run
"""

from __future__ import annotations

import shlex

_MARK = "lamplighter: "


def saying(sentence: str) -> str:
    """The command that says it."""
    return f"echo {shlex.quote(_MARK + sentence)}"


def otherwise(command: str, instead: str, sentence: str) -> str:
    """`command`, or, where it fails, `instead`; that is said behind all that it prints."""
    return f"{command} || {{ {instead} && {saying(sentence)}; }}"


def sentences(command: str, output: str) -> list[str]:
    """Only what the command has in it counts: whatever else prints the mark is somebody else's."""
    marked = (line.strip() for line in output.splitlines())
    found = [line.removeprefix(_MARK) for line in marked if line.startswith(_MARK)]
    return [text for text in dict.fromkeys(found) if text and saying(text) in command]
