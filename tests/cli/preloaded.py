"""The command for tests that ask dozens of times for what it says before it starts anything: a process that has loaded
everything forks for each, which takes a tenth of a fresh Python's time. What a fresh one does the other tests show.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO

PROGRAM = """
import json, os, sys
from app import wiring
from app.agent.models import anthropic, scripted
from app.cli import demo, local_run, main, run, serve

def answer(asked):
    for number, name in enumerate(asked["files"]):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT, 0o600), number)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    status = 1
    try:
        status = main(asked["arguments"])
    except SystemExit as error:
        status = error.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status or 0)

for line in sys.stdin:
    if (pid := os.fork()) == 0:
        answer(json.loads(line))
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class Preloaded:
    """Answers one after another until `close`."""

    def __init__(self) -> None:
        env = {"PATH": os.environ["PATH"]}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
        )

    def run(
        self, arguments: list[str], *, env: dict[str, str], cwd: Path, place: Path
    ) -> subprocess.CompletedProcess[str]:
        """`lamplighter ARGUMENTS…` with nothing on its standard input; what it writes is kept in `place`."""
        files = [place / name for name in ("in", "out", "err")]
        for file in files:
            file.write_bytes(b"")
        asked = {"arguments": arguments, "env": env, "cwd": str(cwd), "files": list(map(str, files))}
        pipes: tuple[IO[str] | None, IO[str] | None] = self._process.stdin, self._process.stdout
        assert pipes[0] and pipes[1]
        print(json.dumps(asked), file=pipes[0], flush=True)
        status = int(pipes[1].readline())
        out, err = (file.read_text("utf-8", "replace") for file in files[1:])
        return subprocess.CompletedProcess(arguments, status, out, err)

    def close(self) -> None:
        self._process.communicate()
