"""What a way to a report is, and how a command is taken for one that takes further arguments. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Read = Callable[[str], str]  # a file of the tree by its path, empty when it is not there

PLACE = '"$lamplighter_report"'  # in the shell: the folder for this one execution, not exported
REPORT = "report"  # the name of the file in it

SET = r"(?:(?:export )?[A-Za-z_]\w*=(?:\"[^\"]*\"|'[^']*'|[^\s;\"'])*(?:;\s*|\s+))*"
_SHELL = re.compile(r"[|;<>#&`]")
_HARMLESS = re.compile(r"'[^']*'|\$\(go list [^()`;&<>]*\)")  # words, whatever stands in them


@dataclass(frozen=True, kw_only=True)
class Way:
    """`kind` names the reader, `format` what is read. `speaks`: whether that runner always prints a summary."""

    kind: str
    format: str
    command: str
    before: str = ""  # shell, run ahead of it
    patterns: tuple[str, ...] = ()  # of files in the tree, where the report cannot be sent anywhere else
    speaks: bool = True
    streamed: bool = False  # the report is what the command prints, and goes to its place instead
    named: bool = False  # the files say which runner wrote them (`report-jest-4711`), one for each start
    several: bool = False  # of such: there may be several starts, whose counts add up
    announces: bool = False  # what starts the runners names each script: where nothing is printed, nothing ran
    heading: str = ""  # shell: what it prints stands ahead of that


def goes_on(words: str) -> bool:
    """Whether what is appended to these words of a command would not reach the runner."""
    return bool(_SHELL.search(_HARMLESS.sub("", words)))
