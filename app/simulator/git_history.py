"""Diffs, commit ranges and merges, computed by git itself."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from app.simulator.git_store import GitError, GitStore

# Everything here depends on immutable objects only, so answers are kept: one story asks for the same diff many times.
remember = functools.lru_cache(maxsize=2048)

STATUS_WORDS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}
HUNK_LIMIT_BYTES = 3 * 1024 * 1024  # GitHub leaves `patch` out of the answer for large files


@dataclass(frozen=True, kw_only=True)
class ChangedFile:
    """One file of a diff, as `GET /pulls/N/files` shows it; `patch` is None for binary files."""

    filename: str
    status: str
    sha: str
    mode: str
    additions: int
    deletions: int
    patch: str | None
    previous_filename: str | None = None


@remember
def diff(git: GitStore, base: str, head: str) -> list[ChangedFile]:
    """The files that differ between two commits or trees."""
    flags = ["diff", "-M", "--no-ext-diff", "--no-textconv", "--no-color", base, head]
    raw = git.run(*flags[:1], "--raw", "--no-abbrev", "-z", *flags[1:]).decode(errors="replace").split("\0")
    counts = _counts(git.run(*flags[:1], "--numstat", "-z", *flags[1:]).decode(errors="replace"))
    patches = _patches(git.run(*flags).decode(errors="replace"))
    files: list[ChangedFile] = []
    at = 0
    while at < len(raw) and raw[at].startswith(":"):
        _, mode, old_sha, sha, letter = raw[at][1:].split(" ")
        renamed = letter[0] in "RC"
        previous, name = (raw[at + 1], raw[at + 2]) if renamed else (None, raw[at + 1])
        at += 3 if renamed else 2
        additions, deletions = counts.get(name, (0, 0))
        files.append(
            ChangedFile(
                filename=name,
                status=STATUS_WORDS.get(letter[0], "changed"),
                sha=old_sha if letter[0] == "D" else sha,
                mode=mode,
                additions=additions,
                deletions=deletions,
                patch=patches[len(files)] if len(files) < len(patches) else None,
                previous_filename=previous,
            )
        )
    return files


def _counts(numstat: str) -> dict[str, tuple[int, int]]:
    counts: dict[str, tuple[int, int]] = {}
    fields = numstat.split("\0")
    at = 0
    while at < len(fields) and fields[at]:
        added, deleted, name = fields[at].split("\t")
        if not name:  # a rename: old and new name follow
            name = fields[at + 2]
            at += 2
        counts[name] = (int(added) if added != "-" else 0, int(deleted) if deleted != "-" else 0)
        at += 1
    return counts


def _patches(text: str) -> list[str | None]:
    patches: list[str | None] = []
    for part in re.split(r"(?m)^diff --git ", text)[1:]:
        start = re.search(r"(?m)^@@ ", part)
        patch = part[start.start() :].rstrip("\n") if start else None
        patches.append(patch if patch is None or len(patch) < HUNK_LIMIT_BYTES else None)
    return patches


@remember
def merge_base(git: GitStore, one: str, other: str) -> str | None:
    """The best common ancestor."""
    return git.run("merge-base", one, other, check=False).decode().strip() or None


@remember
def commits_between(git: GitStore, base: str, head: str) -> list[str]:
    """Commits reachable from `head` and not from `base`, oldest first."""
    return git.run("rev-list", "--reverse", "--topo-order", f"{base}..{head}").decode().split()


def is_ancestor(git: GitStore, old: str, new: str) -> bool:
    """Moving a ref from `old` to `new` is a fast-forward."""
    return merge_base(git, old, new) == old


@remember
def merged_tree(git: GitStore, base: str, head: str) -> str | None:
    """The tree of a clean merge, None on conflict."""
    try:
        return git.run("merge-tree", "--write-tree", base, head).decode().split("\n")[0].strip()
    except GitError:
        return None


@remember
def picked_tree(git: GitStore, base: str, onto: str, commit: str) -> str | None:
    """The tree of `onto` with what `commit` changed of its parent `base`, None on conflict."""
    stored = git.commit(onto)
    if stored is None:
        return None
    # A commit with the files of `onto` that descends from `base`: so git finds the merge base that a pick has.
    stand_in = git.write_commit(
        tree=stored.tree, parents=(base,), author=stored.author, committer=stored.committer, message="stand-in"
    )
    return merged_tree(git, stand_in, commit)


def import_directory(git: GitStore, directory: str, default_branch: str) -> str:
    """Fetch the branches and tags of a repository on disk; answers the branch that `HEAD` names there."""
    git.run("fetch", "--quiet", "--no-tags", directory, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
    source = GitStore(git.path)
    named = source.run("ls-remote", "--symref", directory, "HEAD").decode()
    match = re.search(r"^ref: refs/heads/(\S+)\tHEAD", named, re.MULTILINE)
    if match is None:
        return default_branch
    (git.path / "HEAD").write_text(f"ref: refs/heads/{match[1]}\n")
    return match[1]
