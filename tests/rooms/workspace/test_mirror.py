from __future__ import annotations

import base64
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from app.errors import TransientError, UserError
from app.workspace import Mirror
from app.workspace.git import FetchRefused, environment, run_git
from app.workspace.mirror import _source
from tests.rooms.workspace.folders import GIT, Project


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror(tmp_path / "mirrors" / "1.git")


def test_a_branch_comes_with_its_whole_history(project: Project, mirror: Mirror) -> None:
    for number in range(3):
        project.commit({"a.txt": str(number)})
    assert mirror.fetch(project.url, "main") == project.head()
    assert len(mirror.git("log", "--format=%H", project.head()).split()) == 3


def test_every_way_to_name_a_commit_finds_it(project: Project, mirror: Mirror) -> None:
    sha = project.commit({"a.txt": "1"})
    project.git("tag", "-a", "v1", "-m", "one")
    project.git("branch", "feature/x")
    for name in ("main", "refs/heads/main", "HEAD", "v1", "refs/tags/v1", "feature/x", sha):
        assert mirror.fetch(str(project.path), name) == sha


def test_only_the_named_branch_is_fetched(project: Project, mirror: Mirror) -> None:
    sha = project.commit({"a.txt": "1"})
    project.git("checkout", "-q", "-b", "other")
    other = project.commit({"b.txt": "2"})
    mirror.fetch(project.url, "main")
    assert mirror.has(sha)
    assert not mirror.has(other)


def test_a_commit_that_is_here_needs_no_repository(project: Project, mirror: Mirror) -> None:
    sha = project.commit({"a.txt": "1"})
    mirror.fetch(project.url, sha)
    assert mirror.fetch("https://nowhere.invalid/x.git", sha) == sha


def test_a_branch_that_became_a_folder_upstream_is_no_obstacle(project: Project, mirror: Mirror) -> None:
    project.commit({"a.txt": "1"})
    project.git("branch", "topic")
    mirror.fetch(project.url, "topic")
    project.git("branch", "-D", "topic")
    project.git("branch", "topic/one")
    assert mirror.fetch(project.url, "topic/one") == project.head()


def test_a_rewritten_branch_is_followed(project: Project, mirror: Mirror) -> None:
    project.commit({"a.txt": "1"})
    mirror.fetch(project.url, "main")
    project.git("commit", "-q", "--amend", "-m", "rewritten")
    assert mirror.fetch(project.url, "main") == project.head()


@pytest.mark.parametrize("name", ["-x", "a..b", "a b", "x^{}", "--upload-pack=x", "a:b", "", "a\nb", "x.lock", "/a"])
def test_names_git_would_not_allow_are_refused(project: Project, mirror: Mirror, name: str) -> None:
    project.commit({"a.txt": "1"})
    with pytest.raises(UserError):
        mirror.fetch(project.url, name)


