"""One suite, both sandboxes. `enter` opens one around a tree of plain files; everything is closed after the test."""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from app.ports import Egress, EgressRequest, Limits
from app.sandbox.bubblewrap import BubblewrapHost
from app.sandbox.egress import EgressProxy
from app.sandbox.host import LocalHost
from app.sandbox.jail import JailHost
from app.sandbox.local import LocalSandbox
from app.sandbox.probe import probe

KINDS: dict[str, Callable[..., LocalHost]] = {"bubblewrap": BubblewrapHost, "jail": JailHost}
LIMITS = Limits(timeout_seconds=20, memory_bytes=2**30, processes=128, disk_bytes=2**30, output_bytes=16 * 1024)


@pytest.fixture(scope="session")
def working(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Kind → why this kernel cannot; "" when it can."""
    home = tmp_path_factory.mktemp("probe")
    return {kind: probe(make(home), home) for kind, make in KINDS.items()}


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest, working: Mapping[str, str]) -> str:
    if working[request.param]:
        pytest.skip(f"{request.param} cannot run here: {working[request.param]}")
    return str(request.param)


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Not pytest's own: another session started meanwhile shuts that one's parents again, and the jail passes them."""
    with tempfile.TemporaryDirectory(prefix="lamplighter-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


class Enter:
    """Opens sandboxes of one kind; `requests` is what left or wanted to leave."""

    def __init__(self, kind: str, place: Path) -> None:
        self.kind, self.place = kind, place
        self.requests: list[EgressRequest] = []
        self.opened: list[LocalSandbox] = []
        self.host: LocalHost = KINDS[kind](place / "harness")

    def __call__(
        self,
        files: Mapping[str, str | bytes] | None = None,
        *,
        limits: Limits = LIMITS,
        egress: Egress | None = None,
        history: Path | None = None,
        host: LocalHost | None = None,
    ) -> LocalSandbox:
        name = f"run-{len(self.opened)}"
        tree = self.place / name / "tree"
        tree.mkdir(parents=True)
        for path, content in (files or {}).items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_bytes(content.encode() if isinstance(content, str) else content)
        sandbox = (host or self.host).open(
            name, tree, limits=limits, egress=egress or Egress(), on_request=self.requests.append, history=history
        )
        self.opened.append(sandbox)
        return sandbox

    def with_proxy(self, **options: Any) -> LocalHost:
        return KINDS[self.kind](
            self.place / "harness", make_proxy=lambda egress, report: EgressProxy(egress, report, **options)
        )


@pytest.fixture
def enter(kind: str, tmp_path: Path) -> Iterator[Enter]:
    opener = Enter(kind, tmp_path)
    yield opener
    for sandbox in opener.opened:
        sandbox.close()


@pytest.fixture
def sandbox(enter: Enter) -> LocalSandbox:
    return enter({"README.md": "hello\n"})


@pytest.fixture
def canary() -> str:
    """A word that must never be seen inside."""
    return f"canary-{secrets.token_hex(8)}"


def python(code: str) -> str:
    """A command that runs `code` inside."""
    return f"python3 - <<'END_OF_PYTHON'\n{code}\nEND_OF_PYTHON"


def alive(mark: str) -> list[int]:
    """Processes of the machine whose command line holds `mark` (never this one's)."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if mark.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def soon(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()
