"""What a project tells those who work on it, read from the base commit in the mirror: never from a sandbox's tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.workspace.git import GitError
from app.workspace.ignore import Ignore
from app.workspace.mentions import mentioned
from app.workspace.mirror import Mirror
from app.workspace.root_map import printable
from app.workspace.tree import SYMLINK, TreeEntry, base_manifest, read_blobs

_GUIDES = ("AGENTS.md", "CLAUDE.md")  # at one place the first wins
# What goes into every prompt: 24 KB are 6,000 tokens. The nearest come first, the root's keeps a share.
MAX_GUIDE_BYTES, MAX_GUIDES_BYTES = 16 * 1024, 24 * 1024
ROOT_GUIDE_BYTES = 8 * 1024
LEAST_GUIDE_BYTES = 1024  # less of a guide would mislead
SHORT_GUIDES, SHORT_GUIDES_BYTES = 8, 4 * 1024  # reading them would cost as much as telling them
MAX_OWNERS_BYTES = 3 * 2**20  # GitHub ignores a bigger CODEOWNERS

_OWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")  # GitHub's order
_TEMPLATE_FOLDERS = (".github/", "", "docs/")
_TEMPLATE = "pull_request_template"


def base_ignore(mirror: Mirror, sha: str) -> Ignore:
    """The rules of every `.gitignore` of the commit."""
    entries = base_manifest(mirror, sha)
    rules = {path: entry for path, entry in entries.items() if path.rpartition("/")[2] == ".gitignore"}
    texts = {path: _text(content) for path, content in read_blobs(mirror, _files(rules), max_bytes=2**20).items()}
    return Ignore(texts, tracked=entries.keys())


def fork_point(mirror: Mirror, base_sha: str, sha: str) -> str:
    """The last commit that both have; empty when there is none."""
    try:
        return mirror.git("merge-base", base_sha, sha).decode().strip()
    except GitError:
        return ""


@dataclass(frozen=True, kw_only=True)
class Guides:
    """`AGENTS.md` and `CLAUDE.md` files of a commit: those that concern a task as (path, text), root first and nearest
    last, and the paths of all others.
    """

    full: tuple[tuple[str, str], ...] = ()
    elsewhere: tuple[str, ...] = ()


def guides(mirror: Mirror, sha: str, about: str = "") -> Guides:
    """The guides above the files that the text `about` speaks of, and the root's; the others too where they are short.

    A link is followed only to another file of the same commit (`CLAUDE.md -> AGENTS.md` is common). What is longer
    than its share is cut, and says so.
    """
    entries = base_manifest(mirror, sha)
    by_folder = _guides_by_folder(entries)
    near = mentioned(about, entries) if any(by_folder) else []
    folders = dict.fromkeys(folder for path in near for folder in _folders_above(path))
    wanted = [by_folder[folder] for folder in [*folders, ""] if folder in by_folder]
    others = [path for path in by_folder.values() if path not in wanted]
    if len(others) <= SHORT_GUIDES and sum(entries[path].size for path in others) <= SHORT_GUIDES_BYTES:
        wanted, others = [*wanted, *others], []
    full: dict[str, str] = {}
    root = by_folder.get("", "")
    reserved = min(ROOT_GUIDE_BYTES, entries[root].size) if root else 0
    room = MAX_GUIDES_BYTES - reserved
    for path in wanted:
        room += reserved if path == root else 0
        if room < LEAST_GUIDE_BYTES:
            others.append(path)
            continue
        content = _read(mirror, entries, path) or b""
        text = _cut(content, min(MAX_GUIDE_BYTES, room), path)
        same = next((told for told in full if full[told] == text), "")  # a link to a guide says nothing new
        if same and entries[same].mode == SYMLINK:
            full[path] = full.pop(same)
        elif content.strip() and not same:
            full[path] = text
            room -= min(len(content), MAX_GUIDE_BYTES, room)
    elsewhere = [path for path in others if entries[path].mode != SYMLINK and entries[path].size]
    return Guides(
        full=tuple((path, full[path]) for path in sorted(full, key=_depth)),
        elsewhere=tuple(printable(path) for path in sorted(elsewhere, key=_depth)),
    )


def _guides_by_folder(entries: Mapping[str, TreeEntry]) -> dict[str, str]:
    """folder → path of its guide."""
    found: dict[str, str] = {}
    for name in _GUIDES:
        for path in entries:
            folder, _, last = path.rpartition("/")
            if last == name:
                found.setdefault(folder, path)
    return found


def _folders_above(path: str) -> Iterator[str]:
    """Nearest first, without the root; a folder ("pkg/") is above itself."""
    folder = path.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]


def _depth(path: str) -> tuple[int, str]:
    return path.count("/"), path


def _cut(content: bytes, limit: int, path: str) -> str:
    if len(content) <= limit:
        return _text(content)
    return content[:limit].decode("utf-8", "ignore") + f"\n\n(cut here: the rest is in {path})\n"


def pull_request_template(mirror: Mirror, sha: str) -> str | None:
    """The default template: `pull_request_template.md` (any case, `.md`, `.txt` or no ending) in `.github/`, the root
    or `docs/`; else the only file in a `PULL_REQUEST_TEMPLATE/` folder there."""
    entries = base_manifest(mirror, sha)
    lower = {path.lower(): path for path in entries}
    for folder in _TEMPLATE_FOLDERS:
        for ending in (".md", ".txt", ""):
            if (path := lower.get(folder + _TEMPLATE + ending)) is not None:
                return _decoded(mirror, entries, path)
    for folder in _TEMPLATE_FOLDERS:
        inside = [path for name, path in lower.items() if name.startswith(f"{folder}{_TEMPLATE}/")]
        if len(inside) == 1:
            return _decoded(mirror, entries, inside[0])
    return None


def codeowners(mirror: Mirror, sha: str) -> str | None:
    """The first CODEOWNERS file in GitHub's order (.github/, root, docs/), to be parsed with `checks.owners`."""
    entries = base_manifest(mirror, sha)
    for path in _OWNERS:
        if path in entries:
            return _decoded(mirror, entries, path) if entries[path].size < MAX_OWNERS_BYTES else None
    return None


def _decoded(mirror: Mirror, entries: dict[str, TreeEntry], path: str) -> str | None:
    content = _read(mirror, entries, path)
    return None if content is None else _text(content)


def _read(mirror: Mirror, entries: dict[str, TreeEntry], path: str, hops: int = 3) -> bytes | None:
    """The content of `path`, through links within the commit; None when there is none."""
    entry = entries.get(path)
    if entry is None:
        return None
    content = read_blobs(mirror, {path: entry}).get(path)
    if content is None or entry.mode != SYMLINK:
        return content
    target = _text(content)
    parts = path.split("/")[:-1]
    for step in target.split("/"):
        if step == "..":
            if not parts:
                return None
            parts.pop()
        elif step not in {"", "."}:
            parts.append(step)
    return _read(mirror, entries, "/".join(parts), hops - 1) if hops and not target.startswith("/") else None


def _files(entries: dict[str, TreeEntry]) -> dict[str, TreeEntry]:
    return {path: entry for path, entry in entries.items() if entry.mode != SYMLINK}  # git does not follow them either


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
