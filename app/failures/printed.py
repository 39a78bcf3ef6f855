"""Reading test counts out of what test runners print. Pure.

What a command printed is hearsay from the sandbox: counts inform people and tell old failures from new ones; whether a
command passed is decided by its exit code alone. None means the output does not tell.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from app.failures.counts import Counts
from app.failures.summaries import go, javascript, others, python, tap

MOST = 10**18  # more than anybody has
Reader = Callable[[str], Counts | None]
SUMMARIES: tuple[Reader, ...] = (
    python.pytest, python.unittest, javascript.jest, javascript.mocha, javascript.node,
    javascript.old_tap, javascript.tap, javascript.ava, javascript.bun, javascript.deno, javascript.playwright,
    others.cargo, others.nextest, others.surefire, others.gradle, others.junit_xml, others.dotnet, others.phpunit,
    others.rspec, others.ctest, tap.prove,
)  # fmt: skip
TALLIES: tuple[Reader, ...] = (go.go, tap.tap)


def readable(output: str) -> str:
    """Without colours, and numbers that no count has."""
    return _NO_COUNT.sub("…", _ANSI.sub("", output).replace("\r\n", "\n"))


def parse_counts(output: str, *, whole: bool = True) -> Counts | None:
    """The counts in `output`. Of several summaries all failures count, but only what the smallest one passed: a test
    can print a summary as well as its runner, before or after it, and nothing that is printed may raise a count.

    `whole` is False when the middle of the output is missing: runners that print no totals are then not counted.
    """
    text = readable(output)
    return _counted(text, whole=whole) or _of_packages(text)


def _counted(text: str, *, whole: bool) -> Counts | None:
    found = [counts for read in SUMMARIES if (counts := read(text)) is not None]
    if not found and whole:
        found = [counts for read in TALLIES if (counts := read(text)) is not None][:1]
    if not found:
        return Counts() if _NO_TESTS.search(text) and not _UNCOUNTED.search(text) else None
    total = _joined(found)
    return replace(total, passed=min(total.passed, *_most(text))) if whole else total


def _most(text: str) -> list[int]:
    """What can have passed by the runners that print each test: a summary among their lines is a print."""
    by_go, by_tap = go.go(text), tap.most(text)
    return [*([by_go.passed] if by_go else []), *([by_tap] if by_tap is not None else []), MOST]


def _joined(found: Sequence[Counts]) -> Counts:
    total = min(found, key=lambda counts: counts.passed)
    for counts in found:
        if counts is not total:
            total = total.plus(replace(counts, passed=0, skipped=0))
    return total


def _of_packages(text: str) -> Counts | None:
    """Where a monorepo's tool puts the package before every line, each package has its own summary, and they add up.

    Asked only where no line without one is a summary: a test may print such a line, and would add to the count.
    """
    packages: defaultdict[str, list[str]] = defaultdict(list)
    for line in text.split("\n"):
        if found := _PREFIX.match(line[:_LONGEST]):
            packages[found[1]].append(line[found.end() :])
    whole: Counts | None = None
    for lines in packages.values():
        counts = _counted("\n".join(lines), whole=True)
        if counts is not None:
            whole = counts if whole is None else whole.plus(counts)
    return whole


def unprefixed(text: str) -> str:
    """Without what a monorepo's tool puts before every line, where only such lines are summaries."""
    if _counted(text, whole=True) is not None:
        return text
    lines = ((line, _PREFIX.match(line[:_LONGEST])) for line in text.split("\n"))
    return "\n".join(line[found.end() :] if found else line for line, found in lines)


_LONGEST = 200  # characters of a prefix
# `web:test: ` of turbo, `packages/web test: ` of pnpm and bun, `[web]: ` of yarn, `@shop/web: ` of lerna and nx: no
# sentence begins so.
_PREFIX = re.compile(
    r"^((?:@[\w.-]+/)?[\w.-]+:[\w.:-]*test[\w.:-]*|[@\w./-]+ [\w.:-]*test[\w.:-]*|\[[@\w./-]+\]|@[\w.-]+/[\w.-]+): ?"
)
# What runners say, some with exit code 0, when there was nothing to run; `echo no tests yet` is a script of people.
_NO_TESTS = re.compile(
    r"^(?:\[\w+\] |error: |\s*[✖✘] | WARNING  |\s*NX +)?(?:"
    r"No tests? (?:files? |modules )?found(?:, exiting with code \d+|: .*)?\W*"
    r"|No tests? (?:to run|executed|were found|is available in .*|yet|here|specified|defined|configured|available)\W*"
    r"|No test matches the given .*|Tests are skipped\.?|Couldn['’]t find any files to test\W*|no packages to test"
    r"|No (?:tasks were executed as part of this run|tasks were run|projects matched the filters in .*)\.?"
    r"|lerna success run No packages found with the lifecycle script .*|> Task \S*[tT]est NO-SOURCE"
    r"|make: (?:'\S*(?:test|check)\S*' is up to date|Nothing to be done for '\S*(?:test|check)\S*')\."
    r"|task: Task \"\S*test\S*\" is up to date"
    r"|\?[ \t]+\S+[ \t]+\[no test files\]|ok[ \t]+\S+[ \t]+\S+[ \t]+\[no tests to run\])$",
    re.MULTILINE | re.IGNORECASE,
)
# What passed without saying how many, beside packages that have none: Go without `-v`, Gradle.
_UNCOUNTED = re.compile(
    r"^ok[ \t]+\S+[ \t]+(?:[\d.]+s|\(cached\))(?![^\n]*\[no tests to run\])|^> Task \S*[tT]est$", re.MULTILINE
)
_NO_COUNT = re.compile(r"\d{19,}")  # nobody has so many tests, and Python reads no number of 5,000 digits
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
