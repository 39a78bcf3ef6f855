"""What the test runners of JavaScript print at their end. Pure."""

from __future__ import annotations

import re

from app.failures.counts import Counts, find, named, summed

_JEST = r"^\s*Tests:?\s+((?:\d+ (?:failed|skipped|todo|passed|total)(?:, | \| )?)+)(?: \(\d+\))?\s*$"
_MOCHA = r"^\s+(\d+) passing \("
_NODE = r"^(?:#|ℹ) pass (\d+)$"


def node_starts(text: str) -> list[tuple[int, int]]:
    """What passed and what failed by each summary of a runner of Node; of mocha and Node's own, what passed alone."""
    jests = [(summed(r"(\d+) passed", words), summed(r"(\d+) failed", words)) for words in find(_JEST, text)]
    others = [*find(_MOCHA, text), *find(_NODE, text), *find(r"^  (\d+) passed \(", text)]
    return [*jests, *((int(passed), 0) for passed in others)]


def jest(text: str) -> Counts | None:
    """jest (commas) and vitest (bars)."""
    lines = find(_JEST, text)
    if not lines:
        return None
    line, least = "\n".join(lines), min(lines, key=lambda words: summed(r"(\d+) passed", words))
    names = find(r"^\s*● (?!Console|Test suite failed)(.+ › .+|.+)$", text) or find(r"^\s*FAIL\s+(\S+ > .+?)\s*$", text)
    return Counts(
        passed=summed(r"(\d+) passed", least),
        failed=summed(r"(\d+) failed", line),
        skipped=summed(r"(\d+) (?:skipped|todo)", least),
        failing=named(names),
    )


def mocha(text: str) -> Counts | None:
    if not find(_MOCHA, text):
        return None
    tail = text[re.search(_MOCHA, text, re.MULTILINE).start() :]  # type: ignore[union-attr]
    blocks = re.findall(r"^\s+\d+\) (.+(?:\n\s{6,}.+)*?):\s*$", tail, re.MULTILINE)
    return Counts(
        passed=min(map(int, find(_MOCHA, tail))),
        failed=summed(r"^\s+(\d+) failing\s*$", tail),
        skipped=summed(r"^\s+(\d+) pending\s*$", tail),
        failing=named(" › ".join(part.strip() for part in block.split("\n")) for block in blocks),
    )


def node(text: str) -> Counts | None:
    """node --test: totals behind `# ` (TAP) or `ℹ ` (spec)."""
    passed = find(_NODE, text)
    is_avas = find(r"^(1)\.\.\d+$", text) and not find(r"^(?:#|ℹ) (cancelled) \d+$", text)
    if not passed or is_avas:
        return None
    names = find(r"^\s*not ok \d+ - (.+?)(?: # (?!TODO).*)?$", text) or find(r"^\s*✖ (.+?) \([\d.]+m?s\)$", text)
    return Counts(
        passed=min(map(int, passed)),
        failed=summed(r"^(?:#|ℹ) (?:fail|cancelled) (\d+)$", text),
        skipped=summed(r"^(?:#|ℹ) (?:skipped|todo) (\d+)$", text),
        failing=named(names),
    )


def old_tap(text: str) -> Counts | None:
    """node-tap before its version 1: a line for each file, which names no test, and `total ....... 159/161`."""
    totals = re.findall(r"^total \.{3,} (\d+)/(\d+)$", text, re.MULTILINE)
    if not totals:
        return None
    numbers = [(int(passed), int(ran)) for passed, ran in totals]
    return Counts(passed=min(numbers)[0], failed=sum(max(0, ran - passed) for passed, ran in numbers))


def tap(text: str) -> Counts | None:
    """node-tap: `# { total: 3, pass: 1, fail: 1, skip: 1 }`. Its files hold tests, which hold assertions."""
    lines = find(r"^# \{ (total: \d+[^}\n]*) \}$", text)
    if not lines:
        return None
    least = min(lines, key=lambda words: summed(r"\bpass: (\d+)", words))
    return Counts(
        passed=summed(r"\bpass: (\d+)", least),
        failed=sum(summed(r"\bfail: (\d+)", line) for line in lines),
        skipped=summed(r"\b(?:skip|todo): (\d+)", least),
        failing=named(
            find(r"^ {4}not ok \d+ - (.+?)(?: # .*)?$", text) or find(r"^not ok \d+ - (.+?)(?: # .*)?$", text)
        ),
    )


