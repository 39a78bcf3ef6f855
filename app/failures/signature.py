"""What stays the same when the same thing fails again. Pure.

Left out of a text: line numbers, times, durations, dates, absolute paths, folders of a run, hashes, addresses, ports,
process ids, versions and long numbers. Small numbers stay: `assert 4 == 3` is not `assert 4 == 5`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from app.failures.records import Cause, Failure, Signature

_KEPT = 30  # failures that count: a storm of a thousand is told by its first names
_WIDTH = 300  # characters of a message that count

# Each pattern is linear: no group repeats what another one repeats.
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (r"\x1b\[[0-9;]*m", ""),
        (r"\bfile:///?", "/"),
        (r"(?:/home/(?:runner)/work|/__w|/github/workspace|[A-Z]:[/\\]a)(?:[/\\][\w.-]+){2}[/\\]", ""),
        (r"[^\s'\"`(,:=]*[/\\](?:site-packages|node_modules|dist-packages|\.cargo[/\\]registry|\.m2)[/\\]", "<lib>/"),
        (r"(?:/tmp|/var/folders|/private/tmp|/var/tmp|[A-Z]:\\\S{1,80}\\Temp)(?:[/\\][^\s'\"`:,)]*)?", "<tmp>"),
        (r"(?<![\w.<>/-])(?:/[\w.+@~-]+)+/(?=[\w.+@~-])", "/…/"),
        (r"\b[A-Z]:(?:\\[\w.+@~ -]{1,80})+\\", "/…/"),
        (r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b", "<id>"),
        (r"\b0x[0-9a-fA-F]+\b", "<address>"),
        (r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?", "<time>"),
        (r"\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?\b", "<time>"),
        (
            r"\b\d+(?:\.\d+)?(?:\s?(?:ns|µs|us|ms|sec|secs|seconds?|minutes?|mins?|hours?|days?)|\s?s|[mhd])\b",
            "<duration>",
        ),
        (r"<duration>(?: <duration>)+", "<duration>"),
        (r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b", "<hash>"),
        (r"\b(?:sha(?:1|256|384|512)[:-])[\w+/=-]{8,}", "<hash>"),
        (r"\b(?:\d{1,3}\.){3}\d{1,3}\b(?::\d{1,5})?", "<host>"),
        (r"(\.\w{1,6}):\d+(?::\d+)?", r"\1:#"),  # of a file; then of a host
        (r"(?<=[A-Za-z\]]):\d{2,5}\b(?=[^.\d]|$)", ":#"),
        (r"(?<=#)\d+\b", "#"),
        (r"\((?:\d+)[,:](?:\d+)\)", "(#)"),
        (
            r"\b([Ll]ines?|col(?:umn)?|pid|PID|port|process|thread|worker|gw|attempt|exit code|job"
            r"|build)([ :=#]{0,2})\d+",
            r"\1\2#",
        ),
        (r"\b[vV]?\d+(?:\.\d+){1,3}(?:[-+.]?(?:rc|a|b|beta|alpha|dev|post)\.?\d*)?\b", "#.#"),
        (r"\b\d{4,}\b", "#"),
        (r"\s+", " "),
    )
)


def normalised(text: str) -> str:
    """`text` without what changes from run to run, on one line of at most `_WIDTH` characters."""
    text = text[: 4 * _WIDTH]
    for pattern, by in _RULES:
        text = pattern.sub(by, text)
    return text.strip()[:_WIDTH]


def signature(tool: str, cause: Cause, failures: Iterable[Failure]) -> Signature:
    """Of a tool, a cause and what failed; the order of failures, and how often one is told, do not count."""
    parts = sorted({_part(failure) for failure in failures})[:_KEPT]
    digest = hashlib.sha256("\0".join([tool, cause, *parts]).encode()).hexdigest()[:16]
    first = parts[0] if parts else cause
    more = f" (+{len(parts) - 1})" if len(parts) > 1 else ""
    return Signature(digest=digest, key=f"{tool or 'step'}: {first}{more}"[: _WIDTH + 40])


def _part(failure: Failure) -> str:
    # A test's name says where it stands; a rule's does not.
    where = "" if "::" in failure.name or not failure.path else _file(failure.path)
    return " ".join(part for part in (where, normalised(failure.name), normalised(failure.message)) if part)


def _file(path: str) -> str:
    return "/".join(re.split(r"[/\\]", path)[-2:])
