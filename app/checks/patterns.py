"""Added lines a reviewer should not overlook: risky calls, characters that hide. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.checks.changeset import ChangedFile, ChangeSet, Finding
from app.checks.test_files import is_test_path

_MAX_LINE = 5000  # a longer line is generated
_PER_FILE = 10
_PROSE = (".md", ".rst", ".txt", ".adoc", ".lock")

_RISKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("runs what it downloads", re.compile(r"\b(?:curl|wget)\b[^|;&]{0,300}\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b")),
    ("runs decoded text", re.compile(r"\bbase64\b[^|]{0,100}(?:-d|--decode|-D)\b[^|]{0,100}\|\s*(?:ba)?sh\b")),
    ("evaluates text as code", re.compile(r"(?<![\w.])(?:eval|exec)\s*\(|\bnew Function\s*\(")),
    ("runs a shell", re.compile(r"\bos\.(?:system|popen)\s*\(|\bshell\s*=\s*True\b|\bchild_process\b.{0,40}\bexec\b")),
    ("loads objects that can run code",
     re.compile(r"\b(?:pickle|marshal|dill|shelve)\.loads?\b|\byaml\.load\s*\((?!.*Safe)")),
    ("does not verify certificates",
     re.compile(r"\bverify\s*=\s*False\b|rejectUnauthorized\s*:\s*false|InsecureSkipVerify\s*:\s*true")),
    ("writes raw HTML", re.compile(r"\bdangerouslySetInnerHTML\b|\.innerHTML\s*=|\bmark_safe\s*\(|\bv-html\b")),
    ("opens permissions to everybody", re.compile(r"\bchmod\b.{0,20}\b0?777\b|0o777\b")),
    ("builds SQL from text", re.compile(r"""\bexecute\s*\(\s*(?:f['"]|['"][^'"]*['"]\s*%|.*\.format\()""")),
    ("silences a checker",
     re.compile(r"#\s*nosec\b|//\s*@ts-nocheck|#\s*type:\s*ignore\s*$|eslint-disable\b(?!-next-line)")),
)  # fmt: skip
# Bidirectional controls and characters without width: code that reads otherwise than it runs (CVE-2021-42574).
_HIDDEN = re.compile("[\u202a-\u202e\u2066-\u2069\u200b\u2060\U000e0000-\U000e007f]")


def check_patterns(changeset: ChangeSet) -> Iterator[Finding]:
    """Notes on risky lines outside tests and prose; a mark where characters hide."""
    for file in changeset.files:
        for position, finding in enumerate(_in_file(file)):
            if position == _PER_FILE:
                break
            yield finding


def _in_file(file: ChangedFile) -> Iterator[Finding]:
    quiet = is_test_path(file.path) or file.path.endswith(_PROSE)
    for number, text in file.added:
        if _HIDDEN.search(text):
            yield Finding(
                check="hidden-characters",
                level="mark",
                path=file.path,
                line=number,
                message="The line holds characters that are not shown, so it may read otherwise than it runs.",
                mark="needs-human",
            )
        if quiet or len(text) > _MAX_LINE:
            continue
        for what, pattern in _RISKS:
            if pattern.search(text):
                yield _note(file, number, f"This line {what}.")


def _note(file: ChangedFile, number: int, message: str) -> Finding:
    return Finding(check="pattern", level="note", path=file.path, line=number, message=message)
