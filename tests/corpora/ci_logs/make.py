"""Makes `ci-logs.json.gz`: breaks small projects, runs the real tools, wraps what they print as GitHub's runner does.

    python tests/corpora/ci_logs/make.py run WORK [FAMILY …]    runs the cases, one JSON file each in WORK
    python tests/corpora/ci_logs/make.py pack WORK              the corpus, out of what stands in WORK

The tools have to be on the PATH. Projects are made in the runner's own folder, so that paths read as they do there.
"""

from __future__ import annotations

import gzip
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[3])]
from case import Case
from runner import Runner, finish, preamble

from app.config.values import PACKAGE_HOSTS

HOME = Path("/home/runner/work/shop/shop")
FAMILIES = ("pythons", "pip", "npm", "node", "native", "jvm", "others", "managers", "containers", "causes", "github", "green", "cancelled", "again")
HERE = Path(__file__).parent
TOOLS = "/opt/hostedtoolcache/Python/3.11.14/x64/bin"
# Where this machine's packages come from is nobody's business: asked of the clients, written nowhere.
_ASK = (["pip", "config", "get", "global.index-url"], ["pip", "config", "get", "global.find-links"], ["npm", "config", "get", "registry"])
_ASKED = [subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip() for ask in _ASK]
_ADDRESSES = sorted({part.rstrip("/") for text in [*_ASKED, os.environ.get("GOPROXY", "")] for part in re.findall(r"(?:https?|file)://[^\s,|]+", text)}, key=len)
_NOISE = re.compile(r"WARNING: Location '.*|Looking in (?:indexes|links): .*")


def cases(families: tuple[str, ...]) -> Iterator[tuple[str, Case]]:
    for family in families:
        for case in importlib.import_module(family).CASES:
            yield family, case


def scrubbed(text: str) -> str:
    for address in reversed(_ADDRESSES):
        text = text.replace(address, "https://registry.example")
    for host in PACKAGE_HOSTS:
        text = text.replace(host, "registry.example")
    for path in ("/root/.pyenv/versions/3.11.7", "/root/.pyenv/versions/3.12.1"):
        text = text.replace(path, "/opt/hostedtoolcache/Python/3.11.14/x64")
    return text.replace("/root/", "/home/runner/").replace("/tmp/cargo-home", "/home/runner/.cargo")


def run(case: Case) -> dict[str, object]:
    """The log, the job as the API gives it, and the truth."""
    runner = Runner()
    preamble(runner, case)
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    for name, text in case.files.items():
        path = HOME / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    env = {
        "PATH": f"{HOME}/node_modules/.bin:{TOOLS}:{os.environ['PATH']}", "HOME": "/home/runner", "CI": "true",
        "GITHUB_ACTIONS": "true", "LANG": "C.UTF-8", "TERM": "dumb", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore",
        "GOFLAGS": "-mod=mod", "GOPROXY": os.environ.get("GOPROXY", "off"), "npm_config_update_notifier": "false",
        "CARGO_HOME": "/tmp/cargo-home", "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", "/root/.rustup"), "GITHUB_WORKSPACE": str(HOME),
        **case.env,
    }  # fmt: skip
    if case.before:
        subprocess.run(["bash", "-e", "-c", case.before], cwd=HOME, env=env, check=True, stdout=subprocess.DEVNULL)
    code: int | None = case.exit_code
    runner.begin(case.step, case)
    if case.run and not case.lines:
        code = execute(case, env, runner)
    for line in case.lines:
        runner.write(line)
    end = finish(runner, case, code)
    if not case.lines and (code == 0) != (case.outcome == "success"):
        print(f"!! {case.name}: exit code {code}", file=sys.stderr)
    said = runner.text() + json.dumps(case.annotations)
    if case.key and case.key not in re.sub(r"\x1b\[[0-9;]*m", "", said):
        print(f"!! {case.name}: the log does not hold {case.key!r}", file=sys.stderr)
    gone = bool(case.annotations) and not any("##[error]" in line for line in case.lines)  # the job never started
    truth = {k: v for k, v in asdict(case).items() if k not in {"files", "before", "env", "lines", "run", "matchers", "uses"}}
    return {**truth, "held_out": case.held_out, "made": "by hand" if case.lines else "by the tool", "job": end, "log": "" if gone else runner.text()}


def execute(case: Case, env: dict[str, str], runner: Runner) -> int:
    script = HOME.parents[1] / "_temp/0b6f3a52-6b0c-4b62-9f0b-7f6a3a0a9c11.sh"
    script.parent.mkdir(exist_ok=True)
    script.write_text(case.run)
    with subprocess.Popen(
        ["/usr/bin/bash", "-e", str(script)], cwd=HOME, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for raw in process.stdout:
            line = scrubbed(raw.decode("utf-8", "replace").rstrip("\n"))
            if not _NOISE.fullmatch(line):
                runner.say(line, case.matchers)
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def main(verb: str, work: Path, *only: str) -> None:
    work.mkdir(exist_ok=True, parents=True)
    if verb == "run":
        for family, case in cases(tuple(only) if set(only) <= set(FAMILIES) and only else FAMILIES):
            if not {family, case.name} & set(only) and only:
                continue
            began = time.monotonic()
            made = {"family": family, **run(case)}
            (work / f"{case.name}.json").write_text(json.dumps(made, indent=1, ensure_ascii=False))
            print(f"{case.name} {time.monotonic() - began:.1f} s, {len(str(made['log']))} characters")
        return
    known = [case.name for _, case in cases(FAMILIES)]
    assert len(set(known)) == len(known), sorted({name for name in known if known.count(name) > 1})
    entries = [json.loads((work / f"{name}.json").read_text()) for name in sorted(known)]
    truths = {case.name: case for _, case in cases(FAMILIES)}
    for entry in entries:  # what is true may be corrected without another run
        entry |= {key: value for key, value in asdict(truths[entry["name"]]).items() if key in entry and key != "job"}
        entry |= {"held_out": truths[entry["name"]].held_out, "log": scrubbed(entry["log"])}
    data = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()
    (HERE.parent / "ci-logs.json.gz").write_bytes(gzip.compress(data, 9, mtime=0))
    print(f"{len(entries)} logs, {len(data):,} bytes")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
