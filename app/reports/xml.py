"""JUnit XML as test runners write it, read as what it is: bytes from hostile code. Pure.

No document type, so no entities; bounded in size, depth and cases. Characters that XML forbids are common in what
tests print, and runners pass them on: they are taken out before the parser sees them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal
from xml.parsers import expat

MAX_BYTES = 16 * 2**20  # of one report; pytest writes 200 bytes for a test that passes
MAX_CASES = 200_000
_MAX_DEPTH = 50
_NAME = 1000  # characters of an attribute that are kept
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_FORBIDDEN_REFERENCES = re.compile(r"&#(?:0*(?:[0-8]|1[1245678]|19|2\d|3[01])|[xX]0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]));")
_DECLARED = re.compile(r"^﻿?\s*<\?xml[^>]*\?>")

Status = Literal["passed", "failed", "error", "skipped"]
_STATUS: dict[str, Status] = {"failure": "failed", "error": "error", "skipped": "skipped", "warning": "failed"}
_NOT_RUN = frozenset({"notrun", "disabled"})  # of CTest, which leaves out `<skipped>` where a test is switched off
_WORST: tuple[Status, ...] = ("passed", "skipped", "error", "failed")


class UnreadableReport(Exception):
    """The message says why, for the record."""


@dataclass(kw_only=True)
class Case:
    """One `<testcase>`. `suites` are the names of the suites around it, outermost first."""

    name: str
    classname: str = ""
    file: str = ""
    suites: tuple[str, ...] = ()
    status: Status = "passed"
    failures: int = 0  # a test with parts can have several
    errors: int = 0
    message: str = ""


@dataclass(kw_only=True)
class Document:
    """`comments` hold the totals in the reports of node."""

    cases: list[Case] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)


def parse(content: bytes) -> Document:
    """Raises UnreadableReport: too large, not well-formed, with a document type, or no report of tests."""
    reader = _Reader()
    walk(content, reader.start, reader.end, reader.comment)
    return reader.document


def walk(
    content: bytes,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    comment: Callable[[str], None] | None = None,
) -> None:
    """Each element of a document in turn. Raises UnreadableReport, as `parse` does."""
    if len(content) > MAX_BYTES:
        raise UnreadableReport("it is too large")
    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler, parser.EndElementHandler, parser.CommentHandler = start, end, comment
    text = _FORBIDDEN.sub("?", _DECLARED.sub("", content.decode("utf-8", "replace"), count=1))
    try:
        parser.Parse(_FORBIDDEN_REFERENCES.sub("?", text).encode(), True)
    except expat.ExpatError as error:
        raise UnreadableReport("it is not well-formed") from error


def parse_all(contents: Sequence[bytes]) -> Document:
    """Several files as one report; see `parse`."""
    whole = Document()
    for content in contents:
        one = parse(content)
        whole.cases += one.cases
        whole.comments += one.comments
        if len(whole.cases) > MAX_CASES:
            raise UnreadableReport("it holds too many tests")
    return whole


class _Reader:
    def __init__(self) -> None:
        self.document = Document()
        self._open: list[str] = []
        self._suites: list[str] = []
        self._case: Case | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._open and tag not in {"testsuites", "testsuite"}:
            raise UnreadableReport("it is no report of tests")
        self._open.append(tag)
        if len(self._open) > _MAX_DEPTH:
            raise UnreadableReport("it is nested too deeply")
        if tag == "testsuite":
            self._suites.append(attributes.get("name", "")[:_NAME])
        elif tag == "testcase":
            self._begin(attributes)
        elif self._case is not None and self._open[-2] == "testcase" and tag in _STATUS:
            is_risky = attributes.get("type", "").endswith(
                "RiskyTestError"
            )  # PHPUnit's, of a test that asserts nothing
            self._judge(self._case, "skipped" if is_risky else _STATUS[tag], attributes.get("message", ""))

    def _begin(self, attributes: dict[str, str]) -> None:
        if len(self.document.cases) >= MAX_CASES:
            raise UnreadableReport("it holds too many tests")
        name, classname, file = (attributes.get(key, "")[:_NAME] for key in ("name", "classname", "file"))
        self._case = Case(name=name, classname=classname, file=file, suites=tuple(self._suites))
        self._case.status = "skipped" if attributes.get("status") in _NOT_RUN else "passed"
        self.document.cases.append(self._case)

    @staticmethod
    def _judge(case: Case, status: Status, message: str) -> None:
        case.status = max(case.status, status, key=_WORST.index)
        case.failures += status == "failed"
        case.errors += status == "error"
        case.message = case.message or message[:_NAME]

    def end(self, tag: str) -> None:
        self._open.pop()
        if tag == "testsuite":
            self._suites.pop()
        elif tag == "testcase":
            self._case = None

    def comment(self, text: str) -> None:
        if len(self.document.comments) < MAX_CASES and len(text) <= _NAME and len(self._open) == 1:
            self.document.comments.append(text)


def _refuse(*_: object) -> None:
    raise UnreadableReport("it declares entities")
