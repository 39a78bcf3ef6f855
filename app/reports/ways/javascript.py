"""The test runners of JavaScript: those of Node by what is preloaded there, others by an argument. Pure."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from app.reports.ways.way import PLACE, REPORT, SET, Read, Way, goes_on

_RUNS_SCRIPT = re.compile(
    rf"({SET})(npm|pnpm|yarn|bun|deno)(?: (run|run-script|task))? ([\w:.-]+)((?: .*)?)", re.DOTALL
)
_NPX = r"(?:(?:npx|bunx|pnpm exec|yarn exec|yarn|cross-env(?: \w+=\S+)*|c8|nyc) )*"
_NOT_OF_NODE = re.compile(rf"{SET}{_NPX}(?:\S*node_modules/\.bin/)?(bun test|deno test|ava)(?=\s|$)(.*)", re.DOTALL)
_OWN_REPORT = re.compile(r"--(?:reporter|reporter-outfile|junit-path|tap)\b| -- | -R ")
_ARGUMENTS = {
    "bun": f"--reporter=junit --reporter-outfile={PLACE}/{REPORT}",
    "deno": f"--junit-path={PLACE}/{REPORT}",
    "ava": "--tap",  # instead of what it prints, which says nothing of how many passed beside a failure
}
_OF_NODE = re.compile(
    r"(?<![\w.=-])(?:jest(?:\.js)?|vitest(?:\.mjs)?|_?mocha(?:\.js)?|(?:node|tsx)(?: -\S+(?: [^-\s]\S*)?)*? --test"
    r"|playwright test)(?=[\s;&|)]|$)"
)
_TOOL = re.compile(r"(?:^|[\s/;&({])(?:npm|npx|pnpm|yarn|bunx?|node|tsx|turbo|nx|lerna|c8|nyc|cross-env)\s")
# Of packages of a workspace, whose scripts are not looked into.
_EVERYWHERE = re.compile(
    r"\b(?:npm|pnpm|yarn)\b[^&|;]* (?:-r|-ws|-w|-F|--recursive|--workspaces?|--filter)(?=[ =;&|)]|$)"
    r"|\byarn workspaces? |\b(?:turbo|nx|lerna|npm-run-all|run-[sp]) "
)
_STARTS = "starts.cjs"
_OF_STARTS = shlex.quote(
    " ".join(re.sub(r"(?:^| )// .*", "", line) for line in (Path(__file__).with_name(_STARTS)).read_text().splitlines())
)
# What is replayed from a cache has not run.
_BEFORE = (
    f"printf %s {_OF_STARTS} >{PLACE}/{_STARTS}; export TURBO_FORCE=true NX_SKIP_NX_CACHE=true WIREIT_CACHE=none "
    f'NODE_OPTIONS="${{NODE_OPTIONS:+$NODE_OPTIONS }}--require=$lamplighter_report/{_STARTS}"'
)
_SCRIPT = re.compile(r"(?<![\w-])(npm|pnpm|yarn|bun)(?: (run|run-script))? ([\w:.-]+)(?=[\s;&|)]|$)")
_DEEPEST = 3  # scripts that run scripts


def way(command: str, read: Read) -> Way | None:
    return _by_argument(command, read) or _by_process(command, read)


def _by_process(command: str, read: Read) -> Way | None:
    """Each start of a runner of Node, at whatever depth, leaves a report of its own."""
    whole = _expanded(command, read, _DEEPEST)
    runners = _OF_NODE.findall(whole)
    if not (runners or (_TOOL.search(command) and re.search(r"\btests?\b", whole))):
        return None
    everywhere = bool(_EVERYWHERE.search(whole))
    return Way(
        kind="node",
        format="junit",
        command=command,
        before=_BEFORE,
        named=True,
        several=everywhere or len(runners) != 1,
        announces=everywhere and not re.search(r" (?:-s|--silent|--loglevel|--reporter)\b", whole),
    )


def _by_argument(command: str, read: Read) -> Way | None:
    """Where the runner stands last, so that what is appended reaches it, and nothing before it may test as well."""
    script, join = command, " "
    if found := _RUNS_SCRIPT.fullmatch(command):
        script = _script(found, read) or command
        join = " -- " if found[2] == "npm" and script != command and " -- " not in found[5] else " "
    first, _, last = script.rpartition("&&")
    runner = _NOT_OF_NODE.fullmatch(last.strip())
    if runner is None or goes_on(runner[2]) or goes_on(_bare(command)) or _OWN_REPORT.search(runner[2]):
        return None
    if re.search(r"\btest|\bava\b", first):
        return None
    kind = runner[1].split()[0]
    return Way(
        kind="tap" if kind == "ava" else kind,
        format="tap" if kind == "ava" else "junit",
        command=f"{command}{join}{_ARGUMENTS[kind]}",
        before="set -o pipefail" if kind == "ava" else "",
        streamed=kind == "ava",
    )


def _expanded(command: str, read: Read, deepest: int) -> str:
    """With the scripts of the manifest that it runs, and those that go around them, behind it."""
    names = ["test" if name == "t" else name for _manager, _verb, name in _SCRIPT.findall(command)] if deepest else []
    scripts = [_named(read, f"{around}{name}") for name in names for around in ("pre", "", "post")]
    return "; ".join([command, *(_expanded(script, read, deepest - 1) for script in scripts if script)])


def _bare(command: str) -> str:
    """Without the variables that are set in front of it."""
    return re.sub(rf"^{SET}", "", command)


def _script(found: re.Match[str], read: Read) -> str:
    """What the named script of the project's manifest runs; empty when it is no script's name."""
    manager, verb, name = found[2], found[3], found[4]
    if manager == "deno":
        listed = re.search(rf'"tasks"\s*:\s*\{{[^}}]*"{re.escape(name)}"\s*:\s*"([^"\\]*)"', _deno(read))
        return listed[1] if listed and verb == "task" else ""
    if manager == "bun" and verb is None:
        return ""  # `bun test` is bun's own runner
    return _named(read, "test" if (manager, verb, name) == ("npm", None, "t") else name)


def _named(read: Read, name: str) -> str:
    try:
        script = json.loads(read("package.json") or "{}").get("scripts").get(name)
    except (ValueError, AttributeError, RecursionError):
        return ""
    return script if isinstance(script, str) else ""


def _deno(read: Read) -> str:
    return read("deno.json") or read("deno.jsonc")
