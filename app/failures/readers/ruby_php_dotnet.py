"""RSpec, PHPUnit and dotnet. Pure.

The reader for dotnet follows public documentation and logs quoted in issues; no log of it was made here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.failures.readers.shape import MAX_FAILURES, Reader, blocks, failure_at, line_reader, relative
from app.failures.records import Cause, Failure, Reading

# ------------------------------------------------------------ rspec

_EXAMPLE = re.compile(r"  (\d{1,6})\) (.{1,300})$")
_RUBY_FRAME = re.compile(r"\s*# (\.?/?[^\s:]{1,300}\.rb):(\d{1,7})(?::in .*)?$")
_RUBY_ERROR = re.compile(r"\s*((?:[A-Z]\w*::)*[A-Z]\w*(?:Error|Exception|Interrupt)):$")


def _rspec(lines: Sequence[str]) -> Reading | None:
    end = next((at for at, line in enumerate(lines) if re.match(r"\d+ examples?, \d+ failures?", line)), None)
    if end is None:
        return None
    start = next((at for at, line in enumerate(lines) if line == "Failures:"), end)
    heads = [(at, found[2]) for at, line in enumerate(lines[:end]) if at > start and (found := _EXAMPLE.match(line))]
    outside = [(at, line) for at, line in enumerate(lines[:end]) if line.startswith("An error occurred while loading ")]
    failures = [_example(at, title, block) for at, title, block in blocks(lines, heads, end)]
    failures += [_example(at, "", block) for at, _, block in blocks(lines, outside, end)]
    if not failures:
        return None
    messages = [failure.message for failure in failures]
    cause: Cause = "syntax" if all("SyntaxError" in text for text in messages) else "test"
    cause = "import" if all("LoadError" in text for text in messages) else cause
    return Reading(tool="rspec", cause=cause, failures=tuple(failures))


def _example(at: int, title: str, block: Sequence[str]) -> Failure:
    stop = next((n for n, line in enumerate(block) if line.startswith(("Finished in", "Failed examples:"))), len(block))
    block = block[:stop]
    places = [(found[1], found[2]) for line in block if (found := _RUBY_FRAME.match(line))][::-1]
    first = next((n for n, line in enumerate(block) if "Failure/Error:" in line), 0)
    said = [n for n, line in enumerate(block) if n > first and line.strip() and not line.lstrip().startswith("#")]
    error = next((n for n in said if _RUBY_ERROR.match(block[n])), None)
    shown = [n for n in said if error is not None and n >= error][:2] or said[:2]
    message = " ".join(block[n].strip() for n in shown) or title
    if inline := re.search(r"(/[^\s:]{1,300}\.rb):(\d{1,7}): ", message):
        places.append((inline[1], inline[2]))
    span = (at + 1 + shown[0], at + 1 + shown[-1]) if shown else (at, at)
    return failure_at(message, places, name=title, at=span[0], until=span[1])


# ------------------------------------------------------------ phpunit

_PHP_HEAD = re.compile(r"(\d{1,6})\) (\S{1,300}::\S.{0,200})$")
_PHP_DOC = re.compile(r" ✘ (\S.{0,200}?)(?: \[[\d.]+ ms\])?$")
_PHP_PLACE = re.compile(r"(?:│ |\s)*((?:/|[A-Za-z]:)[^\s:]{1,300}\.php):(\d{1,7})$")
_PHP_FATAL = re.compile(
    r"(?:PHP )?(?:Parse|Fatal) error: {1,2}(.{1,400}?) in ([^\s]{1,300}\.php)(?::"
    r"| on line )(\d{1,7})$"
)


def _phpunit(lines: Sequence[str]) -> Reading | None:
    if not any("PHPUnit" in line or re.match(r"Tests: \d+, Assertions: ", line) for line in lines):
        return None
    heads = [(at, found[2]) for at, line in enumerate(lines) if (found := _PHP_HEAD.match(line))]
    end = next(
        (at for at, line in enumerate(lines) if re.match(r"(?:FAILURES!|ERRORS!|Tests: \d+, |OK, but)", line)),
        len(lines),
    )
    if not heads:  # --testdox tells of all tests, and at the end once more of those that failed
        start = max((at for at, line in enumerate(lines) if line.startswith("Summary of non-successful")), default=-1)
        doc = [(at, found[1]) for at, line in enumerate(lines) if at > start and (found := _PHP_DOC.match(line))]
        heads = doc if start >= 0 else []
    failures = [_php_test(at, title, block) for at, title, block in blocks(lines, heads, end)]
    if failures:
        return Reading(tool="phpunit", cause="test", failures=tuple(failures))
    for at, line in enumerate(lines):
        if line.startswith(("ParseError: ", "PHP Parse error: ", "Parse error: ")) or " Uncaught ParseError: " in line:
            places = [(found[1], found[2]) for other in lines[at + 1 : at + 10] if (found := _PHP_PLACE.match(other))]
            fatal = _PHP_FATAL.match(line)
            places = [(fatal[2], fatal[3])] if fatal else places[::-1]
            return Reading(tool="phpunit", cause="syntax", failures=(failure_at(line, places, at=at, until=at),))
    return None


def _php_test(at: int, title: str, block: Sequence[str]) -> Failure:
    first = next((n for n, line in enumerate(block) if line.strip(" │")), 0)
    end = next((n for n, line in enumerate(block) if line == "--"), len(block))
    places = [(found[1], found[2]) for line in block[:end] if (found := _PHP_PLACE.match(line))]
    message = block[first].strip(" │") if block else title
    return failure_at(message, places[::-1], name=title, at=at + 1 + first, until=at + 1 + first)


# ------------------------------------------------------------ dotnet

_NET_TEST = re.compile(r"\s{1,6}Failed (\S.{0,300}?) \[[\d.< ]+ ?(?:ms|s|m)\b.{0,20}\]$")
_NET_FRAME = re.compile(r"\s+at .{1,400} in ((?:/|[A-Za-z]:)[^:]{1,300}):line (\d{1,7})$")
_NET_BUILD = re.compile(
    r"\s*((?:/|[A-Za-z]:)?[^\s:(]{1,300})\((\d{1,7}),\d{1,7}\): error ([A-Z]{2,8}\d{3,6}): "
    r"(.*?)(?: \[[^\]]{1,300}\])?$"
)
_NET_RESTORE = re.compile(r"\s*(\S{1,300}proj) : error (NU\d{4}|MSB\d{4}|NETSDK\d{4}): (.*?)(?: \[[^\]]{1,300}\])?$")


def _dotnet(lines: Sequence[str]) -> Reading | None:
    heads = [(at, found[1]) for at, line in enumerate(lines) if (found := _NET_TEST.match(line))]
    if heads:
        tests = [_net_test(at, title, block) for at, title, block in blocks(lines, heads, len(lines), most=60)]
        return Reading(tool="dotnet", cause="test", failures=tuple(tests))
    built: dict[tuple[str, str, str], Failure] = {}
    for at, line in enumerate(lines):
        if (error := _NET_BUILD.match(line)) and len(built) < MAX_FAILURES and not error[3].startswith("TS"):
            place = relative(error[1])
            failure = Failure(message=error[4], name=error[3], path=place, line=int(error[2]), at=at, until=at)
            built.setdefault((place, error[2], error[3]), failure)
    if built:
        return Reading(tool="dotnet", cause="compile", failures=tuple(built.values()))
    for at, line in enumerate(lines):
        if error := _NET_RESTORE.match(line):
            failure = Failure(message=error[3], name=error[2], path=relative(error[1]), at=at, until=at)
            return Reading(
                tool="dotnet", cause="dependency" if error[2].startswith("NU") else "usage", failures=(failure,)
            )
    return None


def _net_test(at: int, title: str, block: Sequence[str]) -> Failure:
    first = next((n + 1 for n, line in enumerate(block) if line.strip() == "Error Message:"), 0)
    first = min(first, max(len(block) - 1, 0))
    more = [line.strip() for line in block[first + 1 : first + 3] if re.match(r"\s*(?:Expected|Actual)\b", line)]
    places = [(found[1], found[2]) for line in block if (found := _NET_FRAME.match(line))]
    message = " ".join([block[first].strip() if block else title, *more])
    return failure_at(message, places[::-1], name=title, at=at + 1 + first, until=at + 1 + first + len(more))


READERS = (
    Reader(tool="rspec", signs=(" examples, ", " example, "), read=_rspec),
    Reader(tool="phpunit", signs=("PHPUnit", "Assertions: "), read=_phpunit),
    line_reader(
        "php",
        ("syntax", r"(?:PHP )?Parse error: {1,2}(?P<message>.{1,400}?) in (?P<path>\S{1,300}) on line (?P<line>\d+)$"),
        (
            "crash",
            r"(?:PHP )?Fatal error: {1,2}(?P<message>.{1,400}?) in (?P<path>\S{1,300}?)(?: on line "
            r"|:)(?P<line>\d+)$",
        ),
        signs=("Parse error: ", "Fatal error: "),
        certain=False,
    ),
    Reader(
        tool="dotnet",
        signs=("  Failed ", ": error CS", ": error NU", ": error MSB", ": error FS", ": error BC", ": error NETSDK"),
        read=_dotnet,
    ),
)
