"""One suite, all sandboxes. `enter` opens one around a tree of plain files; everything is closed after the test."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.ports.sandbox import Egress, EgressRequest, Limits, Sandbox, SandboxHost
from app.sandbox.egress import EgressProxy
from app.sandbox.local import LocalSandbox
from app.sandbox.probe import KINDS, probe
from app.sandbox.remote.host import RemoteHost
from tests.aws import container
from tests.environment import environment
from tests.ports import free_port

# The server in a container like Fargate's; "old" pretends a kernel without Landlock, as Fargate's 5.10.
REMOTE = {"remote": None, "remote-old": 0}
LIMITS = Limits(timeout_seconds=150, memory_bytes=2**30, processes=128, disk_bytes=2**30, output_bytes=16 * 1024)


@pytest.fixture(scope="session")
def working(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Kind → why this kernel cannot; "" when it can."""
    home = tmp_path_factory.mktemp("probe")
    here = {kind: probe(make(home), home) for kind, make in KINDS.items()}
    return here | dict.fromkeys(REMOTE, container.missing())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Everything on a kernel as Fargate's; with Landlock what Landlock could change."""
    if "kind" not in metafunc.fixturenames:
        return
    module = metafunc.module.__name__.rpartition("_")[2]
    kinds = [] if module in ("remote", "images") else list(KINDS)
    thorough = ("remote", "images", "escapes", "ipc", "end", "limits", "residue")
    remote = list(REMOTE) if module in thorough else ["remote-old"]
    params = [*kinds, *(pytest.param(kind, marks=pytest.mark.aws) for kind in remote)]
    metafunc.parametrize("kind", params, indirect=True)


@pytest.fixture
def kind(request: pytest.FixtureRequest, working: Mapping[str, str]) -> str:
    if working[request.param]:
        pytest.skip(f"{request.param} cannot run here: {working[request.param]}")
    return str(request.param)


@pytest.fixture(params=list(KINDS))
def local_kind(request: pytest.FixtureRequest, working: Mapping[str, str]) -> str:
    if working[request.param]:
        pytest.skip(f"{request.param} cannot run here: {working[request.param]}")
    return str(request.param)


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Not pytest's own: another session started meanwhile shuts that one's parents again, and the jail passes them."""
    with tempfile.TemporaryDirectory(prefix="lamplighter-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def server() -> Iterator[Path]:
    """The remote sandbox's server as it is shipped, where any uid may read it."""
    with tempfile.TemporaryDirectory(prefix="lamplighter-server-") as folder:
        os.chmod(folder, 0o755)
        yield container.shipped(Path(folder))


class Enter:
    """Opens sandboxes of one kind; `requests` is what left or wanted to leave."""

    def __init__(self, kind: str, place: Path, server: Path | None) -> None:
        self.kind, self.place = kind, place
        self.requests: list[EgressRequest] = []
        self.opened: list[Sandbox] = []
        self.containers = container.Containers(free_port(), server=server) if server else None
        self.host = self.make_host()

    def make_host(self, **options: Any) -> SandboxHost:
        if self.containers is None:
            return KINDS[self.kind](self.place / "harness", **options)
        abi = REMOTE[self.kind]
        return RemoteHost(self.containers, egress_port=self.containers.egress_port, abi=abi, **options)

    def __call__(
        self,
        files: Mapping[str, str | bytes] | None = None,
        *,
        limits: Limits = LIMITS,
        egress: Egress | None = None,
        history: Path | None = None,
        host: SandboxHost | None = None,
    ) -> Any:
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

    def with_proxy(self, **options: Any) -> SandboxHost:
        return self.make_host(make_proxy=partial(EgressProxy, **options))

    def watchers(self, sandbox: Any) -> list[int]:
        """Processes that are not the sandbox's, by the number they would have inside."""
        if self.containers is None:
            return [1, os.getpid(), os.getppid(), sandbox._nursery.pid]
        ours = sandbox.run("for p in /proc/[0-9]*; do grep -qs '^PPid:.1$' $p/status && echo ${p#/proc/}; done; true")
        return [1, *map(int, ours.text.split())]

    def places(self, sandbox: Any) -> list[str]:
        """Where what is the harness's alone lies, as paths inside."""
        if self.containers is None:
            folders = sandbox._folders
            return [str(path) for path in (folders.tree, folders.home, folders.tmp, folders.base)]
        return ["/proc/1/cwd", "/proc/1/root/opt", "/proc/1/fd"]

    def close(self) -> None:
        for sandbox in self.opened:
            sandbox.close()
        if self.containers is not None:
            self.containers.close()


@pytest.fixture
def enter(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Enter]:
    opener = Enter(kind, tmp_path, request.getfixturevalue("server") if kind in REMOTE else None)
    yield opener
    opener.close()


@pytest.fixture
def sandbox(enter: Enter) -> LocalSandbox:
    return enter({"README.md": "hello\n"})


@pytest.fixture
def canary() -> str:
    """A word that must never be seen inside."""
    return f"canary-{secrets.token_hex(8)}"


@pytest.fixture
def planted(canary: str) -> Iterator[Path]:
    """The canary in the harness's environment, in a file anyone on the machine may read, in shared memory."""
    with (
        environment(LAMPLIGHTER_PRIVATE_KEY=canary),
        tempfile.TemporaryDirectory(prefix="planted-") as folder,
    ):
        place = Path(folder)
        place.chmod(0o777)
        (place / "secret").write_text(canary)
        (place / "secret").chmod(0o666)
        yield place


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
