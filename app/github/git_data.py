"""Commits without a push: blobs, trees, commits and refs through the Git Data API.

Commits carry no author fields: GitHub then signs them in the App's name ("Verified").
Every step is idempotent by itself: objects are named by their content, and a branch is only ever created or moved
forward, never forced.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from githubkit.utils import UNSET

from app.github.client import GitHub, place, quoted
from app.github.errors import Invalid, NotFound
from app.github.records import part, text

if TYPE_CHECKING:
    from githubkit_schemas.v2022_11_28.types import ReposOwnerRepoGitTreesPostBodyPropTreeItemsType as _Entry

    _Mode = Literal["100644", "100755", "040000", "160000", "120000"]

# Text travels inside the tree request: one request instead of one for each file, and the installation may only write
# once a second. GitHub ends requests after ten seconds, so big files go alone.
INLINE_FILE_BYTES = 256 * 1024
INLINE_TREE_BYTES = 4 * 1024 * 1024
_SUBMODULE = "160000"
_LOOKED_BACK = 20  # commits that people may have put on top of ours while the answer to it was lost


@dataclass(frozen=True, kw_only=True)
class Change:
    """One file of a commit. `mode` is git's (100644, 100755, 120000 with the target as content)."""

    path: str
    mode: str = "100644"
    content: bytes | None  # None deletes, unless `blob` names what the repository holds already
    blob: str = ""


@dataclass(frozen=True, kw_only=True)
class Commit:
    sha: str
    tree: str
    parents: tuple[str, ...]
    message: str
    verified: bool


def blob_sha(content: bytes) -> str:
    """The name git gives to a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def create_blob(github: GitHub, repo: str, content: bytes) -> str:
    """Returns the SHA."""
    coded = base64.b64encode(content).decode()
    return text(github.rest.git.create_blob(*place(repo), content=coded, encoding="base64").json(), "sha")


def blob(github: GitHub, repo: str, sha: str) -> bytes:
    """A file's content, up to 100 MB."""
    return base64.b64decode(text(github.rest.git.get_blob(*place(repo), quoted(sha)).json(), "content"))


def tree(github: GitHub, repo: str, sha: str, *, recursive: bool) -> tuple[list[dict[str, Any]], bool]:
    """Rows with path, mode, type, sha and size (of blobs), and whether GitHub cut them off (at 100,000 or 7 MB)."""
    answer: Any = github.rest.git.get_tree(*place(repo), quoted(sha), recursive="1" if recursive else UNSET).json()
    return list(answer.get("tree") or []), bool(answer.get("truncated"))


def create_tree(github: GitHub, repo: str, *, base_tree: str, changes: Sequence[Change]) -> str:
    """The tree `base_tree` with `changes`; its SHA. Blobs that cannot travel inside the request are created first.

    Raises Invalid when a deleted path does not exist.
    """
    entries: list[_Entry] = []
    room = INLINE_TREE_BYTES
    for change in changes:
        entry: _Entry = {"path": change.path, "mode": cast("_Mode", change.mode), "type": "blob"}
        inline = _inline(change.content) if change.content is not None else None
        if change.content is None:
            entry["sha"] = change.blob or None
            entry["type"] = "commit" if change.mode == _SUBMODULE else "blob"
        elif inline is not None and len(change.content) <= room:
            room -= len(change.content)
            entry["content"] = inline
        else:
            entry["sha"] = create_blob(github, repo, change.content)
        entries.append(entry)
    return text(github.rest.git.create_tree(*place(repo), base_tree=base_tree, tree=entries).json(), "sha")


def create_commit(github: GitHub, repo: str, *, message: str, tree: str, parents: Sequence[str]) -> str:
    """Returns the SHA. Repeating it makes another, unreferenced commit: harmless."""
    made = github.rest.git.create_commit(*place(repo), message=message, tree=tree, parents=list(parents))
    return text(made.json(), "sha")


def commit(github: GitHub, repo: str, sha: str) -> Commit:
    data = github.rest.git.get_commit(*place(repo), quoted(sha)).json()
    return Commit(
        sha=text(data, "sha"),
        tree=text(part(data, "tree"), "sha"),
        parents=tuple(text(parent, "sha") for parent in data.get("parents") or []),
        message=text(data, "message"),
        verified=bool(part(data, "verification").get("verified")),
    )


