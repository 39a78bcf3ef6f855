"""Reading test counts out of what test runners print. Pure.

What a command printed is hearsay from the sandbox: counts inform people and tell old failures from new ones; whether a
command passed is decided by its exit code alone. None means the output does not tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

MAX_FAILING = 200  # names kept
_NAME = 300  # characters of a name


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many tests did what. `failing` names failures and errors as the runner does, the first MAX_FAILING."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    errors: int = 0
    failing: tuple[str, ...] = ()
    unloaded: int = 0  # of the errors: files that could not be imported or built, so that none of their tests ran

    @property
    def ran(self) -> int:
        return self.passed + self.failed + self.errors

    @property
    def ran_nothing(self) -> bool:
        """Whether it broke off before the first test: pytest does when it cannot import one of the files."""
        return self.unloaded > 0 and self.passed + self.failed + self.skipped + self.errors == self.unloaded

    @property
    def names_all_failures(self) -> bool:
        """Whether every failure has a name, so that two runs can be compared by name."""
        return len(self.failing) >= self.failed + self.errors

    def numbers(self) -> dict[str, int]:
        """JSON-shaped, without the names."""
        return {"passed": self.passed, "failed": self.failed, "skipped": self.skipped, "errors": self.errors}

    def as_event(self) -> dict[str, int | list[str]]:
        return {**self.numbers(), "failing": list(self.failing), "unloaded": self.unloaded}

    def plus(self, other: Counts) -> Counts:
        return Counts(
            passed=self.passed + other.passed,
            failed=self.failed + other.failed,
            skipped=self.skipped + other.skipped,
            errors=self.errors + other.errors,
            failing=_names([*self.failing, *other.failing]),
            unloaded=self.unloaded + other.unloaded,
        )


def parse_counts(output: str, *, whole: bool = True) -> Counts | None:
    """The counts in `output`. Of several summaries all failures count, but only what the smallest one passed: a test
    can print a summary as well as its runner, before or after it, and nothing that is printed may raise a count.

    `whole` is False when the middle of the output is missing: runners that print no totals are then not counted.
    """
    text = _NO_COUNT.sub("…", _ANSI.sub("", output).replace("\r\n", "\n"))
    found = [counts for parse in _SUMMARIES if (counts := parse(text)) is not None]
    if not found and whole:
        found = [counts for parse in _TALLIES if (counts := parse(text)) is not None][:1]
    if not found:
        return Counts() if _NO_TESTS.search(text) else None
    return _joined(found)


def _joined(found: list[Counts]) -> Counts:
    total = min(found, key=lambda counts: counts.passed)
    for counts in found:
        if counts is not total:
            total = total.plus(replace(counts, passed=0, skipped=0))
    return total


# What runners say, some with exit code 0, when there was nothing to run; `echo no tests yet` is a script of people.
_NO_TESTS = re.compile(
    r"^(?:\[\w+\] )?(?:No tests? (?:files? )?found(?:, exiting with code \d+|\.)?|No tests to run\.?"
    r"|Tests are skipped\.?|\?[ \t]+\S+[ \t]+\[no test files\]"
    r"|(?:Error: )?no tests? (?:yet|here|specified|defined|configured|available)\W*)$",
    re.MULTILINE | re.IGNORECASE,
)
_NO_COUNT = re.compile(r"\d{19,}")  # nobody has so many tests, and Python reads no number of 5,000 digits
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def _names(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(list(dict.fromkeys(name.strip()[:_NAME] for name in found if name.strip()))[:MAX_FAILING])


def _find(pattern: str, text: str) -> list[str]:
    return re.findall(pattern, text, re.MULTILINE)


def _sum(pattern: str, text: str) -> int:
    return sum(int(number) for number in _find(pattern, text))


def _pytest(text: str) -> Counts | None:
    words = "passed|failed|skipped|errors?|xfailed|xpassed|deselected|warnings?|rerun|subtests passed"
    pattern = rf"^(=+ )?((?:\d+ (?:{words})(?:, )?)+|no tests ran|no tests collected) in [\d.]+m?s"
    found = re.findall(pattern, text, re.MULTILINE)
    if not found:
        return None
    line = "\n".join(words for _, words in found)
    ruled = [words for rule, words in found if rule] or [words for _, words in found]
    least = min(ruled, key=lambda words: _sum(r"(\d+) (?:passed|xpassed)", words))
    failing = _names(_find(r"^(?:FAILED|ERROR) ([^\s:]+(?:::[^\[\n]+?(?:\[.*?\])?)?)(?: - .*)?$", text))
    errors = _sum(r"(\d+) errors?", line)
    in_tests = len(_find(r"^ERROR [^\s:]+::", text))  # a fixture's
    return Counts(
        passed=_sum(r"(\d+) (?:passed|xpassed)", least),
        failed=_sum(r"(\d+) failed", line),
        skipped=_sum(r"(\d+) (?:skipped|xfailed)", least),
        errors=errors,
        failing=failing,
        unloaded=max(0, errors - in_tests),
    )


def _unittest(text: str) -> Counts | None:
    ran = re.findall(r"^Ran (\d+) tests? in .*\n*(?:(?:FAILED|OK)(?: \((.*)\))?$)?", text, re.MULTILINE)
    if not ran:
        return None
    ends = "\n".join(end for _, end in ran)
    failed, errors = _sum(r"\bfailures=(\d+)", ends), _sum(r"\berrors=(\d+)", ends)
    passed, end = min((max(0, int(number) - _sum(r"=(\d+)", end)), end) for number, end in ran)
    skipped = _sum(r"\b(?:skipped|expected failures)=(\d+)", end)
    failing = [" ".join(pair) for pair in re.findall(r"^(?:FAIL|ERROR): (\S+)(?: \(([^)]*)\))?", text, re.MULTILINE)]
    unloaded = sum("_FailedTest" in name for name in failing)
    return Counts(
        passed=passed, failed=failed, skipped=skipped, errors=errors, failing=_names(failing), unloaded=unloaded
    )


def _jest(text: str) -> Counts | None:
    """jest (commas) and vitest (bars)."""
    lines = _find(r"^\s*Tests:?\s+((?:\d+ (?:failed|skipped|todo|passed|total)(?:, | \| )?)+)(?: \(\d+\))?\s*$", text)
    if not lines:
        return None
    line, least = "\n".join(lines), min(lines, key=lambda words: _sum(r"(\d+) passed", words))
    names = _find(r"^\s*● (?!Console|Test suite failed)(.+ › .+|.+)$", text) or _find(
        r"^\s*FAIL\s+(\S+ > .+?)\s*$", text
    )
    return Counts(
        passed=_sum(r"(\d+) passed", least),
        failed=_sum(r"(\d+) failed", line),
        skipped=_sum(r"(\d+) (?:skipped|todo)", least),
        failing=_names(names),
    )


def _mocha(text: str) -> Counts | None:
    if not _find(r"^\s+(\d+) passing \(", text):
        return None
    tail = text[re.search(r"^\s+\d+ passing \(", text, re.MULTILINE).start() :]  # type: ignore[union-attr]
    blocks = re.findall(r"^\s+\d+\) (.+(?:\n\s{6,}.+)*?):\s*$", tail, re.MULTILINE)
    return Counts(
        passed=min(map(int, _find(r"^\s+(\d+) passing \(", tail))),
        failed=_sum(r"^\s+(\d+) failing\s*$", tail),
        skipped=_sum(r"^\s+(\d+) pending\s*$", tail),
        failing=_names(" › ".join(part.strip() for part in block.split("\n")) for block in blocks),
    )


def _node(text: str) -> Counts | None:
    """node --test: totals behind `# ` (TAP) or `ℹ ` (spec)."""
    passed = _find(r"^(?:#|ℹ) pass (\d+)$", text)
    if not passed:
        return None
    names = _find(r"^\s*not ok \d+ - (.+?)(?: # .*)?$", text) or _find(r"^\s*✖ (.+?) \([\d.]+m?s\)$", text)
    return Counts(
        passed=min(map(int, passed)),
        failed=_sum(r"^(?:#|ℹ) (?:fail|cancelled) (\d+)$", text),
        skipped=_sum(r"^(?:#|ℹ) (?:skipped|todo) (\d+)$", text),
        failing=_names(names),
    )


def _old_tap(text: str) -> Counts | None:
    """node-tap before its version 1: a line for each file, which names no test, and `total ....... 159/161`."""
    totals = re.findall(r"^total \.{3,} (\d+)/(\d+)$", text, re.MULTILINE)
    if not totals:
        return None
    passed, ran = (sum(int(total[n]) for total in totals) for n in (0, 1))
    return Counts(passed=passed, failed=max(0, ran - passed))


def _cargo(text: str) -> Counts | None:
    pattern = r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;"
    lines = re.findall(pattern, text, re.MULTILINE)
    if not lines:
        return None
    return Counts(
        passed=sum(int(line[0]) for line in lines),
        failed=sum(int(line[1]) for line in lines),
        skipped=sum(int(line[2]) for line in lines),
        failing=_names(_find(r"^test (.+?) \.\.\. FAILED$", text)),
    )


def _surefire(text: str) -> Counts | None:
    pattern = r"^(?:\[\w+\] )?Tests run: (\d+), Failures: (\d+), Errors: (\d+), Skipped: (\d+)(?:,? Time elapsed.*)?$"
    every = list(re.finditer(pattern, text, re.MULTILINE))
    totals = [match for match in every if "Time elapsed" not in match.group()] or every
    if not totals:
        return None
    ran, failed, errors, skipped = (sum(int(match.group(n)) for match in totals) for n in range(1, 5))
    names = _find(r"^(?:\[ERROR\] )?(\S+?)(?: -- | +)Time elapsed: .*<<< (?:FAILURE|ERROR)!", text)
    names = [name for name in names if name != "Tests"]
    return Counts(
        passed=max(0, ran - failed - errors - skipped),
        failed=failed,
        errors=errors,
        skipped=skipped,
        failing=_names(names),
    )


def _gradle(text: str) -> Counts | None:
    lines = re.findall(r"^(\d+) tests? completed(?:, (\d+) failed)?(?:, (\d+) skipped)?", text, re.MULTILINE)
    if not lines:
        return None
    ran, failed, skipped = (sum(int(line[n] or 0) for line in lines) for n in range(3))
    names = _find(r"^(\S.* > .+) FAILED$", text)
    return Counts(passed=max(0, ran - failed - skipped), failed=failed, skipped=skipped, failing=_names(names))


def _junit_xml(text: str) -> Counts | None:
    suites = re.findall(r"<testsuite\s[^>]*>", text)
    if not suites:
        return None

    def total(name: str) -> int:
        return sum(int(match.group(1)) for suite in suites if (match := re.search(rf'\s{name}="(\d+)"', suite)))

    failed, errors, skipped = total("failures"), total("errors"), total("skipped")
    return Counts(
        passed=max(0, total("tests") - failed - errors - skipped), failed=failed, errors=errors, skipped=skipped
    )


def _go(text: str) -> Counts | None:
    """`go test -v`; without -v only failures are printed, which is no count."""
    passed = len(_find(r"^--- (PASS): ", text))
    failing = _find(r"^\s*--- FAIL: (\S+)", text)
    if not passed and not (failing and _find(r"^=== (RUN)", text)):
        return None
    top = _find(r"^--- FAIL: (\S+)", text)
    builds = _find(r"^FAIL\s+(\S+) \[(?:build|setup) failed\]", text)
    return Counts(
        passed=passed,
        failed=len(top),
        errors=len(builds),
        skipped=len(_find(r"^--- (SKIP): ", text)),
        failing=_names([*failing, *builds]),
        unloaded=len(builds),
    )


def _tap(text: str) -> Counts | None:
    if not _find(r"^1\.\.(\d+)", text):
        return None
    lines = re.findall(r"^(not ok|ok)\b(?: \d+)?(?: -)? ?(.*)$", text, re.MULTILINE)
    skipped = [line for line in lines if re.search(r"# (?:skip|todo)", line[1], re.IGNORECASE)]
    failed = [line for line in lines if line[0] == "not ok" and line not in skipped]
    passed = len(lines) - len(failed) - len(skipped)
    return Counts(passed=passed, failed=len(failed), skipped=len(skipped), failing=_names(line[1] for line in failed))


_Parser = Callable[[str], Counts | None]
_SUMMARIES: tuple[_Parser, ...] = (
    _pytest,
    _unittest,
    _jest,
    _mocha,
    _node,
    _old_tap,
    _cargo,
    _surefire,
    _gradle,
    _junit_xml,
)
_TALLIES: tuple[_Parser, ...] = (_go, _tap)
