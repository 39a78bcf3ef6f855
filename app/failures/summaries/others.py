"""What test runners of other languages print at their end. Pure."""

from __future__ import annotations

import re

from app.failures.counts import Counts, find, named, summed


def cargo(text: str) -> Counts | None:
    """One line for each test binary, which said before how many tests it runs: another that was printed fits none."""
    pattern = (
        r"^running (\d+) tests?$|^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;(?: (\d+) measured)?"
    )
    lines = re.findall(pattern, text, re.MULTILINE)
    announces = any(line[0] for line in lines)
    ends: list[tuple[int, ...]] = []
    announced = -1
    for line in lines:
        if line[0]:
            announced = int(line[0])
            continue
        passed, failed, ignored, measured = (int(number or 0) for number in line[1:])
        fits = not announces or passed + failed + ignored + measured == announced
        ends.append((passed if fits else 0, failed, ignored if fits else 0))
        announced = -1 if fits else announced
    if not ends:
        return None
    passed, failed, ignored = (sum(end[n] for end in ends) for n in range(3))
    failing = named(find(r"^test (.+?) \.\.\. FAILED$", text))
    return Counts(passed=passed, failed=failed, skipped=ignored, failing=failing)


def nextest(text: str) -> Counts | None:
    pattern = r"^ +Summary \[ *[\d.]+s\] +(?:\d+/)?\d+ tests? run: (\d+ passed.*)$"
    lines = find(pattern, text)
    if not lines:
        return None
    least = min(lines, key=lambda words: summed(r"^(\d+) passed", words))
    failing = find(r"^ +(?:FAIL|TIMEOUT|SIGSEGV|SIGABRT) \[ *[\d.]+s\] (?:\( *\d+/\d+\) )?(\S+ \S+)$", text)
    return Counts(
        passed=summed(r"^(\d+) passed", least),
        failed=sum(summed(r"(\d+) (?:failed|timed out|exec failed)", line) for line in lines),
        skipped=summed(r"(\d+) skipped", least),
        failing=named(failing),
    )


def dotnet(text: str) -> Counts | None:
    """A line for each assembly."""
    lines = _assemblies(text)
    if not lines:
        return None
    failed, passed, skipped = (sum(line[n] for line in lines) for n in range(3))
    failing = named(find(r"^ +(?:\[xUnit.*\] +)?Failed (\S.*?) \[.*\]$", text))
    return Counts(passed=passed, failed=failed, skipped=skipped, failing=failing)


def dotnet_starts(text: str) -> list[tuple[int, int]]:
    """What passed and what failed, by assembly."""
    return [(passed, failed) for failed, passed, _skipped in _assemblies(text)]


def _assemblies(text: str) -> list[tuple[int, ...]]:
    pattern = r"^ *(?:Passed|Failed|Skipped)! +- Failed: +(\d+), Passed: +(\d+), Skipped: +(\d+), Total: +\d+"
    return [tuple(map(int, line)) for line in re.findall(pattern, text, re.MULTILINE)]


def phpunit(text: str) -> Counts | None:
    ends = re.findall(r"^(?:OK \((\d+) tests?, .*\)|Tests: (\d+), Assertions: \d+(.*)\.)$", text, re.MULTILINE)
    if not ends:
        return None
    said = "\n".join(end[2] for end in ends)
    failed, errors = summed(r"Failures: (\d+)", said), summed(r"Errors: (\d+)", said)
    passed, rest = min((max(0, int(end[0] or end[1]) - _not_passed(end[2])), end[2]) for end in ends)
    failing = named(find(r"^\d+\) (\S+::\S.*)$", text))
    return Counts(passed=passed, failed=failed, skipped=_skipped(rest), errors=errors, failing=failing)


def _not_passed(said: str) -> int:
    return summed(r"(?:Failures|Errors): (\d+)", said) + _skipped(said)


def _skipped(said: str) -> int:
    return summed(r"(?:Skipped|Incomplete): (\d+)", said)


def rspec(text: str) -> Counts | None:
    ends = re.findall(r"^(\d+) examples?, (\d+) failures?(.*)$", text, re.MULTILINE)
    if not ends:
        return None
    rest = [(int(ran) - int(failed) - summed(r"(\d+) pending", more), more) for ran, failed, more in ends]
    passed, more = min(rest)
    return Counts(
        passed=max(0, passed),
        failed=sum(int(end[1]) for end in ends),
        skipped=summed(r"(\d+) pending", more),
        errors=sum(summed(r"(\d+) errors? occurred", end[2]) for end in ends),
        failing=named(find(r"^rspec \S+ # (.+)$", text)),
    )


def ctest(text: str) -> Counts | None:
    """What skips itself is among those that passed in its last line; what is switched off is in none of the numbers."""
    ends = re.findall(r"^\d+% tests passed, (\d+) tests? failed out of (\d+)$", text, re.MULTILINE)
    if not ends:
        return None
    skipped, disabled = (len(find(rf"^\t *\d+ - \S.* \(({word})\)$", text)) for word in ("Skipped", "Disabled"))
    bad = re.search(r"^The following tests FAILED:\n((?:\t.*\n?)*)", text, re.MULTILINE)
    names = find(r"^\t *\d+ - (\S.*) \([^()]*\)(?:[ \t].*)?$", bad[1]) if bad else []
    return Counts(
        passed=max(0, min(int(ran) - int(failed) for failed, ran in ends) - skipped),
        failed=sum(int(failed) for failed, _ran in ends),
        skipped=skipped + disabled,
        failing=named(names),
    )


def surefire(text: str) -> Counts | None:
    pattern = r"^(?:\[\w+\] )?Tests run: (\d+), Failures: (\d+), Errors: (\d+), Skipped: (\d+)(?:,? Time elapsed.*)?$"
    every = list(re.finditer(pattern, text, re.MULTILINE))
    totals = [match for match in every if "Time elapsed" not in match.group()] or every
    if not totals:
        return None
    ran, failed, errors, skipped = (sum(int(match.group(n)) for match in totals) for n in range(1, 5))
    names = find(r"^(?:\[ERROR\] )?(\S+?)(?: -- | +)Time elapsed: .*<<< (?:FAILURE|ERROR)!", text)
    names = [name for name in names if name != "Tests"]
    return Counts(
        passed=max(0, ran - failed - errors - skipped),
        failed=failed,
        errors=errors,
        skipped=skipped,
        failing=named(names),
    )


def gradle(text: str) -> Counts | None:
    lines = re.findall(r"^(\d+) tests? completed(?:, (\d+) failed)?(?:, (\d+) skipped)?", text, re.MULTILINE)
    if not lines:
        return None
    ran, failed, skipped = (sum(int(line[n] or 0) for line in lines) for n in range(3))
    names = find(r"^(\S.* > .+) FAILED$", text)
    return Counts(passed=max(0, ran - failed - skipped), failed=failed, skipped=skipped, failing=named(names))


def junit_xml(text: str) -> Counts | None:
    suites = re.findall(r"<testsuite\s[^>]*>", text)
    if not suites:
        return None

    def total(name: str) -> int:
        return sum(int(match.group(1)) for suite in suites if (match := re.search(rf'\s{name}="(\d+)"', suite)))

    failed, errors, skipped = total("failures"), total("errors"), total("skipped")
    return Counts(
        passed=max(0, total("tests") - failed - errors - skipped), failed=failed, errors=errors, skipped=skipped
    )
