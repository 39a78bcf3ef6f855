"""What pytest, unittest and trial print at their end. Pure."""

from __future__ import annotations

import re
from itertools import pairwise

from app.failures.counts import Counts, find, named, summed


def pytest(text: str) -> Counts | None:
    found = _lines(text)
    if not found:
        return None
    line = "\n".join(words for _, words in found)
    ruled = [words for rule, words in found if rule] or [words for _, words in found]
    least = min(ruled, key=lambda words: summed(r"(\d+) (?:passed|xpassed)", words))
    failing = named(find(r"^(?:FAILED|ERROR) ([^\s:]+(?:::(?:\[[^\]\n]*\])?[^\[\n]+?(?:\[.*?\])?)?)(?: - .*)?$", text))
    errors = summed(r"(\d+) errors?", line)
    in_tests = len(find(r"^ERROR [^\s:]+::", text))  # a fixture's
    return Counts(
        passed=summed(r"(\d+) (?:passed|xpassed)", least),
        failed=summed(r"(\d+) failed", line),
        skipped=summed(r"(\d+) (?:skipped|xfailed)", least),
        errors=errors,
        failing=failing,
        unloaded=max(0, errors - in_tests),
    )


def pytest_starts(text: str) -> list[tuple[int, int]]:
    """What passed and what did not, summary by summary."""
    return [
        (summed(r"(\d+) (?:passed|xpassed)", words), summed(r"(\d+) (?:failed|errors?)", words))
        for _, words in _lines(text)
    ]


def _lines(text: str) -> list[tuple[str, str]]:
    """The last line of each start: the rule before it, and its words."""
    words = "passed|failed|skipped|errors?|xfailed|xpassed|deselected|warnings?|rerun|subtests passed"
    pattern = rf"^(=+ )?((?:\d+ (?:{words})(?:, )?)+|no tests ran|no tests collected) in [\d.]+m?s"
    return re.findall(pattern, text, re.MULTILINE)


def unittest(text: str) -> Counts | None:
    """unittest, and trial of Twisted, which says how many succeeded as well."""
    pattern = r"^Ran (\d+) tests? in .*\n*(?:(?:FAILED|OK|PASSED)(?: \((.*)\))?$)?"
    ran = [
        (int(number), re.sub(r"(?:^|, )successes=\d+", "", end))
        for number, end in re.findall(pattern, text, re.MULTILINE)
    ]
    if not ran:
        return None
    ends = "\n".join(end for _, end in ran)
    failed, errors = summed(r"\bfailures=(\d+)", ends), summed(r"\berrors=(\d+)", ends)
    passed, end = min((max(0, number - summed(r"=(\d+)", end)), end) for number, end in ran)
    skipped = summed(r"\b(?:skipped|skips|todos|expected failures|expectedFailures)=(\d+)", end)
    failing = [" ".join(pair) for pair in re.findall(r"^(?:FAIL|ERROR): (\S+)(?: \(([^)]*)\))?", text, re.MULTILINE)]
    failing = failing or _of_trial(text)
    unloaded = sum("_FailedTest" in name for name in failing)
    return Counts(
        passed=passed, failed=failed, skipped=skipped, errors=errors, failing=named(failing), unloaded=unloaded
    )


def _of_trial(text: str) -> list[str]:
    """A block begins with `[FAIL]` and ends with the names of the tests it is about, up to the next rule."""
    found: list[str] = []
    lines = text.split("\n")
    is_failure = False
    for line, following in pairwise(lines):
        if re.fullmatch(r"\[[A-Z]+\]", line):
            is_failure = line in {"[FAIL]", "[ERROR]"}
        elif is_failure and following.startswith(("=" * 70, "-" * 70)) and re.fullmatch(r"[\w.]+", line):
            found.append(line)
    return found
