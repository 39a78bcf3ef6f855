"""uv, poetry, yarn, pnpm: locks out of date, versions that are not there. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.failures.readers.shape import Reader, line_reader
from app.failures.records import Cause, Failure, Reading

_PNPM = re.compile(r"\s?(?:Error: )?(?:\[)?(ERR_PNPM_\w{2,60})\]?(?: {1,3}(.*))?$")
_PNPM_CAUSES: tuple[tuple[str, Cause], ...] = (
    ("LOCKFILE", "lock"),
    ("NO_MATCHING_VERSION", "dependency"),
    ("PEER_DEP", "dependency"),
    ("FETCH_404", "dependency"),
    ("FETCH_429", "rate-limit"),
    ("FETCH_5", "registry"),
    ("FETCH_40", "permission"),
    ("META_FETCH", "network"),
    ("TARBALL_INTEGRITY", "lock"),
    ("UNSUPPORTED_ENGINE", "dependency"),
    ("NO_SCRIPT", "usage"),
)


def _pnpm(lines: Sequence[str]) -> Reading | None:
    for at, line in enumerate(lines):
        found = _PNPM.match(line)
        if not found or "RUN_FIRST_FAIL" in found[1] or "LIFECYCLE" in found[1]:
            continue  # what a script of the project ended with
        cause: Cause = next((cause for part, cause in _PNPM_CAUSES if part in found[1]), "unknown")
        # Below it stands what it means, in a frame since pnpm 11.
        below = [n for n in range(at + 1, min(at + 6, len(lines))) if lines[n].strip()]
        words = " ".join(lines[n].strip(" ×╰─▶│├") for n in below[:3])
        path = "pnpm-lock.yaml" if cause == "lock" else ""
        until = below[2] if len(below) > 2 else at
        failure = Failure(message=(found[2] or words)[:500], name=found[1], path=path, at=at, until=until)
        return Reading(tool="pnpm", cause=cause, failures=(failure,))
    return None


READERS = (
    Reader(tool="pnpm", signs=("ERR_PNPM_",), read=_pnpm),
    line_reader(
        "uv",
        ("lock", r"error: (?P<message>The lockfile at `(?P<path>[^`]{1,200})` needs to be updated.*)$"),
        ("lock", r"error: (?P<message>Unable to find lockfile at .*)$"),
        (
            "dependency",
            r"(?:error: |\s{0,4}[×x] )(?P<message>(?:No solution found when resolving|Failed to (?:build"
            r"|download)).*)$",
        ),
        ("dependency", r"error: (?P<message>(?:Failed to (?:fetch|download|build)|Distribution not found).*)$"),
        signs=(
            "lockfile at",
            "No solution found",
            "Failed to fetch",
            "Failed to download",
            "Failed to build",
            "Distribution not",
        ),
    ),
    line_reader(
        "poetry",
        (
            "lock",
            r"(?:Error: )?(?P<message>(?:pyproject\.toml changed significantly since|poetry\.lock (?:is not"
            r"|was)) .*)$",
        ),
        ("dependency", r"\s{0,4}(?P<message>(?:Because|And because|So, because|So,) .*version solving failed.*)$"),
        ("usage", r"(?P<message>The Poetry configuration is invalid).*$"),
        ("usage", r"\s{1,4}- (?P<message>Either \[project\..*)$"),
        signs=("poetry.lock", "version solving failed", "Poetry configuration"),
    ),
    line_reader(
        "yarn",
        ("lock", r"error (?P<message>Your lockfile needs to be updated.*)$"),
        ("lock", r"➤ (?P<name>YN0028): .{0,6}(?P<message>The lockfile would have been .*)$"),
        ("dependency", r"error (?P<message>(?:Couldn't find (?:any versions|package)|.{1,200}: The engine \").*)$"),
        ("dependency", r"➤ (?P<name>YN00(?:16|27|35|82)): .{0,6}(?P<message>.*)$"),
        ("dependency", r"error (?P<message>An unexpected error occurred: .*)$"),
        ("usage", r"error (?P<message>Command \".{1,100}\" not found\..*)$"),
        signs=("error ", "➤ YN"),
    ),
)
