"""Children that end with the bench: their time, their memory, their descendants."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUBJECTS = Path(__file__).with_name("subjects")
LONGEST_SECONDS = 300.0  # of any child: a bench that hangs says so
STOP_SECONDS = 15.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _end_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def environment(**more: str) -> dict[str, str]:
    """What children see: nothing of the person's own Lamplighter, the repository importable."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR") if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT), **more}


def start(command: Sequence[str], *, log: Path | None = None, env: Mapping[str, str] | None = None, **more: object):
    """A child in a session of its own that gets SIGTERM when the bench dies."""
    output = subprocess.DEVNULL if log is None else os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    options = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output, **more}
    try:
        return subprocess.Popen(
            list(command),
            env=dict(environment() if env is None else env),
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - one system call, which takes no lock
            **options,  # type: ignore[call-overload]
        )
    finally:
        if log is not None:
            os.close(output)


def python(subject: str, *arguments: object) -> list[str]:
    """The command of a script in `subjects/`, under the interpreter of the bench."""
    return [sys.executable, "-P", str(SUBJECTS / subject), *map(str, arguments)]


def output_of(command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """What it printed. Raises RuntimeError with its complaints when it failed."""
    child = start(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd)
    try:
        out, err = child.communicate(timeout=LONGEST_SECONDS)
    finally:
        stop(child)
    if child.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} ended with {child.returncode}: {err[-2000:]}")
    return str(out)


def stop(child: subprocess.Popen) -> None:
    """End a child: asked first, made after a while."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def ending(child: subprocess.Popen) -> Iterator[subprocess.Popen]:
    """Whatever happens in the `with`, the child is gone after it."""
    try:
        yield child
    finally:
        stop(child)


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                todo += [int(child) for child in children.read_text().split()]
            except OSError:
                pass
    return found


def naming(word: str) -> list[int]:
    """Processes with `word` in their command line: what a run left behind would be found here."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            pass
    return found


def memory(pids: Sequence[int]) -> tuple[int, int]:
    """(RSS, PSS) in bytes; PSS shares out what several processes map together."""
    rss = pss = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        values = {line.split()[0]: int(line.split()[1]) * 1024 for line in lines[1:] if line.endswith("kB")}
        rss, pss = rss + values.get("Rss:", 0), pss + values.get("Pss:", 0)
    return rss, pss
