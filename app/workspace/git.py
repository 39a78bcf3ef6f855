"""Running git for the harness: an environment of our own, no hooks, no prompts, limits of time and output.

Every setting travels in the environment (GIT_CONFIG_COUNT): nothing depends on files of the machine or of a person,
and a token is neither in the arguments nor on disk.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from app.errors import LamplighterError, TransientError, UserError

# Kept from the surroundings: where programs are, and how this machine reaches the network.
_KEPT = ("PATH", "TMPDIR", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy")
_KEPT_TLS = ("SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "CURL_CA_BUNDLE")

# Blemishes that published histories are full of (git fsck's names); none of them can hurt a checkout, unlike
# hasDotgit, hasDotdot, fullPathname and their like, which stay errors. Submodules are never fetched.
_HARMLESS = (
    "badEmail",
    "badName",
    "badTimezone",
    "badDate",
    "badDateOverflow",
    "missingEmail",
    "missingNameBeforeEmail",
    "missingSpaceBeforeDate",
    "missingSpaceBeforeEmail",
    "zeroPaddedDate",
    "zeroPaddedFilemode",
    "badFilemode",
    "missingTaggerEntry",
    "badTagName",
    "multipleAuthors",
    "nulInCommit",
    "gitmodulesParse",
    "gitmodulesUrl",
    "gitmodulesName",
    "gitmodulesPath",
    "gitmodulesUpdate",
    "gitmodulesMissing",
    "gitmodulesBlob",
    "gitmodulesLarge",
)

_CONFIG: tuple[tuple[str, str], ...] = (
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.attributesFile", "/dev/null"),
    ("core.excludesFile", "/dev/null"),
    ("core.autocrlf", "false"),
    ("core.symlinks", "true"),
    ("core.protectHFS", "true"),
    ("core.protectNTFS", "true"),
    ("core.askPass", ""),
    ("credential.helper", ""),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("checkout.workers", "0"),  # one per core; measured in facts.md
    ("transfer.fsckObjects", "true"),
    ("http.lowSpeedLimit", "1000"),  # bytes a second; below it for a minute the transfer is dead
    ("http.lowSpeedTime", "60"),
    ("protocol.allow", "never"),
    ("protocol.https.allow", "always"),
    ("protocol.http.allow", "always"),  # the simulator, a GitHub Enterprise Server behind its own TLS
    ("protocol.file.allow", "always"),  # `lamplighter run --repo PATH`
    *((f"fetch.fsck.{name}", "ignore") for name in _HARMLESS),
)

_WATCH_SECONDS = 0.25


class GitError(LamplighterError):
    """git said no; `stderr` is its complaint in English. Translated by whoever knows what was attempted."""

    def __init__(self, stderr: str, code: int) -> None:
        super().__init__(stderr.strip()[-2000:] or f"git ended with {code}")
        self.stderr = stderr
        self.code = code


class FetchRefused(TransientError):
    """The server said no to a fetch. A permission may still be on its way, so it is asked again, a few times.

    `status` is HTTP's: 401 for the credential, 403 for what it may do, 404 for what it may see.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, retry_after_seconds=30.0)
        self.status = status


def environment(config: Sequence[tuple[str, str]] = (), extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The whole environment of a git process: nothing of the machine's or a person's configuration."""
    env = {name: os.environ[name] for name in (*_KEPT, *_KEPT_TLS) if name in os.environ}
    env |= {
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
    }
    pairs = (*_CONFIG, *config)
    env["GIT_CONFIG_COUNT"] = str(len(pairs))
    for number, (key, value) in enumerate(pairs):
        env[f"GIT_CONFIG_KEY_{number}"], env[f"GIT_CONFIG_VALUE_{number}"] = key, value
    return env | dict(extra or {})


def run_git(
    arguments: Sequence[str],
    *,
    git_dir: Path | None,
    config: Sequence[tuple[str, str]] = (),
    extra: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    timeout_seconds: float = 300.0,
    max_output_bytes: int = 512 * 2**20,
    watch: Callable[[], LamplighterError | None] | None = None,
    inherit: Sequence[int] = (),
    codes: Sequence[int] = (0,),
) -> bytes:
    """Run git and return what it printed; `codes` are the ways to end that are no failure.

    `watch` is asked four times a second; the error it returns stops git and is raised. `inherit` are descriptors git
    keeps open (a lock lives as long as the last process that writes under it). Raises GitError,
    TransientError when it took too long, UserError when it printed too much.
    """
    env = environment(config, extra)
    if git_dir is not None:
        env["GIT_DIR"] = str(git_dir)
    with tempfile.TemporaryFile() as complaints, tempfile.TemporaryFile() as feed:
        feed.write(stdin)
        feed.seek(0)
        process = subprocess.Popen(
            ["git", *arguments],
            stdin=feed,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=env,
            cwd="/",
            start_new_session=True,
            pass_fds=inherit,
        )
        guard = _Guard(process, timeout_seconds, watch)
        try:
            output = _drain(process, max_output_bytes, guard)
            code = process.wait()
        finally:
            guard.stop()
            if process.poll() is None:
                _kill(process)
        if guard.error is not None:
            raise guard.error
        if code not in codes:
            complaints.seek(0)
            raise GitError(complaints.read(64 * 1024).decode("utf-8", "replace"), code)
        return output


class _Guard:
    """Watches a running git from a thread and ends it when the time is up or the watch objects."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        timeout_seconds: float,
        watch: Callable[[], LamplighterError | None] | None,
    ) -> None:
        self.error: LamplighterError | None = None
        self._process = process
        self._deadline = time.monotonic() + timeout_seconds
        self._watch = watch
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._done.wait(_WATCH_SECONDS):
            if time.monotonic() > self._deadline:
                self.fail(TransientError("git took too long and was stopped"))
            elif self._watch is not None and (error := self._watch()) is not None:
                self.fail(error)
            else:
                continue
            return

    def fail(self, error: LamplighterError) -> None:
        self.error = self.error or error
        _kill(self._process)

    def stop(self) -> None:
        self._done.set()
        self._thread.join()


def _drain(process: subprocess.Popen[bytes], limit: int, guard: _Guard) -> bytes:
    assert process.stdout is not None
    chunks: list[bytes] = []
    size = 0
    with process.stdout as stream:
        while chunk := stream.read1(1 << 20):  # type: ignore[attr-defined]
            chunks.append(chunk)
            size += len(chunk)
            if size > limit:
                guard.fail(UserError("The repository holds more than this installation can list, so git was stopped."))
                return b""
    return b"".join(chunks)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process group of a git that still runs; its own helpers are in it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()
