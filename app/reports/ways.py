"""How a command is made to write a report beside what it prints: which reporter, by environment or by argument. Pure.

Nothing about what is tested changes: no selection, no setting of the project but its reporters. Where it is not known
that a command leads to a runner that can do it, there is no way, and what it prints is read instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from app.projects import inside, taken_apart

Read = Callable[[str], str]  # a file of the tree by its path, empty when it is not there

PLACE = '"$lamplighter_report"'  # in the shell: the folder for this one execution, not exported
REPORT = "report"  # the name of the file in it

_SET = r"(?:(?:export )?[A-Za-z_]\w*=(?:\"[^\"]*\"|'[^']*'|[^\s;\"'])*(?:;\s*|\s+))*"
_SHELL = re.compile(r"[|;<>#&`]")  # what is appended to such a command would not reach the runner
# By these pytest may be started, at whatever depth: its own variable reaches it there, and means nothing to others.
_TO_PYTEST = re.compile(
    r"(?:^|[\s/;&({])(?:py\.?test|make|just|(?<!deno )task|nox|invoke|poe|pdm|uv|poetry|hatch|pipenv|coverage)\b|\.sh\b"
)
_PYTEST_SETTINGS = (
    "pytest.ini",
    ".pytest.ini",
    "pytest.toml",
    ".pytest.toml",
    "pyproject.toml",
    "tox.ini",
    "setup.cfg",
)
_RUNS_SCRIPT = re.compile(
    rf"({_SET})(npm|pnpm|yarn|bun|deno)(?: (run|run-script|task))? ([\w:.-]+)((?: .*)?)", re.DOTALL
)
_NPX = r"(?:(?:npx|bunx|pnpm exec|yarn exec|yarn|cross-env(?: \w+=\S+)*|c8|nyc) )*"
_RUNNER = re.compile(
    rf"{_SET}{_NPX}(?:node(?: -\S+)* )?(?:\S*node_modules/(?:\.bin|[\w.-]+(?:/bin)?)/)?"
    r"(jest(?:\.js)?|vitest(?:\.mjs)?(?: run| --run)?(?! bench| list| init)|node(?: -\S+(?: [^-\s]\S*)?)*? --test"
    r"|bun test|deno test)(?=\s|$)(.*)",
    re.DOTALL,
)
_OWN_REPORT = re.compile(r"--(?:json|outputFile|reporter|test-reporter|reporter-outfile|junit-path)\b| -- ")
_ARGUMENTS = {
    "jest": f"--json --outputFile={PLACE}/{REPORT}",
    "vitest": f"--reporter=default --reporter=json --outputFile.json={PLACE}/{REPORT}",
    "bun": f"--reporter=junit --reporter-outfile={PLACE}/{REPORT}",
    "deno": f"--junit-path={PLACE}/{REPORT}",
}
# Only where this Node has the reporter: an older one refuses to start with an option it does not know.
_NODE = (
    "if node -e 'import(\"node:test/reporters\").then(r=>process.exit(r.junit?0:1),()=>process.exit(1))' 2>/dev/null; "
    'then export NODE_OPTIONS="${NODE_OPTIONS:+$NODE_OPTIONS }--test-reporter=junit '
    f"--test-reporter-destination=$lamplighter_report/{REPORT} "
    '--test-reporter=spec --test-reporter-destination=stdout"; fi'
)
_PYTEST = (
    "export PYTEST_ADDOPTS=\"${PYTEST_ADDOPTS:+$PYTEST_ADDOPTS }'--junit-xml=$lamplighter_report/"
    f"{REPORT}' -o junit_family=xunit1\""
)
_BUILD = re.compile(rf"{_SET}(?:\./)?(mvnw?|gradlew?)\s.*\b(?:test|check|verify|build|install)\b.*", re.DOTALL)
_OF_BUILD = {"mvn": ("*/target/surefire-reports/TEST-*.xml", "*/target/failsafe-reports/TEST-*.xml"),
             "gradle": ("*/build/test-results/*.xml",)}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Way:
    """`kind` names the reader, `format` what is read. `speaks`: whether that runner always prints a summary."""

    kind: str
    format: str
    command: str
    before: str = ""  # shell, run ahead of it
    patterns: tuple[str, ...] = ()  # of files in the tree, where the report cannot be sent anywhere else
    speaks: bool = True


def way_of(command: str, read: Read) -> Way | None:
    """How `command`, run at the root of the tree, is made to write a report; None when there is no known way."""
    folder, there = taken_apart(command)
    at = f"{folder}/" if folder else ""
    found = _build(there) or _javascript(there, lambda path: read(at + path)) or _python(there, read, at)
    if found is None:
        return None
    return Way(**{**vars(found), "command": inside(folder, found.command)})


def _build(command: str) -> Way | None:
    found = _BUILD.fullmatch(command)
    if found is None:
        return None
    patterns = _OF_BUILD[found[1].removesuffix("w")]
    return Way(kind="jvm", format="junit", command=command, patterns=patterns, speaks=False)


def _python(command: str, read: Read, at: str) -> Way | None:
    """Not where the project asks for a report of its own, or has taken that part of pytest out."""
    if not _TO_PYTEST.search(command) or "junit" in command:
        return None
    if any("junit" in read(folder + name) for folder in {"", at} for name in _PYTEST_SETTINGS):
        return None
    return Way(kind="pytest", format="junit", command=command, before=_PYTEST)


def _javascript(command: str, read: Read) -> Way | None:
    script, join = command, " "
    if found := _RUNS_SCRIPT.fullmatch(command):
        script = _script(found, read) or command
        join = " -- " if found[2] == "npm" and script != command and " -- " not in found[5] else " "
    last = script.rpartition("&&")[2].strip()
    runner = _RUNNER.fullmatch(last)
    if runner is None or _SHELL.search(runner[2]) or _SHELL.search(_bare(command)) or _OWN_REPORT.search(runner[2]):
        return None
    words = runner[1].split()
    kind = "node" if words[-1] == "--test" else words[0].partition(".")[0]
    if kind == "node":
        return Way(kind=kind, format="junit", command=command, before=_NODE)
    form = "jest" if kind in {"jest", "vitest"} else "junit"
    return Way(kind=kind, format=form, command=f"{command}{join}{_ARGUMENTS[kind]}")


def _bare(command: str) -> str:
    """Without the variables that are set in front of it."""
    return re.sub(rf"^{_SET}", "", command)


def _script(found: re.Match[str], read: Read) -> str:
    """What the named script of the project's manifest runs; empty when it is no script's name."""
    manager, verb, name = found[2], found[3], found[4]
    if manager == "deno":
        listed = re.search(rf'"tasks"\s*:\s*\{{[^}}]*"{re.escape(name)}"\s*:\s*"([^"\\]*)"', _deno(read))
        return listed[1] if listed and verb == "task" else ""
    if manager == "bun" and verb is None:
        return ""  # `bun test` is bun's own runner
    try:
        scripts = json.loads(read("package.json") or "{}").get("scripts")
        script = scripts.get("test" if (manager, verb, name) == ("npm", None, "t") else name)
    except (ValueError, AttributeError, RecursionError):
        return ""
    return script if isinstance(script, str) else ""


def _deno(read: Read) -> str:
    return read("deno.json") or read("deno.jsonc")
