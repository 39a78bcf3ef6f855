"""docker build. Pure.

buildx writes `#9 1.234 …` for what a step printed, and `ERROR: failed to …` with the instruction that failed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.failures.readers.shape import Reader, failure_at
from app.failures.records import Cause, Reading

_INSTRUCTION = re.compile(r"(Dockerfile\S{0,100}|\S{1,200}[Dd]ockerfile\S{0,100}):(\d{1,7})$")
_FAILED = re.compile(
    r"(?:#\d{1,4} )?(?:ERROR|error): (?:failed to (?:build|solve|compute|load|read).*"
    r"|process .* did not complete successfully: exit code: \d+|resolve image config.*)$"
)


def _docker(lines: Sequence[str]) -> Reading | None:
    ends = [at for at, line in enumerate(lines) if _FAILED.match(line)]
    if not ends:
        return None
    at = ends[-1]
    message = re.sub(r"^(?:#\d+ )?(?:ERROR|error): (?:failed to build: )?(?:failed to solve: )?", "", lines[at])
    place = next(
        ((found[1], found[2]) for line in lines[max(0, at - 30) : at] if (found := _INSTRUCTION.match(line))), None
    )
    cause: Cause = "command"
    if re.search(r"not found|failed to calculate checksum|failed to compute cache key", message):
        cause = "usage" if "pull access" not in message and "manifest" not in message else "dependency"
    if re.search(
        r"pull access denied|manifest (?:for .* )?(?:unknown|not found)|failed to resolve source metadata"
        r"|not found: manifest",
        message,
    ):
        cause = "dependency"
    if re.search(r"dockerfile parse error|unknown instruction", message):
        cause = "syntax"
    failure = failure_at(message, [place] if place else [], at=at, until=at)
    return Reading(tool="docker", cause=cause, failures=(failure,), certain=cause != "command")


READERS = (
    Reader(tool="docker", signs=("failed to solve", "failed to build", "did not complete successfully"), read=_docker),
)
