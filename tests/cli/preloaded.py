"""The command by a process that has loaded everything and forks for each call, which takes a tenth of a fresh Python's
time. What a fresh one does show the tests that are marked `fresh`.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

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
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class Preloaded:
    """Answers one after another, from its first call until `close`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def run(
        self,
        arguments: list[str],
        *,
        env: dict[str, str],
        cwd: Path,
        place: Path,
        stdin: str = "",
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """`lamplighter ARGUMENTS…`; what it reads and writes is kept in `place`. Raises subprocess.TimeoutExpired."""
        files = [place / name for name in ("in", "out", "err")]
        for file in files:
            file.write_bytes(b"")
        files[0].write_text(stdin, "utf-8")
        asked = {"arguments": arguments, "env": env, "cwd": str(cwd), "files": list(map(str, files))}
        self._tell(json.dumps(asked))
        pid = int(self._line())
        if not select.select([self._started().stdout], [], [], timeout)[0]:
            os.kill(pid, signal.SIGKILL)
            self._line()
            raise subprocess.TimeoutExpired(arguments, timeout)
        status = int(self._line())
        out, err = (file.read_text("utf-8", "replace") for file in files[1:])
        return subprocess.CompletedProcess(arguments, status, out, err)

    def close(self) -> None:
        if self._process:
            self._process.communicate()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={"PATH": os.environ["PATH"]},
                bufsize=0,
            )
        return self._process

    def _tell(self, line: str) -> None:
        pipe = self._started().stdin
        assert pipe
        pipe.write(f"{line}\n".encode())

    def _line(self) -> bytes:
        pipe = self._started().stdout
        assert pipe
        return pipe.readline()
