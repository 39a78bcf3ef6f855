"""A real bare repository on disk, written object by object so that one API call costs no process.

Objects are written loose in git's own format (`git fsck` is content); anything that needs git's cleverness
(diffs, merge bases, packed objects, ref transactions) asks git itself.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

SHA = re.compile(r"[0-9a-f]{40}")
TREE_MODE = "040000"


class GitError(Exception):
    """Git refused: the message is what it printed."""


@dataclass(frozen=True, kw_only=True)
class TreeEntry:
    """One name in a tree; `mode` has six digits as the API shows it."""

    mode: str
    sha: str

    @property
    def type(self) -> str:
        """blob, tree or commit (a submodule)."""
        return {TREE_MODE: "tree", "160000": "commit"}.get(self.mode, "blob")


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who wrote or committed, and when (aware)."""

    name: str
    email: str
    date: datetime

    def line(self) -> str:
        """The form git stores."""
        offset = self.date.strftime("%z") or "+0000"
        return f"{self.name} <{self.email}> {int(self.date.timestamp())} {offset}"

    @classmethod
    def parse(cls, line: str) -> Identity:
        """Read the form git stores."""
        match = re.fullmatch(r"(.*?) ?<(.*?)> (-?\d+) ([+-]\d{4})", line)
        if match is None:
            return cls(name=line, email="", date=datetime.fromtimestamp(0, UTC))
        return cls(name=match[1], email=match[2], date=datetime.fromtimestamp(int(match[3]), UTC))


@dataclass(frozen=True, kw_only=True)
class CommitObject:
    """A commit as stored."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Identity
    committer: Identity
    message: str


def quiet_environment() -> dict[str, str]:
    """The environment git runs in: nothing from the host's configuration, no prompt."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