def test_what_is_wrong_is_said(project: Project, mirror: Mirror, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no commits"):
        mirror.fetch(project.url, "main")
    project.commit({"a.txt": "1"})
    with pytest.raises(UserError, match="`nope` is not a branch"):
        mirror.fetch(project.url, "nope")
    with pytest.raises(UserError, match="not a branch, tag or commit"):
        mirror.fetch(project.url, "0" * 39 + "1")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no git repository"):
        mirror.fetch(str(tmp_path / "empty"), "main")
    with pytest.raises(UserError, match="does not exist"):
        mirror.fetch(str(tmp_path / "missing"), "main")
    with pytest.raises(UserError, match="not supported"):
        mirror.fetch("ext::sh -c touch% /tmp/x", "main")
    with pytest.raises(TransientError):
        mirror.fetch("http://127.0.0.1:9/x.git", "main")


def test_a_repository_over_the_limit_is_stopped_while_it_arrives(project: Project, tmp_path: Path) -> None:
    import random

    project.commit({f"{n}.bin": random.Random(n).randbytes(700_000) for n in range(3)})
    mirror = Mirror(tmp_path / "mirrors" / "big.git", max_bytes=1_000_000)
    with pytest.raises(UserError, match="bigger than"):
        mirror.fetch(project.url, "main")
    with pytest.raises(UserError, match="bigger than"):
        mirror.fetch(project.url, "main")
    assert Mirror(mirror.path).fetch(project.url, "main") == project.head()


def test_a_tree_that_names_dot_git_is_refused(project: Project, mirror: Mirror) -> None:
    blob = project.git("hash-object", "-w", "--stdin", stdin=b"[core]\n").strip()
    inner = project.git("mktree", stdin=b"100644 blob " + blob + b"\tconfig\n").strip()
    tree = project.git("mktree", stdin=b"040000 tree " + inner + b"\t.git\n").strip()
    commit = project.git("commit-tree", tree, "-m", "evil").strip().decode()
    project.git("update-ref", "refs/heads/main", commit)
    with pytest.raises(UserError, match="damaged or dangerous"):
        mirror.fetch(project.url, "main")


def test_a_killed_fetch_leaves_nothing_in_the_way(project: Project, mirror: Mirror) -> None:
    project.commit({"a.txt": "1"})
    mirror.fetch(project.url, "main")
    (mirror.path / "objects" / "pack").mkdir(exist_ok=True)
    (mirror.path / "objects" / "pack" / "tmp_pack_abc").write_bytes(b"half")
    (mirror.path / "refs" / "bases" / "x.lock").write_bytes(b"")
    (mirror.path / "shallow.lock").write_bytes(b"")
    project.commit({"a.txt": "2"})
    assert mirror.fetch(project.url, "main") == project.head()
    assert not list(mirror.path.glob("objects/pack/tmp_*"))


def test_several_workers_fetch_the_same_mirror_at_once(project: Project, mirror: Mirror) -> None:
    project.commit({f"{n}.txt": str(n) for n in range(50)})
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(Mirror(mirror.path).fetch(project.url, "main"))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [project.head()] * 6


def test_the_lock_of_a_dead_worker_is_held_until_its_git_is_gone(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from app.workspace import Mirror\n"
        f"m = Mirror(Path({str(tmp_path / 'm.git')!r}))\n"
        "with m._lock() as fd:\n"
        "    import subprocess, os; p = subprocess.Popen(['sleep', '1'], pass_fds=(fd,)); os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=False, cwd=Path(__file__).parents[3])
    import fcntl

    with (tmp_path / "m.git.lock").open() as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with Mirror(tmp_path / "m.git")._lock():
        pass


def test_the_token_travels_in_the_environment_for_its_host_only() -> None:
    url, config = _source("https://github.example/o/r.git", "ghs_secret")
    assert "ghs_secret" not in url
    ((key, value),) = config
    assert key == "http.https://github.example/.extraHeader"
    assert value.startswith("Authorization: basic ")
    with pytest.raises(UserError):
        _source("https://x:y@github.example/o/r.git", "ghs_secret")


class _Door(BaseHTTPRequestHandler):
    """A forge that answers every path with the status in its first part."""

    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("Authorization", ""))
        self.send_response(int(self.path.split("/")[1]))
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.mark.parametrize(
    ("status", "error"), [(401, FetchRefused), (403, FetchRefused), (404, FetchRefused), (503, TransientError)]
)
def test_a_forge_that_says_no_is_understood_and_the_token_not_repeated(
    mirror: Mirror, status: int, error: type[Exception]
) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(error) as raised:
            mirror.fetch(f"http://127.0.0.1:{server.server_port}/{status}/r.git", "main", "ghs_secret_token")
    finally:
        server.shutdown()
        server.server_close()
    assert _Door.seen[-1] == "basic " + base64.b64encode(b"x-access-token:ghs_secret_token").decode()
    assert "ghs_secret" not in str(raised.value)
    assert getattr(raised.value, "status", 503) == status
    assert "ghs_secret" not in "".join(path.read_text() for path in mirror.path.glob("config*"))


def test_nothing_of_a_persons_configuration_reaches_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.hooksPath=/evil'")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-x")
    env = environment()
    assert "GIT_DIR" not in env
    assert "GIT_CONFIG_PARAMETERS" not in env
    assert "ANTHROPIC_API_KEY" not in env
    assert b"core.hookspath=/dev/null" in run_git(["config", "--list"], git_dir=None)


def test_a_shallow_local_clone_gives_what_history_it_has(project: Project, mirror: Mirror, tmp_path: Path) -> None:
    project.commit({"a.txt": "1"})
    sha = project.commit({"a.txt": "2"})
    shallow = tmp_path / "shallow"
    subprocess.run(["git", "clone", "-q", "--depth=1", project.url, str(shallow)], env=GIT, check=True)
    assert mirror.fetch(str(shallow), "main") == sha
