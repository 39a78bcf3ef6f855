"""Real git repositories to fetch from, and a sandbox without walls: a folder, for what needs no isolation."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

from app.errors import UserError
from app.ports.sandbox import Execution, FileEntry

GIT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "LC_ALL": "C.UTF-8",
}


class Project:
    """Somebody's repository, made with stock git."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seconds = 1_772_000_000  # a second later with each command, so that no two commits are of the same one
        path.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    @property
    def url(self) -> str:
        return f"file://{self.path}"

    def git(self, *arguments: str | bytes, stdin: bytes = b"", codes: tuple[int, ...] = (0,)) -> bytes:
        self._seconds += 1
        dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"{self._seconds} +0000")
        env = {**GIT, **dates}
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, env=env, input=stdin, capture_output=True, check=False, timeout=60
        )
        assert done.returncode in codes, done.stderr.decode()
        return done.stdout

    def write(self, files: Mapping[str, bytes | str]) -> None:
        for name, content in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, files: Mapping[str, bytes | str] | None = None, message: str = "change") -> str:
        self.write(files or {})
        self.git("add", "-A", "-f")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.head()

    def commit_blobs(self, entries: list[tuple[str, bytes, bytes]]) -> str:
        """A commit of (mode, path, content or commit id) straight from blobs, for trees no work tree could make."""
        lines = []
        for mode, path, content in entries:
            blob = content if mode == "160000" else self.git("hash-object", "-w", "--stdin", stdin=content).strip()
            lines.append(mode.encode() + b" " + blob + b"\t" + path + b"\0")
        self.git("read-tree", "--empty")
        self.git("update-index", "-z", "--index-info", stdin=b"".join(lines))
        tree = self.git("write-tree").strip()
        commit = self.git("commit-tree", tree, "-m", "blobs").strip()
        self.git("update-ref", "refs/heads/main", commit)
        return commit.decode()

    def head(self) -> str:
        return self.git("rev-parse", "HEAD").decode().strip()


class MemoryStore:
    """The blobs of a Store, and how often each was put."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.puts: list[str] = []

    def put_blob(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        self.puts.append(digest)
        self.blobs[digest] = data
        return digest

    def get_blob(self, digest: str) -> bytes:
        return self.blobs[digest]


class FolderSandbox:
    """The Sandbox port over a plain folder, without any isolation."""

    name = "folder"

    def __init__(self, tree: Path, *, seconds: float = 60) -> None:
        """`seconds`: what a command may take that has no limit of its own."""
        self.seconds = seconds
        self.tree = tree
        self.root = str(tree)
        self.home, self.tmp = (tree.with_name(f"{tree.name}.{name}") for name in ("home", "tmp"))
        for folder in (self.home, self.tmp):
            folder.mkdir(exist_ok=True)
        self.sealed = tree.with_name(tree.name + ".sealed")
        self.commands: list[tuple[str, bool]] = []
        self.left_out: dict[str, str] = {}

    def run(
        self,
        command: str,
        *,
        timeout_seconds: float | None = None,
        network: bool = False,
        withheld: tuple[str, ...] = (),
    ) -> Execution:
        self.commands.append((command, network))
        started = time.monotonic()
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TMPDIR": str(self.tmp),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        process = subprocess.Popen(
            ["bash", "-c", command], cwd=self.tree, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        killed_by: Literal["", "time"] = ""
        try:
            output = process.communicate(timeout=timeout_seconds or self.seconds)[0]
        except subprocess.TimeoutExpired as late:
            killed_by, output = "time", late.output or b""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # and what it left behind
        process.communicate()
        return Execution(
            command=command,
            exit_code=None if killed_by else process.returncode,
            seconds=1.0 if killed_by else time.monotonic() - started,
            output=output,
            output_bytes=len(output),
            killed_by=killed_by,
        )

    shell = run

    def restart_shell(self) -> None: ...

    def read_file(self, path: str) -> bytes:
        if not stat.S_ISREG((self.tree / path).lstat().st_mode):
            raise UserError("not a regular file")
        return (self.tree / path).read_bytes()

    def write_file(self, path: str, content: bytes, *, mode: str | None = None) -> None:
        place = self.tree / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if mode == "120000":
            os.symlink(os.fsdecode(content), place)
            return
        if place.exists() and not place.is_file():
            place.unlink()  # a pipe
        place.write_bytes(content)
        if mode is not None:
            place.chmod(0o755 if mode == "100755" else 0o644)

    def remove_file(self, path: str) -> None:
        (self.tree / path).unlink()

    def manifest(self) -> dict[str, FileEntry]:
        found: dict[str, FileEntry] = {}
        for folder, folders, names in os.walk(self.tree):
            links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
            folders[:] = [n for n in folders if n not in links and not (folder == str(self.tree) and n == ".git")]
            for name in (*names, *links):
                path = os.path.join(folder, name)
                status = os.lstat(path)
                if stat.S_ISLNK(status.st_mode):
                    mode, content = "120000", os.fsencode(os.readlink(path))
                else:
                    mode = "100755" if status.st_mode & 0o100 else "100644"
                    content = Path(path).read_bytes()
                digest = hashlib.sha256(content).hexdigest()
                found[os.path.relpath(path, self.tree)] = FileEntry(mode=mode, digest=digest, size=len(content))
        return found

    def seal(self) -> None:
        for live in (self.tree, self.home):
            shutil.copytree(live, self.sealed / live.name, symlinks=True)

    def reset(self) -> None:
        for live in (self.tree, self.home, self.tmp):
            for entry in list(live.iterdir()):
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry)
                else:
                    entry.unlink()
        for live in (self.tree, self.home):
            shutil.copytree(self.sealed / live.name, live, symlinks=True, dirs_exist_ok=True)

    def close(self) -> None: ...
