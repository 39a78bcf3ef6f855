"""Readers of what tools print: which tool it was, and what failed. A new tool is a reader in its family and no more.

    read_lines(lines, said=...)   the best reading of one step's lines, and what wrapped the tool

Pure. Every reader is handed text that the repository wrote: patterns are anchored, of one line, and none repeats what
it repeats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.failures.readers import (
    c,
    containers,
    dependency_tools,
    go,
    javascript_static,
    javascript_tests,
    jvm,
    packages,
    python_static,
    python_tests,
    ruby_php_dotnet,
    rust,
)
from app.failures.readers.shape import Reader
from app.failures.readers.wrappers import Wrapped, unwrapped
from app.failures.records import Reading

READERS: tuple[Reader, ...] = (
    *python_tests.READERS,
    *python_static.READERS,
    *javascript_tests.READERS,
    *javascript_static.READERS,
    *go.READERS,
    *rust.READERS,
    *c.READERS,
    *jvm.READERS,
    *ruby_php_dotnet.READERS,
    *containers.READERS,
    *packages.READERS,
    *dependency_tools.READERS,
)
TEST_RUNNERS = frozenset(
    {
        "pytest",
        "unittest",
        "jest",
        "vitest",
        "mocha",
        "node",
        "cargo",
        "go",
        "maven",
        "gradle",
        "rspec",
        "phpunit",
        "dotnet",
        "ctest",
    }
)


def read_lines(lines: Sequence[str], *, said: str) -> tuple[Reading | None, tuple[str, ...]]:
    """What failed in the lines of one step, and by way of whom. `said` is the step's script and title."""
    parts = unwrapped(lines)
    if not parts:
        return _best(lines, said), ()
    inner = [
        (found, part)
        for part in parts
        if (found := _best([text for _, text in part.lines], f"{said} {part.name}", wrapper=part.by))
    ]
    # A hook that only wrote files anew may have failed because of what the others found.
    inner.sort(key=lambda pair: (not pair[0].certain, pair[0].cause == "format"))
    by = parts[0].by
    if inner and inner[0][0].certain:
        return _moved(*inner[0]), () if inner[0][0].tool == by else (by,)
    whole = _best(lines, said)
    if inner and (whole is None or not whole.certain):
        whole = _moved(*inner[0])
    return whole, () if whole is None or whole.tool == by else (by,)


def _moved(reading: Reading, part: Wrapped) -> Reading:
    """A reading of a part, told in the lines of the whole."""
    where = [at for at, _ in part.lines]
    return replace(reading, failures=tuple(replace(f, at=where[f.at], until=where[f.until]) for f in reading.failures))


def _best(lines: Sequence[str], said: str, *, wrapper: str = "") -> Reading | None:
    """Of several tools in one step: a test runner, which prints what others do; then the one the script names; then
    the one that spoke last, since the shell goes on only past what passed.
    """
    text = "\n".join(lines)
    readings = [
        found for reader in READERS if any(sign in text for sign in reader.signs) and (found := reader.read(lines))
    ]
    return max(readings, key=lambda reading: (reading.tool != wrapper, *_rank(reading, said)), default=None)


def _rank(reading: Reading, said: str) -> tuple[bool, bool, bool, int]:
    is_runner = reading.tool in TEST_RUNNERS and reading.cause in {
        "test",
        "timeout",
        "crash",
        "import",
        "syntax",
        "compile",
    }
    last = max(failure.until for failure in reading.failures)
    return reading.certain, is_runner, reading.tool in said, last
