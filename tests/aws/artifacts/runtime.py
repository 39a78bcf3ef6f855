"""Lambda's own runtime loop on this machine: the emulator's binary (inside the aws-sam-cli wheel) and awslambdaric."""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import platform
import signal
import subprocess
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra import build
from tests.ports import free_port

ROOT = Path(__file__).parents[3]
CLOUD = ROOT / ".venv-cloud"
CLIENT = CLOUD / "runtime-3.13"
MACHINE = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), "")
_libc = ctypes.CDLL(None)


def version() -> str:
    """3.13, as Lambda has it, where there is such an interpreter; else that of the tools' own environment."""
    return "3.13" if build.interpreter("3.13") and CLIENT.exists() else _own()


def _own() -> str:
    config = (CLOUD / "pyvenv.cfg").read_text("utf-8") if (CLOUD / "pyvenv.cfg").exists() else ""
    found = next((line for line in config.splitlines() if line.startswith("version")), "= 3.11.0")
    return ".".join(found.partition("=")[2].strip().split(".")[:2])


def missing() -> str:
    """Why nothing can be run here, or nothing."""
    if not _emulators():
        return "the runtime emulator is missing: make .venv-cloud/.ready"
    return "" if MACHINE else f"no emulator for {platform.machine()}"


def _emulators() -> list[Path]:
    return sorted(CLOUD.glob(f"lib/python3.*/site-packages/samcli/local/rapid/aws-lambda-rie-{MACHINE}"))


def unpacked(folder: Path) -> dict[str, Path]:
    """Both artifacts, built for this machine and unpacked below `folder`, once for all processes that share it."""
    folder.mkdir(parents=True, exist_ok=True)
    trees = {part: folder / part for part in build.PARTS}
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for part, tree in trees.items():
            if not tree.exists():
                archive, _ = build.build(part, architecture=MACHINE, version=version(), into=folder)
                with zipfile.ZipFile(archive) as packed:
                    packed.extractall(tree)
    return trees


class Function:
    """A function that can be invoked."""

    def __init__(self, url: str, log: Path) -> None:
        self._url = url
        self._log = log

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """The handler's answer; what it raised comes back as `errorMessage`, `errorType`."""
        request = urllib.request.Request(self._url, json.dumps(event).encode())
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return json.loads(answer.read())
            except urllib.error.HTTPError as error:
                raise AssertionError(f"{error}: {self.log()}") from None
            except urllib.error.URLError as error:  # not listening yet
                if time.monotonic() > deadline:
                    raise AssertionError(f"{error}: {self.log()}") from None
                time.sleep(0.05)

    def log(self) -> str:
        return self._log.read_text("utf-8", "replace")


@contextmanager
def running(tree: Path, handler: str, env: Mapping[str, str], folder: Path) -> Iterator[Function]:
    """`handlers.NAME.handler` of an unpacked artifact, with nothing on its path but the artifact and the runtime."""
    ports = [free_port(), free_port()]
    emulator = [str(_emulators()[0]), "--runtime-interface-emulator-address", f"127.0.0.1:{ports[0]}"]
    emulator += ["--runtime-api-address", f"127.0.0.1:{ports[1]}", "--log-level", "warn"]
    is_lambdas = version() == "3.13" and CLIENT.exists()
    python = build.interpreter("3.13") if is_lambdas else str(CLOUD / "bin" / "python")
    path = [str(tree), str(CLIENT)] if is_lambdas else [str(tree)]
    given = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_LAMBDA_FUNCTION_NAME": "lamplighter-function",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "60",
        **env,
    }
    log = folder / "function.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*emulator, str(python), "-m", "awslambdaric", f"handlers.{handler}.handler"],
            cwd=tree,
            env=given,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=lambda: _libc.prctl(1, signal.SIGKILL),  # noqa: PLW1509 - PR_SET_PDEATHSIG, which takes no lock
        )
    try:
        yield Function(f"http://127.0.0.1:{ports[0]}/2015-03-31/functions/function/invocations", log)
    finally:
        process.terminate()  # it kills the runtime, then itself
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
