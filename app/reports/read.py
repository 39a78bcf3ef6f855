"""From a runner's report to counts, its tests named as the runner names them when it prints. Pure."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from app.failures.counts import Counts
from app.failures.summaries import tap
from app.reports import go, trx
from app.reports.xml import MAX_BYTES, MAX_CASES, Case, Document, UnreadableReport, parse_all

_TOTAL = re.compile(r"^\s*(pass|fail|cancelled|skipped|todo) (\d{1,9})\s*$")
_JEST = {"passed": "passed", "failed": "failed", "pending": "skipped", "skipped": "skipped", "todo": "skipped",
         "disabled": "skipped", "focused": "passed"}  # fmt: skip

_RSPEC = {"passed": "passed", "failed": "failed", "pending": "skipped"}


def read(kind: str, contents: Sequence[bytes], root: str) -> Counts:
    """What the files of one report say. `root`: the tree's path as commands see it. Raises UnreadableReport."""
    try:
        return _READERS[kind](contents, root.rstrip("/"))
    except (RecursionError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise UnreadableReport("it is not what that runner writes") from error


def _of_cases(cases: Iterable[Case], name_of: Callable[[Case], str], *, unloaded: int = 0) -> Counts:
    numbers: Counter[str] = Counter()
    failing: list[str] = []
    for case in cases:
        numbers["passed"] += case.status == "passed"
        numbers["skipped"] += case.status == "skipped"
        numbers["failed"] += case.failures
        numbers["errors"] += case.errors
        failing += [name_of(case)] * (case.failures + case.errors)
    return Counts.of(numbers, failing, unloaded)


def _pytest(contents: Sequence[bytes], _root: str) -> Counts:
    cases = parse_all(contents).cases
    unloaded = sum(1 for case in cases if case.errors and not case.classname)
    return _of_cases(cases, _node_id, unloaded=unloaded)


def _node_id(case: Case) -> str:
    """`tests/test_a.py::Class::test_x[1]`, from the file and what the dotted class name has beyond it."""
    if not case.classname:  # a file that could not be collected
        return case.file or case.name
    module = case.file.removesuffix(".py").replace("/", ".")
    if not case.file or not f"{case.classname}.".startswith(f"{module}."):
        return f"{case.classname}::{case.name}"
    classes = [part for part in case.classname[len(module) :].split(".") if part]
    return "::".join([case.file, *classes, case.name])


def _node(contents: Sequence[bytes], root: str) -> Counts:
    """Tests with parts stand there as suites, without a result of their own: the totals are in comments at the end."""
    document = parse_all(contents)
    totals = {found[1]: int(found[2]) for text in document.comments if (found := _TOTAL.match(text))}
    if not {"pass", "fail"} <= totals.keys():
        raise UnreadableReport("it ends without totals")
    named = _of_cases(document.cases, lambda case: _inside(case.name, root))
    return Counts(
        passed=totals["pass"],
        failed=totals["fail"] + totals.get("cancelled", 0),
        skipped=totals.get("skipped", 0) + totals.get("todo", 0),
        failing=named.failing,
    )


def _bun(contents: Sequence[bytes], _root: str) -> Counts:
    return _of_cases(parse_all(contents).cases, lambda case: " > ".join([*case.suites[1:], case.name]))


def _deno(contents: Sequence[bytes], _root: str) -> Counts:
    """Steps of a test follow as cases of their own, which are not counted as tests when it prints."""
    cases = [case for case in parse_all(contents).cases if " > " not in case.name]
    return _of_cases(cases, lambda case: case.name)


def _jvm(contents: Sequence[bytes], _root: str) -> Counts:
    return _of_cases(parse_all(contents).cases, lambda case: ".".join(filter(None, (case.classname, case.name))))


def _jest(contents: Sequence[bytes], root: str) -> Counts:
    return _javascript(contents, root, lambda _file, parts: " › ".join(parts))


def _vitest(contents: Sequence[bytes], root: str) -> Counts:
    return _javascript(contents, root, lambda file, parts: " > ".join([file, *parts]))


def _javascript(contents: Sequence[bytes], root: str, name_of: Callable[[str, list[str]], str]) -> Counts:
    """The JSON of jest, which vitest writes as well."""
    if len(contents) != 1 or len(contents[0]) > MAX_BYTES:
        raise UnreadableReport("it is too large")
    numbers: Counter[str] = Counter()
    failing: list[str] = []
    for suite in json.loads(contents[0])["testResults"]:
        file = _inside(str(suite["name"]), root)
        results: list[Mapping[str, Any]] = suite["assertionResults"]
        for result in results:
            status = _JEST[result["status"]]
            numbers[status] += 1
            if status == "failed":
                failing.append(name_of(file, [*map(str, result["ancestorTitles"]), str(result["title"])]))
        if suite["status"] == "failed" and not any(result["status"] == "failed" for result in results):
            numbers["errors"] += 1
            failing.append(file)
    if numbers.total() > MAX_CASES:
        raise UnreadableReport("it holds too many tests")
    return Counts.of(numbers, failing, unloaded=numbers["errors"])


def _go(contents: Sequence[bytes], _root: str) -> Counts:
    """What was printed to standard error, and the stream of events."""
    beside, stream = (content.decode("utf-8", "replace") for content in contents)
    return go.counted(stream, beside)


def _tap(contents: Sequence[bytes], _root: str) -> Counts:
    counts = tap.tap(contents[-1].decode("utf-8", "replace"))
    if counts is None:
        raise UnreadableReport("it ends without a plan")
    return counts


def _mocha(contents: Sequence[bytes], _root: str) -> Counts:
    return _of_cases(parse_all(contents).cases, lambda case: " › ".join(filter(None, (case.classname, case.name))))


def _phpunit(contents: Sequence[bytes], _root: str) -> Counts:
    return _of_cases(parse_all(contents).cases, lambda case: f"{case.classname.replace('.', chr(92))}::{case.name}")


def _ctest(contents: Sequence[bytes], _root: str) -> Counts:
    return _of_cases(parse_all(contents).cases, lambda case: case.name)


def _nextest(contents: Sequence[bytes], _root: str) -> Counts:
    return _of_cases(parse_all(contents).cases, lambda case: f"{case.classname} {case.name}")


def _playwright(contents: Sequence[bytes], _root: str) -> Counts:
    return _of_cases(parse_all(contents).cases, lambda case: f"{case.classname} › {case.name}")


def _rspec(contents: Sequence[bytes], _root: str) -> Counts:
    """What could not be loaded is in the summary alone."""
    if len(contents) != 1 or len(contents[0]) > MAX_BYTES:
        raise UnreadableReport("it is too large")
    report = json.loads(contents[0])
    found: list[tuple[str, str]] = [
        (example["status"], str(example["full_description"])) for example in report["examples"]
    ]
    errors = int(report["summary"]["errors_outside_of_examples_count"])
    numbers = Counter(_RSPEC[status] for status, _name in found)
    unloaded = [
        file for text in report.get("messages", []) for file in re.findall(r"^An error .* loading (\S+)\.$", text, re.M)
    ]
    failing = [*(name for status, name in found if status == "failed"), *unloaded]
    return Counts.of({**numbers, "errors": errors}, failing, unloaded=len(unloaded))


def _trx(contents: Sequence[bytes], _root: str) -> Counts:
    return trx.counted(b"".join(contents))


def _inside(path: str, root: str) -> str:
    return path.removeprefix(f"{root}/")


_READERS: dict[str, Callable[[Sequence[bytes], str], Counts]] = {
    "pytest": _pytest, "node": _node, "bun": _bun, "deno": _deno, "jvm": _jvm, "jest": _jest, "vitest": _vitest,
"go": _go, "tap": _tap, "mocha": _mocha,
    "phpunit": _phpunit, "ctest": _ctest, "nextest": _nextest, "playwright": _playwright, "rspec": _rspec,
    "trx": _trx,
}  # fmt: skip

__all__ = ["Document", "UnreadableReport", "read"]