def branch_head(github: GitHub, repo: str, branch: str) -> str | None:
    """The commit `branch` points to; None when there is no such branch (yet)."""
    try:
        found = github.optional.rest.git.get_ref(*place(repo), _head(branch)).json()
        return text(part(found, "object"), "sha")
    except NotFound:
        return None
    except Invalid as error:
        if error.status == 409:  # "Git Repository is empty."
            return None
        raise


def create_branch(github: GitHub, repo: str, branch: str, sha: str) -> None:
    """Idempotent. Raises Invalid when the branch exists and points elsewhere."""
    try:
        github.rest.git.create_ref(*place(repo), ref=f"refs/heads/{branch}", sha=sha)
    except Invalid as error:
        if not error.says("already exists") or branch_head(github, repo, branch) != sha:
            raise


def advance_branch(github: GitHub, repo: str, branch: str, sha: str) -> None:
    """Move `branch` forward to `sha`, a descendant of its head; never forced. Raises Invalid when it is none."""
    github.rest.git.update_ref(*place(repo), _head(branch), sha=sha, force=False)


def delete_branch(github: GitHub, repo: str, branch: str) -> None:
    """Idempotent."""
    try:
        github.optional.rest.git.delete_ref(*place(repo), _head(branch))
    except NotFound:
        pass
    except Invalid as error:
        if not error.says("does not exist"):
            raise


def create_branch_with_changes(
    github: GitHub, repo: str, *, branch: str, base_sha: str, changes: Sequence[Change], message: str
) -> str:
    """One commit with `changes` on top of `base_sha` as the new `branch`; the commit's SHA.

    Doing it twice finds the first: a branch whose head has the same parent, tree and message is taken as done.
    Raises Invalid when the branch holds something else.
    """
    tree = create_tree(github, repo, base_tree=commit(github, repo, base_sha).tree, changes=changes)
    head = branch_head(github, repo, branch)
    if head is not None:
        found = commit(github, repo, head)
        if (found.tree, found.parents, found.message.strip()) == (tree, (base_sha,), message.strip()):
            return head
        raise Invalid(f"POST /repos/{repo}/git/refs", 422, f"branch {branch} exists and holds something else")
    sha = create_commit(github, repo, message=message, tree=tree, parents=[base_sha])
    create_branch(github, repo, branch, sha)
    return sha


def add_commit(
    github: GitHub, repo: str, *, branch: str, head_sha: str, changes: Sequence[Change], message: str
) -> str:
    """One commit with `changes` on top of `head_sha`, the head of `branch`, which moves to it; the commit's SHA.

    Not idempotent: look with `commit_with` before repeating it. Raises Invalid when the branch has moved meanwhile.
    """
    tree = create_tree(github, repo, base_tree=commit(github, repo, head_sha).tree, changes=changes)
    sha = create_commit(github, repo, message=message, tree=tree, parents=[head_sha])
    advance_branch(github, repo, branch, sha)
    return sha


def merge_commit(
    github: GitHub, repo: str, *, branch: str, head_sha: str, base_sha: str, changes: Sequence[Change], message: str
) -> str:
    """A commit with the parents `head_sha`, the head of `branch`, and `base_sha`, whose tree is that of `base_sha` with
    `changes`; the branch moves to it. The commit's SHA.

    Not idempotent: look with `commit_with` before repeating it. Raises Invalid when the branch has moved meanwhile.
    """
    tree = commit(github, repo, base_sha).tree
    if changes:
        tree = create_tree(github, repo, base_tree=tree, changes=changes)
    sha = create_commit(github, repo, message=message, tree=tree, parents=[head_sha, base_sha])
    advance_branch(github, repo, branch, sha)
    return sha


def commit_with(github: GitHub, repo: str, branch: str, *, message: str) -> Commit | None:
    """The commit with this message among the last ones of `branch`, along first parents."""
    wanted = message.strip()
    return next((found for found in history(github, repo, branch) if found.message.strip() == wanted), None)


def history(github: GitHub, repo: str, branch: str, *, most: int = _LOOKED_BACK) -> Iterator[Commit]:
    """The last commits of `branch`, newest first, along first parents; none when there is no such branch."""
    sha = branch_head(github, repo, branch)
    for _ in range(most):
        if sha is None:
            return
        found = commit(github, repo, sha)
        yield found
        sha = found.parents[0] if found.parents else None


def _head(branch: str) -> str:
    return "heads/" + quoted(branch)


def _inline(content: bytes) -> str | None:
    """The content as text, if it is text that survives JSON and is small enough; None otherwise."""
    if not content or len(content) > INLINE_FILE_BYTES or b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None
