"""What a project tells those who work on it, read from the base commit in the mirror: never from a sandbox's tree."""

from __future__ import annotations

from collections.abc import Sequence

from app.workspace.ignore import Ignore
from app.workspace.mirror import Mirror
from app.workspace.tree import SYMLINK, TreeEntry, base_manifest, read_blobs

_GUIDES = ("AGENTS.md", "CLAUDE.md")  # at one place the first wins
MAX_GUIDE_BYTES = 32 * 1024  # of one file; the whole goes into every prompt
MAX_GUIDES_BYTES = 96 * 1024  # of all: nearest to the root first
_CUT = "\n\n(cut here: the file is longer)\n"
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


def guidance(mirror: Mirror, sha: str) -> list[tuple[str, str]]:
    """`AGENTS.md` and `CLAUDE.md` files, (path, text), root first, then by depth and name; long ones are cut.

    A link is followed only to another file of the same commit (`CLAUDE.md -> AGENTS.md` is common).
    """
    entries = base_manifest(mirror, sha)
    chosen: dict[str, str] = {}  # folder → path
    for name in _GUIDES:
        for path in entries:
            folder, _, last = path.rpartition("/")
            if last == name:
                chosen.setdefault(folder, path)
    found: list[tuple[str, str]] = []
    room = MAX_GUIDES_BYTES
    for path in sorted(chosen.values(), key=lambda path: (path.count("/"), path)):
        content = _read(mirror, entries, path)
        if content is None or not content.strip() or room <= 0:
            continue
        limit = min(MAX_GUIDE_BYTES, room)
        text = _text(content[:limit]) + (_CUT if len(content) > limit else "")
        found.append((path, text))
        room -= min(len(content), limit)
    return found


def guidance_for(path: str, guides: Sequence[tuple[str, str]]) -> tuple[str, str] | None:
    """The guide nearest to `path`."""
    near = [guide for guide in guides if path.startswith(guide[0].rpartition("/")[0] + "/") or "/" not in guide[0]]
    return max(near, key=lambda guide: guide[0].count("/"), default=None)


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