def ava(text: str) -> Counts | None:
    """When something fails, it does not say how many passed. A file that it gave up before its first test was known is
    in no sum, and leaves the exit code 0 (`timeouts` of its lib/run-status.js).
    """
    lines = find(r"^  (\d+ tests? (?:passed|failed|skipped|todo)|\d+ uncaught exceptions?)$", text)
    words = "\n".join(lines)
    if not find(r"(passed|failed)$", words):
        return None
    passed = find(r"(\d+) tests? passed", words)
    failing = find(r"^  ✘ \[fail\]: (.+?)(?: \([\d.]+m?s\))?$", text)
    failed = summed(r"(\d+) tests? failed", words)
    return Counts(
        passed=0 if failed else min(map(int, passed), default=0),
        failed=failed,
        skipped=summed(r"(\d+) tests? (?:skipped|todo)", words),
        errors=summed(r"(\d+) uncaught", words) + len(find(r"^  (✖) Timed out while running tests$", text)),
        failing=named(name.partition(" › Error")[0] for name in failing),
    )


def bun(text: str) -> Counts | None:
    """What it cannot load is an error, and among its failures."""
    if not find(r"^(Ran) \d+ tests? across \d+ files?\.", text):
        return None
    errors = summed(r"^ (\d+) errors?$", text)
    files = find(r"^(\S+):\n\n# Unhandled error between tests$", text)
    return Counts(
        passed=min(map(int, find(r"^ (\d+) pass$", text)), default=0),
        failed=max(0, summed(r"^ (\d+) fail$", text) - errors),
        skipped=summed(r"^ (\d+) (?:skip|todo)$", text),
        errors=errors,
        failing=named([*find(r"^\(fail\) (.+?)(?: \[[\d.]+m?s\])?$", text), *files]),
        unloaded=errors,
    )


def deno(text: str) -> Counts | None:
    pattern = (
        r"^(?:ok|FAILED) \| (\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed(?: \(\d+ steps?\))?"
        r"(?: \| (\d+) ignored(?: \(\d+ steps?\))?)?(?: \| .*)? \("
    )
    ends = re.findall(pattern, text, re.MULTILINE)
    if not ends:
        return None
    least = min(ends, key=lambda end: int(end[0]))
    failing = find(r"^(\S.*?) => \S+:\d+:\d+$", text)
    return Counts(
        passed=int(least[0]),
        failed=sum(int(end[1]) for end in ends),
        skipped=int(least[2] or 0),
        failing=named(name.partition(" ... ")[0] for name in failing),
    )


def playwright(text: str) -> Counts | None:
    """What passed only when it was tried again is flaky: it is not counted as passed."""
    if not find(r"^(Running) \d+ tests? using \d+ workers?", text):
        return None
    line = re.compile(r"  (\d+) (passed|failed|flaky|skipped|interrupted|did not run)(?: \([\d.hms ]+\))?")
    numbers: dict[str, list[int]] = {}
    failing: list[str] = []
    what = ""
    for text_line in text.split("\n"):
        if found := line.fullmatch(text_line):
            what = found[2]
            numbers.setdefault(what, []).append(int(found[1]))
        elif what in {"failed", "interrupted"} and text_line.startswith("    "):
            failing.append(re.sub(r":\d+:\d+(?= › )", "", text_line.rstrip(" ─")))
        else:
            what = ""
    if not numbers:
        return None
    return Counts(
        passed=min(numbers.get("passed", [0])),
        failed=sum(numbers.get("failed", [])) + sum(numbers.get("interrupted", [])),
        skipped=sum(sum(numbers.get(word, [])) for word in ("flaky", "skipped", "did not run")),
        failing=named(failing),
    )
