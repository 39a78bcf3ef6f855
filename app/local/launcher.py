"""`SubprocessLauncher`: workers as processes of their own, found again by pid files after a restart of the server."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from app.errors import TransientError
from app.local.folders import private
from app.retry import looks

COMMAND = (sys.executable, "-P", "-m", "app.cli", "work")  # -P: a worker never imports from where it happens to stand

# As long as the cloud gives a container (`stopTimeout` of the task definition), so that a worker sees one platform.
GRACE_SECONDS = 120.0

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")

# What a worker may hold (the privilege table of the design): no App key, no webhook secret, nothing of the shell that
# happened to start the server. Model access is all that is secret in here.
_PASSED = frozenset({"PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "XDG_CACHE_HOME"}) | frozenset(
    {"SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"}
)
_SECRET_NAME = re.compile(r"KEY|SECRET|TOKEN|PASSWORD|CREDENTIAL", re.IGNORECASE)


def worker_environment(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """The part of the server's `environment` that a worker may hold."""
    bedrock = environment.get("LAMPLIGHTER_MODEL_PROVIDER") == "bedrock"
    allowed = {
        name: value
        for name, value in environment.items()
        if name in _PASSED
        or name.startswith(("LC_", "ANTHROPIC_"))
        or (name.startswith("LAMPLIGHTER_") and not _SECRET_NAME.search(name))
        or (bedrock and name.startswith("AWS_"))
    }
    return allowed | {"LAMPLIGHTER_HOME": str(home), "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True, kw_only=True)
class _Process:
    """A process, told apart from a later one with the same pid by its start time and the machine's boot."""

    pid: int
    started: str  # empty when it had ended before anybody looked
    boot: str

    def is_running(self) -> bool:
        return bool(self.started) and self.boot == _boot() and self.started == _started(self.pid)


class SubprocessLauncher:
    """Implements `ports.Launcher`: one detached session per (run, attempt).

    `environment` is the server's; workers get `worker_environment` of it. `command` is followed by
    `RUN --attempt N`. Workers outlive the server; a new launcher on the same home finds them.
    """

    def __init__(
        self,
        home: Path,
        environment: Mapping[str, str],
        *,
        command: Sequence[str] = COMMAND,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self._home = private(home)
        self._workers = private(home / "workers")
        _sort(self._workers)
        self._logs = private(home / "logs")
        self._environment = worker_environment(environment, home)
        self._command = tuple(command)
        self._grace_seconds = grace_seconds

    def start(self, run_id: str, attempt: int) -> None:
        """As the port says. An attempt that was started once is never started again, even after its end.

        Raises ValueError for a run id that is no file name.
        """
        _reap()
        record = self._record(run_id, attempt)
        private(record.parent)
        try:
            descriptor = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            return
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            try:
                child = self._spawn(run_id, attempt)
            except OSError as error:
                record.unlink()
                raise TransientError(
                    f"No worker could be started: {error.strerror}.", retry_after_seconds=30
                ) from error
            json.dump(asdict(_Process(pid=child.pid, started=_started(child.pid), boot=_boot())), file)
        with _children_lock:
            _children.append(child)

    def running(self, run_ids: Sequence[str]) -> dict[str, bool | None]:
        """None when a start was interrupted so that nobody knows whether there is a worker."""
        _reap()
        return {run_id: self._is_running(run_id) for run_id in run_ids}

    def _is_running(self, run_id: str) -> bool | None:
        if not _RUN_ID.match(run_id):
            return False  # nobody can have started it
        processes = self._processes(run_id)
        if any(process is not None and process.is_running() for process in processes):
            return True
        return None if None in processes else False

    def stop(self, run_id: str) -> None:
        """SIGTERM to the worker now, SIGKILL to its whole session after the grace; returns at once."""
        _reap()
        for process in self._processes(run_id):
            if process is not None and _signal(process, signal.SIGTERM):
                threading.Thread(target=self._kill_later, args=(process,), daemon=True).start()

    def log_path(self, run_id: str, attempt: int) -> Path:
        """Where the worker's standard output and error go."""
        return self._logs / f"{self._name(run_id, attempt)}.log"

    def _spawn(self, run_id: str, attempt: int) -> subprocess.Popen[bytes]:
        log = os.open(self.log_path(run_id, attempt), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            return subprocess.Popen(
                [*self._command, run_id, "--attempt", str(attempt)],
                env=self._environment,
                cwd=self._home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        finally:
            os.close(log)

    def _name(self, run_id: str, attempt: int) -> str:
        if not _RUN_ID.match(run_id):
            raise ValueError(f"{run_id!r} is no run id")
        return f"{run_id}-{attempt:d}"

    def _record(self, run_id: str, attempt: int) -> Path:
        """In a folder of the run's own: a look at one run reads nothing of the others."""
        return self._folder(run_id) / f"{attempt:d}.json"

    def _folder(self, run_id: str) -> Path:
        self._name(run_id, 0)
        return self._workers / run_id

    def _processes(self, run_id: str) -> list[_Process | None]:
        """Every attempt's process; None where a crash left the record empty."""
        return [_read(path) for path in self._folder(run_id).glob("*.json")]

    def _kill_later(self, process: _Process) -> None:
        for _ in looks(0.05, self._grace_seconds):
            _reap()
            if not process.is_running():
                return
        _signal(process, signal.SIGKILL)


# Of the whole process: workers outlive the launcher that started them, and somebody has to wait for them.
_children: list[subprocess.Popen[bytes]] = []
_children_lock = threading.Lock()


def _reap() -> None:
    with _children_lock:
        _children[:] = [child for child in _children if child.poll() is None]


def _sort(workers: Path) -> None:
    """Records of versions that kept those of all runs side by side, as `RUN-N.json`, go into their runs' folders."""
    for path in workers.glob("*-*.json"):
        run_id, _, attempt = path.stem.rpartition("-")
        try:
            path.rename(private(workers / run_id) / f"{attempt}.json")
        except FileNotFoundError:
            pass  # another process was faster


def _read(path: Path) -> _Process | None:
    try:
        return _Process(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, OSError):
        return None


def _signal(process: _Process, number: signal.Signals) -> bool:
    """Send a signal to exactly this process (SIGKILL: to its session's group); False when it is gone."""
    try:
        handle = os.pidfd_open(process.pid)  # pins the pid: what is checked next is what gets the signal
    except OSError:
        return False
    try:
        if not process.is_running():
            return False
        if number == signal.SIGKILL:
            os.killpg(process.pid, number)
        else:
            signal.pidfd_send_signal(handle, number)
        return True
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _started(pid: int) -> str:
    """Clock ticks from boot to the start of `pid`; empty when there is no such process or only its zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return ""
    fields = stat.rpartition(b")")[2].split()  # the name before may hold blanks and brackets; fields from 3 on follow
    state, started = fields[0], fields[19]  # fields 3 and 22 of proc(5)
    return "" if state in {b"Z", b"X"} else started.decode()
