"""A repository's git half: branches, files and commits, whatever is discussed about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from app.simulator import git_refs
from app.simulator.git_store import GitStore
from app.simulator.records import Account, Commit


@dataclass(eq=False, kw_only=True, repr=False)
class GitRepository:
    """A named bare repository of an account."""

    id: int
    owner: Account
    name: str
    git: GitStore
    default_branch: str
    created_at: datetime
    verified: set[str] = field(default_factory=set)  # commits that GitHub signed

    @property
    def full_name(self) -> str:
        """owner/name."""
        return f"{self.owner.login}/{self.name}"

    @property
    def git_dir(self) -> Path:
        """The bare repository."""
        return self.git.path

    @property
    def branches(self) -> dict[str, str]:
        """Branch name to commit."""
        return {name[11:]: sha for name, sha in git_refs.read_refs(self.git, "refs/heads/").items()}

    def tip(self, branch: str) -> str | None:
        """The commit of one branch; asked so often that reading all of them would be felt."""
        return git_refs.read_ref(self.git, f"refs/heads/{branch}")

    def file(self, ref: str, path: str) -> bytes | None:
        """The content of a file at a ref, None when either is missing."""
        commit = git_refs.resolve(self.git, ref)
        stored = self.git.commit(commit) if commit else None
        entry = self.git.entry(stored.tree, path) if stored else None
        return self.git.blob(entry.sha) if entry is not None else None

    def tree(self, ref: str) -> Mapping[str, bytes]:
        """Every file at a ref."""
        listed = self.git.run("ls-tree", "-r", "-z", "--name-only", ref).decode(errors="surrogateescape")
        return {path: self.file(ref, path) or b"" for path in listed.split("\0") if path}

    def commit(self, sha: str) -> Commit:
        """A commit by its SHA."""
        stored = self.git.commit(sha)
        if stored is None:
            raise KeyError(sha)
        return Commit(
            sha=sha,
            author=stored.author.name,
            committer=stored.committer.name,
            verified=sha in self.verified,
            message=stored.message,
            parents=stored.parents,
        )
