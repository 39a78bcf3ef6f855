"""Package managers, and what a shell says of a command. Pure.

A missing version looks like a mistake of the project and may be an index that did not answer: pip then says "from
versions: none". What the network did is told apart in `app.failures.surroundings`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.failures.readers.shape import Reader, line_reader
from app.failures.records import Cause, Failure, Reading

_NPM = re.compile(r"npm (?:error|ERR!) ?(.*)$")
_NPM_CODES: dict[str, Cause] = {
    "EUSAGE": "lock",
    "ERESOLVE": "dependency",
    "ETARGET": "dependency",
    "E404": "dependency",
    "EBADENGINE": "dependency",
    "ENOLOCK": "lock",
    "EINTEGRITY": "lock",
    "E401": "secret",
    "E403": "permission",
    "ENEEDAUTH": "secret",
    "E429": "rate-limit",
    "E500": "registry",
    "E502": "registry",
    "E503": "registry",
    "E504": "registry",
    "ENOTFOUND": "network",
    "EAI_AGAIN": "network",
    "ECONNRESET": "network",
    "ECONNREFUSED": "network",
    "ETIMEDOUT": "network",
    "ERR_SOCKET_TIMEOUT": "network",
    "ENOSPC": "disk",
    "EJSONPARSE": "syntax",
    "ENOENT": "usage",
    "EACCES": "permission",
}


def _npm(lines: Sequence[str]) -> Reading | None:
    said = [(at, found[1].strip()) for at, line in enumerate(lines) if (found := _NPM.match(line))]
    if not said:
        return None
    code = next((text.split()[1] for _, text in said if text.startswith("code ") and len(text.split()) > 1), "")
    if code.isdigit() or code in {"ELIFECYCLE", "ERR_TEST_FAILURE"}:  # what a script of the project ended with
        return None
    words = [
        (at, text)
        for at, text in said
        if text and not re.match(r"(?:code |errno |syscall |A complete log|path |dest |command )", text)
    ]
    at, message = words[0] if words else said[0]
    cause = _NPM_CODES.get(code, "usage" if "Missing script" in message or not code else "unknown")
    if "can only install packages when" in message or ("package-lock.json" in message and "sync" in message):
        cause = "lock"
        named = [(n, text) for n, text in words if text.startswith(("Missing: ", "Invalid: "))]
        until = named[-1][0] if named else at
        message = " ".join([message, *(text for _, text in named[:3])])
        return Reading(
            tool="npm",
            cause=cause,
            failures=(Failure(message=message[:500], name=code, path="package-lock.json", at=at, until=until),),
        )
    return Reading(
        tool="npm",
        cause=cause,
        failures=(Failure(message=message, name=code, at=at, until=words[min(2, len(words) - 1)][0] if words else at),),
    )


def _pip(lines: Sequence[str]) -> Reading | None:
    for at, line in enumerate(lines):
        cause = next((cause for cause, pattern in _PIP if pattern.match(line)), None)
        if cause is None:
            continue
        # What a build printed stands in a frame; its last line says most.
        end = next((n for n, text in enumerate(lines[at:], at) if text.strip() == "[end of output]"), None)
        shown = end - 1 if cause == "compile" and end is not None and end - 1 > at else at
        message = re.sub(r"^(?:User for \S{1,200}: )?(?:ERROR|error): ", "", lines[shown].strip())
        until = min(at + 1, len(lines) - 1) if cause == "dependency" else shown
        return Reading(tool="pip", cause=cause, failures=(Failure(message=message, at=shown, until=until),))
    return None


_PIP: tuple[tuple[Cause, re.Pattern[str]], ...] = (
    ("crash", re.compile(r"(?:User for \S{1,200}: )?ERROR: Exception:$")),
    ("lock", re.compile(r"ERROR: THESE PACKAGES DO NOT MATCH THE HASHES|ERROR: In --require-hashes mode")),
    (
        "dependency",
        re.compile(
            r"ERROR: (?:No matching distribution found|ResolutionImpossible|Cannot install .* because"
            r"|Could not find a version|Package '.*' requires a different Python)"
        ),
    ),
    (
        "usage",
        re.compile(
            r"ERROR: (?:Could not open requirements file|Invalid requirement|Directory '.*' is not installable)"
        ),
    ),
    (
        "compile",
        re.compile(
            r"\s{0,4}(?:ERROR|error): (?:Failed to build|Failed building wheel|subprocess-exited-with-error"
            r"|metadata-generation-failed|command '.*' failed)"
        ),
    ),
)

READERS = (
    Reader(tool="npm", signs=("npm error", "npm ERR!"), read=_npm),
    Reader(tool="pip", signs=("ERROR: ", "error: "), read=_pip),
    line_reader(
        "tox",
        ("usage", r"(?:.{1,60}: )?(?:skipped because|failed with) (?P<message>could not find python interpreter.*)$"),
        ("command", r"(?P<name>[\w.-]{1,80}): (?P<message>exit \d+) \("),
        signs=("evaluation failed", ": FAIL code", "could not find python interpreter"),
        certain=False,
    ),
    line_reader(
        "pre-commit",
        ("hook", r"(?P<name>.{1,200}?)\.{3,}(?P<message>Failed)$"),
        ("usage", r"(?P<message>An (?:unexpected )?error has occurred: .*)$"),
        signs=("Failed", "error has occurred"),
        certain=False,
    ),
    line_reader(
        "shell",
        ("usage", r"(?:\S{1,300}: (?:line \d{1,7}: )?)?(?P<message>\S{1,100}: (?:command )?not found)$"),
        (
            "command",
            r"(?:\S{1,100}: )(?P<message>.{1,300}: (?:No such file or directory|Permission denied"
            r"|Is a directory|cannot access.*))$",
        ),
        (
            "crash",
            r"(?:\S{1,300}: line \d{1,7}: +\d+ )?(?P<message>(?:Segmentation fault|Aborted|Bus error"
            r"|Illegal instruction|Floating point exception)(?: \(core dumped\))?)\b.*$",
        ),
        signs=(
            "not found",
            "No such file",
            "Permission denied",
            "Is a directory",
            "Segmentation",
            "Aborted",
            "Bus error",
        ),
        certain=False,
    ),
)
