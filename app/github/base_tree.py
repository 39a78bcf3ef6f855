"""The base commit as GitHub holds it, for the publisher's verdict. A worker may keep contents; their names decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.github import git_data
from app.github.client import GitHub
from app.workspace import TreeEntry
from app.workspace.tree import READ_BYTES, SUBMODULE, holds

_FOLDER = "040000"


class GitHubBase:
    """Implements `app.work.verdict.Base` for commit `sha`.

    `kept` gives a base file's content as the worker kept it, None when it kept none: it saves a request for each file
    and is taken only when it is the blob that GitHub's tree names.
    """

    def __init__(self, github: GitHub, repo: str, sha: str, *, kept: Callable[[str], bytes | None]) -> None:
        self._github, self._repo, self._sha = github, repo, sha
        self._kept = kept
        self._entries: dict[str, TreeEntry] | None = None

    def entries(self, paths: Iterable[str]) -> Mapping[str, TreeEntry]:
        if self._entries is None:
            self._entries = self._read(list(paths))
        return self._entries

    def _read(self, paths: list[str]) -> dict[str, TreeEntry]:
        root = git_data.commit(self._github, self._repo, self._sha).tree
        rows, is_cut = git_data.tree(self._github, self._repo, root, recursive=True)
        if not is_cut:
            return dict(_entry("", row) for row in rows if row["mode"] != _FOLDER)
        folders = {"/".join(path.split("/")[:depth]) for path in paths for depth in range(path.count("/") + 1)}
        found: dict[str, TreeEntry] = {}
        self._walk(root, "", folders, found)
        return found

    def _walk(self, sha: str, prefix: str, folders: set[str], found: dict[str, TreeEntry]) -> None:
        """The folders on the way to what changes, of a tree that is too big to be listed whole."""
        rows, _is_cut = git_data.tree(self._github, self._repo, sha, recursive=False)
        for row in rows:
            path, entry = _entry(prefix, row)
            if entry.mode != _FOLDER:
                found[path] = entry
            elif path in folders:
                self._walk(entry.blob, path + "/", folders, found)
            else:  # nothing changes in it, but its name stands: one file in it, of a name no change can have
                found[f"{path}/\0"] = TreeEntry(mode="100644", blob="", size=0)

    def contents(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        paths = list(paths)
        entries = self.entries(paths)
        wanted = {path: entries[path] for path in paths if path in entries}
        return {path: self._content(path, entry) for path, entry in wanted.items() if _is_read(entry)}

    def _content(self, path: str, entry: TreeEntry) -> bytes:
        kept = self._kept(path)
        if kept is not None and holds(entry, kept):
            return kept
        return git_data.blob(self._github, self._repo, entry.blob)


def _is_read(entry: TreeEntry) -> bool:
    return entry.mode != SUBMODULE and entry.size <= READ_BYTES


def _entry(prefix: str, row: Mapping[str, Any]) -> tuple[str, TreeEntry]:
    return prefix + str(row["path"]), TreeEntry(mode=row["mode"], blob=row["sha"], size=int(row.get("size") or 0))