class GitStore:
    """Reads and writes one bare repository."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, default_branch: str, *, objects_of: GitStore | None = None) -> GitStore:
        """Make a bare repository without branches at `path` (which may not exist yet); forks share their objects."""
        path.mkdir(parents=True)
        if objects_of is not None:
            (path / "objects").symlink_to((objects_of.path / "objects").resolve(), target_is_directory=True)
        for name in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):
            (path / name).mkdir(parents=True, exist_ok=True)
        (path / "HEAD").write_text(f"ref: refs/heads/{default_branch}\n")
        (path / "config").write_text(
            "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
            "[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n[http]\n\treceivepack = false\n"
        )
        return cls(path)

    def run(self, *arguments: str, stdin: bytes = b"", check: bool = True) -> bytes:
        """Run git in this repository and return its output.

        Raises `GitError` when git fails and `check` holds.
        """
        done = subprocess.run(
            ["git", f"--git-dir={self.path}", *arguments],
            input=stdin,
            capture_output=True,
            check=False,
            env=quiet_environment(),
        )
        if check and done.returncode != 0:
            raise GitError(done.stderr.decode(errors="replace").strip())
        return done.stdout

    # --- objects

    def write(self, kind: str, content: bytes) -> str:
        """Store one object, answer its SHA-1."""
        raw = f"{kind} {len(content)}\0".encode() + content
        sha = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
        path = self.path / "objects" / sha[:2] / sha[2:]
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            temporary = path.with_name(f"tmp_{os.getpid()}_{sha[2:10]}")
            temporary.write_bytes(zlib.compress(raw, 1))
            temporary.replace(path)
        return sha

    def read(self, sha: str) -> tuple[str, bytes] | None:
        """Kind and content of an object, None when it is not there."""
        path = self.path / "objects" / sha[:2] / sha[2:]
        if SHA.fullmatch(sha) and path.is_file():
            header, _, content = zlib.decompress(path.read_bytes()).partition(b"\0")
            return header.split(b" ")[0].decode(), content
        output = self.run("cat-file", "--batch", stdin=sha.encode() + b"\n", check=False)
        header, _, rest = output.partition(b"\n")
        words = header.decode().split(" ")
        if len(words) != 3 or words[1] not in ("blob", "tree", "commit", "tag"):
            return None
        return words[1], rest[: int(words[2])]

    def blob(self, sha: str) -> bytes | None:
        """The content of a blob."""
        found = self.read(sha)
        return found[1] if found is not None and found[0] == "blob" else None

    def tree(self, sha: str) -> dict[str, TreeEntry] | None:
        """The names in one tree object."""
        found = self.read(sha)
        if found is None or found[0] != "tree":
            return None
        entries: dict[str, TreeEntry] = {}
        content, at = found[1], 0
        while at < len(content):
            end = content.index(b"\0", at)
            mode, name = content[at:end].decode(errors="surrogateescape").split(" ", 1)
            entries[name] = TreeEntry(mode=mode.zfill(6), sha=content[end + 1 : end + 21].hex())
            at = end + 21
        return entries

    def write_tree(self, entries: Mapping[str, TreeEntry]) -> str:
        """Store one tree object."""

        def order(item: tuple[str, TreeEntry]) -> bytes:
            name = item[0].encode(errors="surrogateescape")
            return name + b"/" if item[1].mode == TREE_MODE else name

        raw = b"".join(
            f"{entry.mode.lstrip('0')} {name}\0".encode(errors="surrogateescape") + bytes.fromhex(entry.sha)
            for name, entry in sorted(entries.items(), key=order)
        )
        return self.write("tree", raw)

    def edit_tree(self, base: str | None, changes: Mapping[str, TreeEntry | None]) -> str | None:
        """A tree like `base` with paths set or (None) removed; None when nothing is left."""
        entries = dict(self.tree(base) or {}) if base else {}
        below: dict[str, dict[str, TreeEntry | None]] = {}
        for path, entry in changes.items():
            name, slash, rest = path.partition("/")
            if slash:
                below.setdefault(name, {})[rest] = entry
            elif entry is None:
                entries.pop(name, None)
            else:
                entries[name] = entry
        for name, inner in below.items():
            old = entries.get(name)
            sha = self.edit_tree(old.sha if old is not None and old.mode == TREE_MODE else None, inner)
            if sha is None:
                entries.pop(name, None)
            else:
                entries[name] = TreeEntry(mode=TREE_MODE, sha=sha)
        return self.write_tree(entries) if entries else None

    def write_files(self, base: str | None, files: Mapping[str, bytes | str | None]) -> str:
        """A tree like `base` with these files written (None removes one)."""
        changes: dict[str, TreeEntry | None] = {}
        for path, content in files.items():
            if content is None:
                changes[path] = None
                continue
            data = content.encode() if isinstance(content, str) else content
            changes[path] = TreeEntry(mode="100644", sha=self.write("blob", data))
        return self.edit_tree(base, changes) or self.write_tree({})

    def entry(self, tree: str, path: str) -> TreeEntry | None:
        """What lies at a path below a tree; the empty path is the tree itself."""
        found = TreeEntry(mode=TREE_MODE, sha=tree)
        for name in [part for part in path.split("/") if part]:
            entry = (self.tree(found.sha) or {}).get(name) if found.mode == TREE_MODE else None
            if entry is None:
                return None
            found = entry
        return found

    def write_commit(
        self, *, tree: str, parents: tuple[str, ...], author: Identity, committer: Identity, message: str
    ) -> str:
        """Store one commit object."""
        lines = [f"tree {tree}", *(f"parent {sha}" for sha in parents)]
        lines += [f"author {author.line()}", f"committer {committer.line()}", "", message]
        return self.write("commit", "\n".join(lines).encode())

    def commit(self, sha: str) -> CommitObject | None:
        """Read a commit object."""
        found = self.read(sha)
        if found is None or found[0] != "commit":
            return None
        head, _, message = found[1].decode(errors="replace").partition("\n\n")
        fields: dict[str, list[str]] = {}
        for line in head.split("\n"):
            name, _, value = line.partition(" ")
            fields.setdefault(name, []).append(value)
        return CommitObject(
            sha=sha,
            tree=fields["tree"][0],
            parents=tuple(fields.get("parent", [])),
            author=Identity.parse(fields["author"][0]),
            committer=Identity.parse(fields["committer"][0]),
            message=message,
        )
