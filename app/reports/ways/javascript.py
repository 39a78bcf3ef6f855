"""The test runners of JavaScript: by what is appended to the script that runs them, node by its own variable. Pure."""

from __future__ import annotations

import json
import re

from app.reports.ways.way import PLACE, REPORT, SET, Read, Way, goes_on

_RUNS_SCRIPT = re.compile(
    rf"({SET})(npm|pnpm|yarn|bun|deno)(?: (run|run-script|task))? ([\w:.-]+)((?: .*)?)", re.DOTALL
)
_NPX = r"(?:(?:npx|bunx|pnpm exec|yarn exec|yarn|cross-env(?: \w+=\S+)*|c8|nyc) )*"
_RUNNER = re.compile(
    rf"{SET}{_NPX}(?:node(?: -\S+)* )?(?:\S*node_modules/(?:\.bin|[\w.-]+(?:/bin)?)/)?"
    r"(jest(?:\.js)?|vitest(?:\.mjs)?(?: run| --run)?(?! bench| list| init)|node(?: -\S+(?: [^-\s]\S*)?)*? --test"
    r"|bun test|deno test|_?mocha(?:\.js)?|ava|playwright test)(?=\s|$)(.*)",
    re.DOTALL,
)
_OWN_REPORT = re.compile(r"--(?:json|outputFile|reporter|test-reporter|reporter-outfile|junit-path|tap)\b| -- | -R ")
_ARGUMENTS = {
    "jest": f"--json --outputFile={PLACE}/{REPORT}",
    "vitest": f"--reporter=default --reporter=json --outputFile.json={PLACE}/{REPORT}",
    "bun": f"--reporter=junit --reporter-outfile={PLACE}/{REPORT}",
    "deno": f"--junit-path={PLACE}/{REPORT}",
    "mocha": f"--reporter {PLACE}/mocha.cjs",
    "playwright": "--reporter=list,junit",
    "ava": "--tap",  # instead of what it prints, which says nothing of how many passed beside a failure
}
_FORMATS = {"jest": "jest", "vitest": "jest", "ava": "tap"}
# Only where this Node has the reporter: an older one refuses to start with an option it does not know.
_NODE = (
    "if node -e 'import(\"node:test/reporters\").then(r=>process.exit(r.junit?0:1),()=>process.exit(1))' 2>/dev/null; "
    'then export NODE_OPTIONS="${NODE_OPTIONS:+$NODE_OPTIONS }--test-reporter=junit '
    f"--test-reporter-destination=$lamplighter_report/{REPORT} "
    '--test-reporter=spec --test-reporter-destination=stdout"; fi'
)
# Of its reporters mocha starts one: this one starts two, for people and for us.
_MOCHA = (
    'const {reporters:r}=require(require.resolve("mocha",{paths:[process.cwd()]}));module.exports=function(m,o){'
    'new r.Spec(m,o);const x=new r.XUnit(m,{reporterOptions:{output:__dirname+"/report"}});'
    "this.done=(f,e)=>x.done(f,e)}"
)
_BEFORE = {
    "node": _NODE,
    "mocha": f"printf %s '{_MOCHA}' >{PLACE}/mocha.cjs",
    "playwright": f"export PLAYWRIGHT_JUNIT_OUTPUT_NAME={PLACE}/{REPORT} PLAYWRIGHT_JUNIT_OUTPUT_FILE={PLACE}/{REPORT}",
}


def way(command: str, read: Read) -> Way | None:
    script, join = command, " "
    if found := _RUNS_SCRIPT.fullmatch(command):
        script = _script(found, read) or command
        join = " -- " if found[2] == "npm" and script != command and " -- " not in found[5] else " "
    runner = _RUNNER.fullmatch(script.rpartition("&&")[2].strip())
    if runner is None or goes_on(runner[2]) or goes_on(_bare(command)) or _OWN_REPORT.search(runner[2]):
        return None
    words = runner[1].split()
    kind = "node" if words[-1] == "--test" else words[0].partition(".")[0].lstrip("_")
    before = "set -o pipefail" if kind == "ava" else _BEFORE.get(kind, "")
    return Way(
        kind="tap" if kind == "ava" else kind,
        format=_FORMATS.get(kind, "junit"),
        command=f"{command}{join}{_ARGUMENTS[kind]}" if kind in _ARGUMENTS else command,
        before=before,
        streamed=kind == "ava",
    )


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
    try:
        scripts = json.loads(read("package.json") or "{}").get("scripts")
        script = scripts.get("test" if (manager, verb, name) == ("npm", None, "t") else name)
    except (ValueError, AttributeError, RecursionError):
        return ""
    return script if isinstance(script, str) else ""


def _deno(read: Read) -> str:
    return read("deno.json") or read("deno.jsonc")
