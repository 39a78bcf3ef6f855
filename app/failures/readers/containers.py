"""docker build. Pure.

BuildKit writes `#9 1.234 …` for what a step printed, `#9 ERROR: …` for how it ended, and at the end once more what
failed: until buildx 0.8 without `ERROR: `, since then with the line of the Dockerfile. The old builder says what the
command returned.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.failures.readers.shape import Reader, failure_at
from app.failures.records import Cause, Reading

_PLACE = re.compile(r"(\S{0,200}[Dd]ockerfile\S{0,100}):(\d{1,7})$")
_END = re.compile(
    r"(?:ERROR: )?(?:failed to (?:build|solve|compute|load|read)\b.*|executor failed running .*"
    r"|process .* did not complete successfully: exit code: \d+.*"
    r"|The command '.{1,1000}' returned a non-zero code: \d+)$"
)
_CAUSES: tuple[tuple[Cause, re.Pattern[str]], ...] = (
    ("syntax", re.compile(r"dockerfile parse error|unknown instruction")),
    (
        "dependency",
        re.compile(
            r"pull access denied|manifest.{0,100}(?:unknown|not found)"
            r"|failed to resolve source metadata"
        ),
    ),
    ("usage", re.compile(r"failed to calculate checksum|failed to compute cache key|no such file or directory")),
)


def _docker(lines: Sequence[str]) -> Reading | None:
    at = max((at for at, line in enumerate(lines) if _END.match(line)), default=None)
    if at is None:
        return None
    message = re.sub(r"^(?:ERROR: )?(?:failed to build: )?(?:failed to solve: )?", "", lines[at])
    cause: Cause = next((cause for cause, pattern in _CAUSES if pattern.search(message)), "command")
    place = next(((found[1], found[2]) for line in lines[max(0, at - 30) : at] if (found := _PLACE.match(line))), None)
    if inline := re.search(r"parse error(?: on)? line (\d{1,7})", message):
        place = ("Dockerfile", inline[1])
    failed = max((n for n, line in enumerate(lines[:at]) if re.match(r"#\d{1,4} ERROR: ", line)), default=at)
    printed = [n for n in range(max(0, failed - 8), failed) if re.match(r"#\d{1,4} \d+\.\d+ \S", lines[n])]
    failure = failure_at(message, [place] if place else [], at=printed[0] if printed else failed, until=failed)
    return Reading(tool="docker", cause=cause, failures=(failure,), certain=cause != "command")


READERS = (
    Reader(
        tool="docker",
        signs=(
            "failed to solve",
            "failed to build",
            "did not complete",
            "executor failed",
            "failed to compute",
            "returned a non",
        ),
        read=_docker,
    ),
)
