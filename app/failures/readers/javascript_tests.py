"""jest, vitest, mocha and node's own test runner. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from app.failures.readers.shape import Reader, blocks, failure_at
from app.failures.records import Cause, Failure, Reading

# `at fn (path:1:2)`, `at path:1:2`, `❯ path:1:2`, `❯ fn path:1:2`
_FRAME = re.compile(
    r"\s*(?:#\s+)?(?:at|❯|›)\s(?:.{0,200}?\()?(?:async )?((?:file://|[A-Za-z]:)?[^\s():]{1,300}):(\d{1,7}):\d{1,7}\)?$"
)
_NAMED_FRAME = re.compile(r"\s*❯ \S{1,100} ([^\s():]{1,300}):(\d{1,7}):\d{1,7}$")
_ERROR = re.compile(r"\s*(?:#\s+)?((?:Uncaught )?(?:[A-Z]\w*)?(?:Error|Exception)\b(?: \[[^\]]{1,80}\])?:? ?.*)$")
_JEST = re.compile(r"  ● (.{1,300})$")
_VITEST = re.compile(r"\s?FAIL\s{1,3}(?:\|[^|]{1,80}\| )?(\S{1,200}\.(?:[cm]?[jt]sx?|vue|svelte)\b.{0,300})$")
_MOCHA = re.compile(r"  (\d{1,5})\) (.{1,300})$")
_TAP = re.compile(r"(\s{0,40})not ok \d{1,6}(?: - | )(.{1,300}?)(?: # (?:SKIP|TODO).*)?$")
_SPEC = re.compile(r"\s{0,40}✖ (.{1,300}?) \([\d.]+m?s\)$")
_LOCATION = re.compile(r"\s+location: '?(?:file://)?(.{1,300}?):(\d{1,7}):\d{1,7}'?$")


def _places(block: Sequence[str]) -> list[tuple[str, str]]:
    """Outermost first, as a call goes."""
    found = [(match[1], match[2]) for line in block if (match := _NAMED_FRAME.match(line) or _FRAME.match(line))]
    return found[::-1]


def _cause(messages: Sequence[str]) -> Cause:
    if all(
        re.search(r"Cannot find (?:module|package)|Failed to (?:load|resolve)|ERR_MODULE_NOT_FOUND", text)
        for text in messages
    ):
        return "import"
    if all("SyntaxError" in text or "Transform failed" in text or "Parse failure" in text for text in messages):
        return "syntax"
    if all(
        re.search(r"[Tt]imed out in \d+|Exceeded timeout of|Timeout of \d+ms exceeded|test timed out after", text)
        for text in messages
    ):
        return "timeout"
    return "test"


def _reading(tool: str, failures: Sequence[Failure]) -> Reading | None:
    if not failures:
        return None
    return Reading(tool=tool, cause=_cause([failure.message for failure in failures]), failures=tuple(failures))


# ------------------------------------------------------------ jest


def _jest(lines: Sequence[str]) -> Reading | None:
    heads: list[tuple[int, str]] = []
    end = len(lines)
    for at, line in enumerate(lines):
        if (found := _JEST.match(line)) and found[1] not in {"Console"}:
            heads.append((at, found[1].strip()))
        elif line.startswith(("Test Suites: ", "Summary of all failing tests")) and heads:
            end = at
            break
    failures: dict[str, Failure] = {}
    for at, title, block in blocks(lines, heads, end):
        failures.setdefault(
            title if title != "Test suite failed to run" else f"{title} {at}", _jest_test(at, title, block)
        )
    if failures:
        read = _reading("jest", list(failures.values()))
        is_unloaded = all(title.startswith("Test suite failed to run") for title in failures)
        return replace(read, cause="import") if read and read.cause == "test" and is_unloaded else read
    for at, line in enumerate(lines):
        if line.startswith("Jest: ") and "threshold" in line:
            return Reading(tool="jest", cause="coverage", failures=(Failure(message=line, at=at, until=at),))
        if line.startswith("No tests found, exiting with code 1"):
            return Reading(tool="jest", cause="no-tests", failures=(Failure(message=line, at=at, until=at),))
    return None


def _jest_test(at: int, title: str, block: Sequence[str]) -> Failure:
    suite = title == "Test suite failed to run"
    said = [number for number, line in enumerate(block) if line.strip() and not re.match(r"\s*(?:\d+|>|\|) ?", line)]
    first = said[0] if said else 0
    message = block[first].strip() if block else title
    if (
        suite
        and (named := next((n for n, line in enumerate(block) if "SyntaxError" in line and _ERROR.match(line)), None))
        is not None
    ):
        first, message = named, block[named].strip()
    until = first
    if message.startswith(("expect(", "thrown: ", "Snapshot")):
        detail = [
            n for n in said if n <= first + 12 and re.match(r"\s*(?:Expected|Received|Snapshot name)\b", block[n])
        ]
        until = detail[-1] if detail else first
        message = " ".join([message.split(" // ")[0], *(block[n].strip() for n in detail[:3])])
    places = _places(block)
    if inline := re.search(r"(/[^\s:]{1,300}): .*\((\d{1,7}):\d{1,7}\)$", message):
        places.append((inline[1], inline[2]))
    return failure_at(message, places, name="" if suite else title, at=at + 1 + first, until=at + 1 + until)


# ------------------------------------------------------------ vitest


def _vitest(lines: Sequence[str]) -> Reading | None:
    heads: list[tuple[int, str]] = []
    end = len(lines)
    if not any(line.startswith("⎯") or "Test Files" in line for line in lines):
        return None  # jest says FAIL as well
    for at, line in enumerate(lines):
        if re.match(r"\s+Test Files  ", line) and heads:
            end = at
            break
        if (found := _VITEST.match(line)) or (
            found := re.match(r"⎯+ (Unhandled (?:Rejection|Error|Exception)) ⎯+$", line)
        ):
            heads.append((at, found[1]))
    failures = [_vitest_test(at, title, block) for at, title, block in blocks(lines, heads, end)]
    if failures:
        return _reading("vitest", failures)
    for at, line in enumerate(lines):
        if line.startswith("ERROR: Coverage for "):
            return Reading(tool="vitest", cause="coverage", failures=(Failure(message=line, at=at, until=at),))
        if line.startswith("No test files found, exiting with code 1"):
            return Reading(tool="vitest", cause="no-tests", failures=(Failure(message=line, at=at, until=at),))
    return None


def _vitest_test(at: int, title: str, block: Sequence[str]) -> Failure:
    stop = next((n for n, line in enumerate(block) if re.match(r"⎯+(?:\[\d+/\d+\]⎯+)?$", line)), len(block))
    block = block[:stop]
    first = next((n for n, line in enumerate(block) if _ERROR.match(line)), 0)
    message = block[first].strip() if block else title
    path, _, name = title.partition(" > ")
    name = "" if "[ " in title and not name else title.replace(" > ", " › ") if name else title
    places = _places(block) or ([(path.split(" ")[0], "0")] if path.endswith(("s", "x")) else [])
    return failure_at(message, places, name=name, at=at + 1 + first, until=at + 1 + first)


# ------------------------------------------------------------ mocha


def _mocha(lines: Sequence[str]) -> Reading | None:
    start = next((at for at, line in enumerate(lines) if re.match(r"\s{0,4}\d{1,6} failing$", line)), None)
    if start is None:
        for at, line in enumerate(lines):
            if found := re.match(r"\s?Exception during run: (.*)$", line):
                failure = failure_at(found[1], _places(lines[at : at + 40]), at=at, until=at)
                return _reading("mocha", [failure])
        return None
    heads = [(at, found[2]) for at, line in enumerate(lines) if at > start and (found := _MOCHA.match(line))]
    return _reading("mocha", [_mocha_test(at, title, block) for at, title, block in blocks(lines, heads, len(lines))])


def _mocha_test(at: int, title: str, block: Sequence[str]) -> Failure:
    names = [title]
    first = 0
    for first, line in enumerate(block):  # noqa: B007 - where the name ends
        if names[-1].endswith(":"):
            break
        names.append(line.strip())
    errors = [n for n, line in enumerate(block) if n >= first and _ERROR.match(line)]
    first = errors[0] if errors else min(first, max(len(block) - 1, 0))
    message = block[first].strip() if block else title
    if message.endswith("strictly equal:") and (
        more := next((line for line in block[first + 1 :] if line.strip()), "")
    ):
        message = f"{message} {more.strip()}"
    places = _places(block)
    if not places and (inline := re.search(r"\((/[^\s:()]{1,300})\)$", message)):
        places, message = [(inline[1], "0")], message.removesuffix(inline[0]).rstrip()
    return failure_at(message, places, name=" › ".join(names).rstrip(":"), at=at + 1 + first, until=at + 1 + first)


# ------------------------------------------------------------ node --test


def _node(lines: Sequence[str]) -> Reading | None:
    if not any(re.match(r"(?:#|ℹ) fail [1-9]", line) or re.match(r"(?:#|ℹ) cancelled [1-9]", line) for line in lines):
        return None
    heads = [(at, found[2]) for at, line in enumerate(lines) if (found := _TAP.match(line)) and " # " not in line[-12:]]
    if heads:
        failures = [
            _tap_test(lines, at, title, block) for at, title, block in blocks(lines, heads, len(lines), most=60)
        ]
        inner = [failure for failure in failures if failure.message and "subtest" not in failure.message]
        return _reading("node", inner or failures)
    start = next((at for at, line in enumerate(lines) if line.startswith("✖ failing tests:")), -1)
    heads = [(at, found[1]) for at, line in enumerate(lines) if at > start and (found := _SPEC.match(line))]
    return _reading(
        "node", [_spec_test(lines, at, title, block) for at, title, block in blocks(lines, heads, len(lines))]
    )


def _tap_test(lines: Sequence[str], at: int, title: str, block: Sequence[str]) -> Failure:
    """What stands between `---` and `...`; `error: |-` goes on in the lines below."""
    block = block[: next((n for n, line in enumerate(block) if line.strip() == "..."), len(block))]
    first, message = 0, ""
    for number, line in enumerate(block):
        if found := re.match(r"\s+error: (.*)$", line):
            first, message = number, found[1].strip("'\"")
            if message in {"|-", "|", ">-"}:
                more = [text.strip() for text in block[number + 1 : number + 6] if text.strip()]
                message = " ".join(
                    [text for text in more if not re.match(r"(?:code|name|stack|expected|actual):", text)][:3]
                )
    places = _places(block) or [(found[1], found[2]) for line in block if (found := _LOCATION.match(line))]
    frames = [
        found
        for line in block
        if (found := re.match(r"\s+(?:.{1,200}? \()?((?:file://)?/[^\s():]{1,300}):(\d{1,7}):\d{1,7}\)?$", line))
    ]
    places = [(found[1], found[2]) for found in frames][::-1] or places
    name = title.rpartition("/")[2] if title.startswith("/") else title
    thrown = next((found[1] for line in block if (found := re.match(r"\s+name: '?(\w+)'?$", line))), "")
    if thrown not in {"", "AssertionError"}:
        message = f"{thrown}: {message}"
    if message == "test failed":  # of a whole file: what it printed stands above, behind `# `
        return _printed(lines, at, name) or failure_at(message, places, name=name, at=at, until=at)
    return failure_at(message, places, name=name, at=at + 1 + first, until=at + 1 + first)


def _printed(lines: Sequence[str], at: int, name: str) -> Failure | None:
    above = range(max(0, at - 60), at)
    first = next((n for n in above if lines[n].startswith("# ") and _ERROR.match(lines[n])), None)
    if first is None:
        return None
    places = _places([line[2:] if line.startswith("# ") else line for line in lines[first:at]])
    return failure_at(lines[first][2:].strip(), places, name=name, at=first, until=first)


def _spec_test(lines: Sequence[str], at: int, title: str, block: Sequence[str]) -> Failure:
    first = next((n for n, line in enumerate(block) if _ERROR.match(line)), 0)
    message = block[first].strip() if block else title
    if message.endswith("strictly equal:") and (
        more := next((line for line in block[first + 1 :] if line.strip()), "")
    ):
        message = f"{message} {more.strip()}"
    message = message.removeprefix("AssertionError [ERR_ASSERTION]: ")  # the other reporter leaves it out
    where = re.match(r"test at (.{1,300}):(\d{1,7}):\d{1,7}$", lines[at - 1]) if at else None
    return failure_at(
        message,
        _places(block) or ([(where[1], where[2])] if where else []),
        name=title,
        at=at + 1 + first,
        until=at + 1 + first,
    )


READERS = (
    Reader(tool="jest", signs=("  ● ", "Jest: ", "No tests found"), read=_jest),
    Reader(tool="vitest", signs=(" FAIL ", "Unhandled ", "No test files found", "ERROR: Coverage"), read=_vitest),
    Reader(tool="mocha", signs=(" failing", "Exception during run"), read=_mocha),
    Reader(tool="node", signs=("# fail ", "ℹ fail ", "# cancelled ", "ℹ cancelled "), read=_node),
)
