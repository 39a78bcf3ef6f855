"""The root of a repository as somebody new to it would be shown it: entries with what is in them. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from app.workspace.tree import SUBMODULE, SYMLINK, TreeEntry

FOLDERS, FILES = 40, 40  # named; the others are counted
_MANY_FOLDERS = 5  # from here on the number of folders says more than one name below


def root_map(entries: Mapping[str, TreeEntry]) -> str:
    """Folders with counts and the kind of file that prevails, one a line, then the files on one line."""
    inside: dict[str, list[str]] = defaultdict(list)
    files: list[str] = []
    for path, entry in entries.items():
        top, is_below, below = path.partition("/")
        if is_below:
            inside[top].append(below)
        elif entry.mode == SUBMODULE:
            inside[top] = []
        else:
            files.append(printable(top) + (" (link)" if entry.mode == SYMLINK else ""))
    biggest = sorted(inside, key=lambda name: (-len(inside[name]), name))[:FOLDERS]
    lines = [_folder(name, inside[name]) for name in sorted(biggest)]
    if len(inside) > FOLDERS:
        others = sum(len(inside[name]) for name in inside) - sum(len(inside[name]) for name in biggest)
        lines.append(f"{len(inside) - FOLDERS:,} smaller folders ({others:,} files)")
    if files:
        more = f", {len(files) - FILES:,} more" if len(files) > FILES else ""
        lines.append(", ".join(sorted(files)[:FILES]) + more)
    return "\n".join(lines)


def printable(path: str) -> str:
    """`path` for people and models: what cannot be printed is escaped."""
    return path if path.isprintable() else ascii(path)


def _folder(name: str, below: list[str]) -> str:
    if not below:
        return f"{printable(name)} (submodule)"
    while len(tops := {path.partition("/")[0] for path in below}) == 1 and all("/" in path for path in below):
        (only,) = tops
        name, below = f"{name}/{only}", [path.partition("/")[2] for path in below]
    count = f"{len(below):,} file{'s' if len(below) != 1 else ''}"
    folders = {path.partition("/")[0] for path in below if "/" in path}
    if len(folders) >= _MANY_FOLDERS:
        count += f" in {len(folders):,} folders"
    endings = Counter(path.rpartition("/")[2].rpartition(".")[2] for path in below if "." in path.rpartition("/")[2])
    ending, most = next(iter(endings.most_common(1)), ("", 0))
    kind = f", mostly .{ending}" if len(below) > 1 and most * 2 > len(below) else ""
    return printable(f"{name}/") + f" ({count}{kind})"
