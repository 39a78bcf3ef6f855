"""Why tests failed, by what runners print: the error, and the file in which it was raised. Pure.

What a compiler or a loader refuses was never tried; what fails at a name that the test itself looks for was not either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

_FRAME = re.compile(r'^\s*File "([^"]+)", line \d+')
_PLACE = re.compile(r"^(\S+\.py):\d+: (\w+)$")  # pytest's, below the error
_ERROR = re.compile(r"^(E\s+)?((?:\w+\.)*\w*(?:Error|Exception|Exit|Interrupt)\b.*)$")
_FIXTURE = re.compile(r"^E\s+(fixture '\w+' not found)$")
_ELSEWHERE = re.compile(r"/lib/python\d|/(?:site|dist)-packages/|^<")  # frames of the runner and of libraries
_PART = re.compile(r"^(?:={40,}$|(?=_{3,} .+ _{3,}$))", re.MULTILINE)  # unittest's and pytest's line above each failure
_HEADING = 300  # characters in which the test's name stands
# Characters in which a runner says why it ended. Tests that pass may be about syntax errors, or print some.
_END = 2_000
_FAILURES = 16_000  # and in which it lists failures, a table of coverage behind them
# What a test says that asks for something only the change brings.
_PYTHON = re.compile(
    r"(?:ImportError|ModuleNotFoundError|NameError)\b|fixture '\w+' not found"
    r"|AttributeError: .*\bhas no attribute\b"
    r"|TypeError: \S+ (?:got an unexpected keyword|got multiple values|takes .*\bargument|missing \d+ required)"
)


def python_reasons(output: str) -> list[tuple[str, str]]:
    """Each error, as unittest and pytest print it, and the innermost file of the project that it came from; "" where
    that is not printed.
    """
    found: list[tuple[str, str]] = []
    marked: list[tuple[str, str]] = []
    frame, waiting = "", ""
    for line in output.splitlines():
        if place := _FRAME.match(line):
            frame = frame if _ELSEWHERE.search(place[1]) else place[1]
        elif place := _PLACE.match(line):
            marked.append((waiting or place[2], place[1]))
            waiting = ""
        elif fixture := _FIXTURE.match(line):
            marked.append((fixture[1], ""))
        elif error := _ERROR.match(line):
            if error[1]:
                waiting = error[2]
            else:
                found.append((error[2], frame))
    marked += [(waiting, "")] if waiting else []
    return marked or found  # beside errors that pytest marks, others are what the tested code printed


@dataclass(frozen=True, kw_only=True)
class _Stack:
    """Of languages that print an error and the calls below it, innermost first."""

    error: re.Pattern[str]  # its first group is the error
    frame: re.Pattern[str]  # its first group is the file
    elsewhere: re.Pattern[str]  # files of the runner and of libraries

    def reasons(self, output: str) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for line in output.splitlines():
            if error := self.error.match(line):
                found.append((error[1], ""))
            elif (frame := self.frame.search(line)) and found and not found[-1][1]:
                place = "" if self.elsewhere.search(frame[1]) else frame[1]
                found[-1] = (found[-1][0], place)
        return found


_LIBRARIES = re.compile(r"^node:|(?:^|/)(?:node_modules|vendor|gems|internal|\.yarn)/")
_JAVASCRIPT = _Stack(  # of node's own runner (TAP), jest, mocha, vitest
    error=re.compile(
        r"^\s*(?:error: ['\"]?)?(\w*Error(?: \[\w+\])?: .+|expect\(.+|(?<=error: ).+|(?<=error: ['\"]).+)$"
    ),
    frame=re.compile(r"^\s*(?:at |❯ )?(?:\S.* )?\(?(?:file://)?([^\s():]+):\d+:\d+\)?\s*$"),
    elsewhere=_LIBRARIES,
)
_RUBY = _Stack(  # minitest and RSpec
    error=re.compile(r"^\s*(?:\d+\) )?((?:\w+::)*\w+(?:Error|Exception)\b.*|Failure:|expected:? .*)$"),
    frame=re.compile(r"^\s*(?:# )?(\S+\.rb):\d+"),
    elsewhere=_LIBRARIES,
)
_PHP = _Stack(
    error=re.compile(r"^((?:\w*Error|\w*Exception|Failed asserting)\b.*)$"),
    frame=re.compile(r"^(\S+\.php):\d+$"),
    elsewhere=_LIBRARIES,
)


@dataclass(frozen=True, kw_only=True)
class _Language:
    """`not_there` is what a test says that asks for something only the change brings."""

    reasons: Callable[[str], list[tuple[str, str]]]
    not_there: re.Pattern[str]


_LANGUAGES: Mapping[str, _Language] = {
    "py": _Language(reasons=python_reasons, not_there=_PYTHON),
    **dict.fromkeys(
        ("js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts"),
        _Language(
            reasons=_JAVASCRIPT.reasons,
            not_there=re.compile(
                r"(?:(?:Type|Reference|Syntax)?Error(?: \[\w+\])?: )?"
                r"(?:\S+ is not (?:a function|a constructor|defined)\b|Cannot read propert.* of undefined"
                r"|Cannot find (?:module|package)|.*does not provide an export named)"
            ),
        ),
    ),
    "rb": _Language(
        reasons=_RUBY.reasons,
        not_there=re.compile(
            r"NoMethodError\b(?!.* for nil)|NameError\b|LoadError\b"
            r"|ArgumentError: (?:wrong number of arguments|unknown keyword|missing keyword)"
        ),
    ),
    "php": _Language(
        reasons=_PHP.reasons,
        not_there=re.compile(
            r"Error: (?:Call to undefined|Class \S+ not found|Undefined constant|Unknown named parameter)"
            r"|ArgumentCountError"
        ),
    ),
}
# What compilers print of code that they refuse.
_NOT_BUILT = re.compile(
    r"^error(?:\[E\d+\])?: (?!(?:doc)?test failed|\d+ targets? failed)|\[(?:build|setup) failed\]|cannot find symbol"
    r"|COMPILATION ERROR|Compilation failed|\berror (?:TS|CS)\d+|\bSyntaxError\b|^e: \S+\.kt|Unresolved reference"
    r"|^\S+:\d+:\d+: (?:fatal )?error: |undefined reference to|^PHP (?:Parse|Fatal) error: ",
    re.MULTILINE,
)
# And runners of a file that they cannot load.
_NOT_LOADED = re.compile(
    r"ERR_MODULE_NOT_FOUND|Cannot find (?:module|package)|Test suite failed to run|does not provide an export named"
    r"|cannot load such file|An error occurred while loading \S+_spec\.rb"
)


def was_not_built(output: str) -> bool:
    """Whether a compiler refused the code: no test has run."""
    return bool(_NOT_BUILT.search(output))


def red_or_less(paths: Sequence[str], name: str, output: str) -> Literal["red", "absent", "broken"]:
    """How the test `name` failed, or one of those in `paths`: `red`, something was tried and found wrong; `absent`, the
    test itself asked for what is not there; `broken`, it could not be built or loaded. The last two prove nothing.
    """
    if asks_for_what_is_not_there(paths, name, output):
        return "absent"
    end = output[-_END:]
    return "broken" if was_not_built(end) or _NOT_LOADED.search(end) else "red"


def asks_for_what_is_not_there(paths: Sequence[str], name: str, output: str) -> bool:
    """Whether the test, or of several those in `paths`, failed at names that it looks for itself: nothing was tried."""
    language = _LANGUAGES.get(paths[0].rpartition(".")[2]) if paths else None
    if language is None:
        return False
    parts = _PART.split(output)
    mine = [part for part in parts if name and re.search(rf"\b{re.escape(name)}\b", part[:_HEADING])]
    found = [reason for part in mine or [output[-_FAILURES:]] for reason in language.reasons(part)]
    return bool(found) and all(
        language.not_there.match(why) and any(_is_in(path, place) for path in paths) for why, place in found
    )


def _is_in(path: str, place: str) -> bool:
    """`place` may be whole, or begin in a folder of the project."""
    place = place.removeprefix("./")
    return not place or place == path or place.endswith(f"/{path}") or path.endswith(f"/{place}")
