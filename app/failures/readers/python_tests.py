"""pytest and unittest. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.failures.readers.shape import Reader, blocks, failure_at, relative
from app.failures.records import Cause, Failure, Reading

_FRAME = re.compile(r'\s*(?:E\s+)?File "([^"]{1,300})", line (\d{1,7})(?:, in .*| in \S+)?$')
_PYTEST_END = re.compile(r"(?:=+ )?(?:\d+ [a-z]+(?:, )?)+ in [\d.]+m?s|(?:=+ )?no tests (?:ran|collected) in ")
_RULE = re.compile(r"(=+|_+) (.{1,250}?) \1_?$|(=+|_+) (.{1,250}?) (?:=+|_+)$")
_FAILED = re.compile(r"\+? ?(?:FAILED|ERROR) ([^\s:]{1,300}(?:::.{1,300}?)?)(?: - (.*))?$")
_PLACE = re.compile(r"((?:[A-Za-z]:)?[^\s:]{1,300}\.(?:py|pyx|txt|rst|md|ini|toml|yml|yaml)):(\d{1,7}): ?(.*)$")
_ERROR = re.compile(r"E  ( *)(\S.*)$")
_WORDS = re.compile(r"(?:[\w.]+(?:Error|Exception|Warning|Exit|Interrupt|Failed|Timeout)|Failed|Exception)\b")
_UNITTEST = re.compile(r"(?:FAIL|ERROR): (\S.{0,300})$")
_FIRST = re.compile(
    r"(?:ERROR: usage|ERROR: (?!file or dir)\S|.*: error: (?:unrecognized|argument|the following)"
    r"|ImportError while loading conftest|INTERNALERROR> |Fatal Python error: )"
)


def _pytest(lines: Sequence[str]) -> Reading | None:
    failures = _blocks(lines) or _summary(lines)
    if failures:
        cause = _cause(failures)
        if cause == "test" and _is_collecting(lines, failures):
            cause = "import"
        return Reading(tool="pytest", cause=cause, failures=tuple(failures))
    for at, line in enumerate(lines):
        if line.startswith("Fatal Python error: ") and "aborted" not in line.lower():
            return Reading(tool="pytest", cause="crash", failures=(_crash(lines, at),))
        if line.startswith("ImportError while loading conftest"):
            return Reading(tool="pytest", cause="import", failures=(_conftest(lines, at),))
        if (": error: " in line and "pytest" in line) or (line.startswith("ERROR: usage: ") and "pytest" in line):
            below = line.startswith("ERROR: usage") and ": error: " in "".join(lines[at + 1 : at + 2])
            return _only("usage", lines[at + below].rpartition(": error: ")[2] or line, at + below)
        if line.startswith(("ERROR: file or directory not found", "ERROR: not found: ")):
            return _only("usage", line, at)
        if line.startswith("FAIL Required test coverage of "):
            return _only("coverage", line, at)
        if re.match(r"(?:=+ )?no tests (?:ran|collected) in ", line):
            return _only("no-tests", "no tests ran", at)
    return None


def _only(cause: Cause, message: str, at: int) -> Reading:
    return Reading(tool="pytest", cause=cause, failures=(Failure(message=message[:500], at=at, until=at),))


def _blocks(lines: Sequence[str]) -> list[Failure]:
    """One failure for each `____ test_name ____` in the parts FAILURES and ERRORS."""
    heads: list[tuple[int, str]] = []
    inside, end = False, len(lines)
    for at, line in enumerate(lines):
        if line[:3] == "===" and (found := _RULE.match(line)):
            title = found[2] or found[4]
            if inside and title not in {"FAILURES", "ERRORS"}:
                end = at
            inside = title in {"FAILURES", "ERRORS"}
        elif (
            inside
            and line[:1] == "_"
            and (found := _RULE.match(line))
            and (found[2] or found[4])
            and set(line) != {"_", " "}
        ):
            heads.append((at, found[2] or found[4]))
            end = len(lines)
    names = {_short(name): name for name, _ in _named(lines)}
    return [_failure(at, title, block, names) for at, title, block in blocks(lines, heads, end)]


def _failure(at: int, title: str, block: Sequence[str], names: dict[str, str]) -> Failure:
    name = re.sub(r"^ERROR (?:at (?:setup|teardown) of|collecting) ", "", title)
    errors: list[tuple[int, str]] = []
    places: list[tuple[str, str]] = []
    for number, line in enumerate(block):
        if found := _ERROR.match(line):
            errors.append((number, found[2]))
        if (found := _FRAME.match(line) or _PLACE.match(line)) or (
            found := re.match(r"file (\S{1,300}), line (\d{1,7})$", line)
        ):
            places.append((found[1], found[2]))
    said = [text for _, text in errors if _WORDS.match(text)]
    first = errors[0][1] if errors else next((line.strip() for line in block if line.strip()), title)
    # An assertion's first line says what was compared; of other errors the last one that is named is the cause.
    message = (
        first
        if first.startswith("assert") or not said
        else said[-1]
        if said[-1].strip(": ") != "AssertionError"
        else first
    )
    shown = next((number for number, text in errors if text == message), 0)
    places = [place for place in places if place[0] != "<string>"]
    full = names.get(_short(name), name if "/" not in name else relative(name))
    return failure_at(
        message, places, name=full, at=at + 1 + shown, until=at + 1 + (errors[-1][0] if errors else shown)
    )


def _short(name: str) -> str:
    """`tests/a.py::T::test_x[1]` and `T.test_x[1]` are one."""
    return name.partition("::")[2].replace("::", ".") if "::" in name else name


def _named(lines: Sequence[str]) -> list[tuple[str, int]]:
    """What the short summary names, with its index; the words of pytest's last lines, not of a test's output."""
    start = max((at for at, line in enumerate(lines) if "short test summary info" in line), default=-1)
    return [(found[1], at) for at, line in enumerate(lines) if at > start >= 0 and (found := _FAILED.match(line))]


def _summary(lines: Sequence[str]) -> list[Failure]:
    """With `--tb=no` or a cut log: from the short summary alone, or what `--tb=line` prints."""
    found = []
    where = {match[3]: (match[1], match[2]) for line in lines if (match := _PLACE.match(line))}
    for name, at in _named(lines):
        match = _FAILED.match(lines[at])
        message = (match[2] if match else "") or "failed"
        places = [where[message]] if message in where else [(name.partition("::")[0], 0)]
        found.append(failure_at(message, places, name=name, at=at, until=at))
    return found


def _is_collecting(lines: Sequence[str], failures: Sequence[Failure]) -> bool:
    """Whether what failed are files that could not be loaded, whatever was raised there: no test had begun."""
    collecting = sum(1 for line in lines if re.match(r"_+ ERROR collecting \S", line))
    return 0 < collecting == len(failures)


def _cause(failures: Sequence[Failure]) -> Cause:
    messages = [failure.message for failure in failures]
    if all(message.startswith(("SyntaxError", "IndentationError", "TabError")) for message in messages):
        return "syntax"
    if all(message.startswith(("ModuleNotFoundError", "ImportError")) for message in messages):
        return "import"
    if all(re.match(r"Failed: Timeout|\w*Timeout\b.*pytest-timeout", message) for message in messages):
        return "timeout"
    return "test"


def _crash(lines: Sequence[str], at: int) -> Failure:
    frames = [(found[1], found[2]) for line in lines[at : at + 100] if (found := _FRAME.match(line))]
    return failure_at(lines[at], frames[::-1], at=at, until=min(at + 4, len(lines) - 1))


def _conftest(lines: Sequence[str], at: int) -> Failure:
    block = lines[at : at + 40]
    error = next((number for number, line in enumerate(block) if _ERROR.match(line)), 0)
    places = [(found[1], found[2]) for line in block if (found := _PLACE.match(line) or _FRAME.match(line))]
    message = block[error][1:].strip() if error else block[0]
    return failure_at(message, places, name="conftest", at=at, until=at + error)


def _unittest(lines: Sequence[str]) -> Reading | None:
    heads = [
        (at, found[1])
        for at, line in enumerate(lines)
        if at and lines[at - 1].startswith("=====") and (found := _UNITTEST.match(line))
    ]
    end = next(
        (at for at, line in enumerate(lines) if heads and at > heads[-1][0] and re.match(r"Ran \d+ tests? in ", line)),
        len(lines),
    )
    failures = [_test_of(at, title, block) for at, title, block in blocks(lines, heads, end)]
    if failures:
        words = {failure.message.partition(":")[0] for failure in failures}
        unloaded = sum(1 for line in lines if line.startswith("ImportError: Failed to import test module: "))
        cause: Cause = (
            "syntax"
            if words <= {"SyntaxError", "IndentationError"}
            else "import"
            if words <= {"ImportError", "ModuleNotFoundError"} or unloaded == len(failures)
            else "test"
        )
        return Reading(tool="unittest", cause=cause, failures=tuple(failures))
    for at, line in enumerate(lines):
        if line.startswith("NO TESTS RAN"):
            return Reading(tool="unittest", cause="no-tests", failures=(Failure(message=line, at=at, until=at),))
    return None


def _test_of(at: int, title: str, block: Sequence[str]) -> Failure:
    frames = [(found[1], found[2]) for line in block if (found := _FRAME.match(line))]
    last = max((number for number, line in enumerate(block) if _FRAME.match(line)), default=0)
    said = [number for number, line in enumerate(block) if number > last and _WORDS.match(line)]
    shown = said[0] if said else last
    name = re.sub(r" \((?:test_\w+ )?\(?", " (", title)
    return failure_at(block[shown] if block else title, frames, name=name, at=at + 1 + shown, until=at + 1 + shown)


READERS = (
    Reader(
        tool="pytest",
        signs=(
            "= FAILURES =",
            "= ERRORS =",
            "short test summary info",
            "Fatal Python error",
            "conftest",
            "pytest",
            "no tests ran",
            "FAIL Required test coverage",
        ),
        read=_pytest,
    ),
    Reader(tool="unittest", signs=("Ran ", "NO TESTS RAN"), read=_unittest),
)
