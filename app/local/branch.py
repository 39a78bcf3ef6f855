"""A person's own git repository: what a local run reads from it, and the one branch it leaves there.

Plumbing only. The work tree, the index and the checked-out branch are never touched, no hook runs, nothing is forced;
whatever happens, the worst that stays behind is an unreferenced object.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.errors import UserError
from app.workspace.git import GitError, run_git

NO_OBJECT = "0" * 40  # as the old value of `update-ref`: only if there is no such ref yet
AUTHOR = ("Lamplighter", "lamplighter[bot]@users.noreply.github.com")


@dataclass(frozen=True, kw_only=True)
class FileChange:
    """A file as it should be; `content` None removes it. `mode` is git's: 100644, 100755, 120000."""

    path: str
    mode: str
    content: bytes | None


@dataclass(frozen=True, kw_only=True)
class LocalRepository:
    """The repository around a path. `git_dir` is the one that holds refs and objects, also for a linked work tree."""

    git_dir: Path
    name: str

    @classmethod
    def open(cls, path: Path) -> LocalRepository:
        """Raises UserError: no such directory, no git repository, a shallow one, or one of somebody else."""
        if not path.is_dir():
            raise UserError(f"`{path}` is not a directory.")
        try:
            asked = run_git(
                ["-C", str(path.absolute()), "rev-parse", "--path-format=absolute", "--git-common-dir"], git_dir=None
            )
        except GitError as error:
            if "dubious ownership" in error.stderr:
                raise UserError(f"`{path}` belongs to another user of this machine; git refuses to use it.") from None
            raise UserError(f"`{path}` is not a git repository.") from None
        git_dir = Path(asked.decode("utf-8", "surrogateescape").rstrip("\n"))
        named = git_dir.parent if git_dir.name == ".git" else git_dir
        found = cls(git_dir=git_dir, name=named.name.removesuffix(".git") or "repository")
        if found._ask("rev-parse", "--is-shallow-repository") == "true":
            raise UserError(f"`{path}` is a shallow clone; `git fetch --unshallow` completes it.")
        return found

    @classmethod
    def open_git_dir(cls, git_dir: str) -> LocalRepository:
        """One that was opened before. Raises UserError when it is gone."""
        if not Path(git_dir).is_dir():
            raise UserError(f"`{git_dir}` is not there any more.")
        return cls(git_dir=Path(git_dir), name="repository")

    def commit(self, ref: str) -> tuple[str, str]:
        """The branch or name `ref` stands for, and its commit. Raises UserError when there is none."""
        if ref.startswith("-") or not ref:
            raise UserError(f"`{ref}` is not a branch, tag or commit.")
        try:
            sha = self._ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        except GitError:
            if not self._ask("for-each-ref", "--count=1"):
                raise UserError("The repository has no commits yet, so there is nothing to work on.") from None
            raise UserError(f"`{ref}` is not a branch, tag or commit of the repository.") from None
        try:
            name = self._ask("rev-parse", "--abbrev-ref", ref)
        except GitError:
            name = ""
        return (name if name not in {"", "HEAD"} else ref if ref != "HEAD" else sha[:10]), sha

    def file(self, sha: str, path: str) -> bytes | None:
        """A file's content at a commit; None when there is no regular file."""
        try:
            entry = self._ask("ls-tree", sha, "--", path)
            if not entry.startswith(("100644 ", "100755 ")):
                return None
            return self._git("cat-file", "blob", entry.split()[2])
        except GitError:
            return None

    def person(self) -> tuple[str, str]:
        """Name and e-mail address that git would sign with here; empty where nothing is configured."""
        found = []
        for key in ("user.name", "user.email"):
            try:
                found.append(self._ask("config", "--get", key, extra=_OWN_CONFIG))
            except GitError:
                found.append("")
        return found[0], found[1]

    def add_branch(self, branch: str, *, base_sha: str, changes: list[FileChange], message: str) -> str:
        """Make `branch` with one commit on top of `base_sha`; its SHA. Doing it twice finds the first.

        Raises UserError when a branch of that name holds something else.
        """
        ref = f"refs/heads/{branch}"
        tree = self._tree(base_sha, changes)
        if (existing := self._existing(ref)) is not None:
            if self._ask("rev-parse", f"{existing}^{{tree}}", f"{existing}^").split() == [tree, base_sha]:
                return existing
            raise UserError(f"The branch `{branch}` exists already and holds something else; nothing was changed.")
        name, email = AUTHOR
        who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER")
               for part, value in (("NAME", name), ("EMAIL", email))}  # fmt: skip
        sha = self._ask("commit-tree", tree, "-p", base_sha, "-F", "-", stdin=message.encode(), extra=who)
        try:
            self._git("update-ref", "--create-reflog", "-m", "lamplighter run", ref, sha, NO_OBJECT)
        except GitError as error:
            raise UserError(f"The branch `{branch}` could not be made: {error}") from None
        return sha

    def _existing(self, ref: str) -> str | None:
        try:
            return self._ask("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        except GitError:
            return None

    def _tree(self, base_sha: str, changes: list[FileChange]) -> str:
        """The tree with `changes` laid over that of `base_sha`, through an index of our own."""
        gone = [change for change in changes if change.content is None]
        there = [change for change in changes if change.content is not None]
        rows = [f"0 {NO_OBJECT}\t{change.path}" for change in gone]
        for change in there:
            blob = self._ask("hash-object", "-w", "--no-filters", "--stdin", stdin=change.content or b"")
            rows.append(f"{change.mode} {blob}\t{change.path}")
        with tempfile.TemporaryDirectory(prefix="lamplighter-index-") as folder:
            index = {"GIT_INDEX_FILE": f"{folder}/index"}
            self._git("read-tree", base_sha, extra=index)
            feed = "".join(f"{row}\0" for row in rows).encode("utf-8", "surrogateescape")
            self._git("update-index", "--add", "--replace", "-z", "--index-info", stdin=feed, extra=index)
            return self._ask("write-tree", extra=index)

    def _git(self, *arguments: str, stdin: bytes = b"", extra: Mapping[str, str] | None = None) -> bytes:
        return run_git(arguments, git_dir=self.git_dir, stdin=stdin, extra=extra)

    def _ask(self, *arguments: str, stdin: bytes = b"", extra: Mapping[str, str] | None = None) -> str:
        return self._git(*arguments, stdin=stdin, extra=extra).decode("utf-8", "surrogateescape").strip()


# Reading the person's own name is the one thing for which their own settings count.
_OWN_CONFIG: Mapping[str, str] = {"GIT_CONFIG_GLOBAL": os.path.expanduser("~/.gitconfig")}
