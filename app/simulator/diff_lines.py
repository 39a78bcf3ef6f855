"""Lines of a diff: where one stands in it, the hunk above it, and where it is after further commits."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.simulator import git_history
from app.simulator.git_store import GitStore

_HEADER = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a patch below its first header: its numbers on both sides (None: not there), and its hunk."""

    position: int  # rows below the first `@@`; a later header is a row too
    old: int | None
    new: int | None
    text: str
    hunk: int  # the position of the header above


@git_history.remember
def rows(patch: str) -> list[Row]:
    """The rows of a patch as the API shows it."""
    found: list[Row] = []
    old = new = hunk = 0
    for position, text in enumerate(patch.split("\n")):
        if match := _HEADER.match(text):
            old, new, hunk = int(match[1]), int(match[2]), position
            found.append(Row(position=position, old=None, new=None, text=text, hunk=hunk))
        elif not text.startswith("\\"):
            is_old, is_new = not text.startswith("+"), not text.startswith("-")
            row = Row(position=position, old=old if is_old else None, new=new if is_new else None, text=text, hunk=hunk)
            found.append(row)
            old, new = old + is_old, new + is_new
    return found


def row_of(patch: str, side: str, line: int) -> Row | None:
    """Where a line (of the head for RIGHT, of the base for LEFT) stands in a patch; None: it is not shown there."""
    for row in rows(patch):
        if line == (row.new if side == "RIGHT" else row.old):
            return row
    return None


def hunk_above(patch: str, row: Row) -> str:
    """The hunk from its header down to a row: `diff_hunk`."""
    return "\n".join(found.text for found in rows(patch) if found.hunk == row.hunk and found.position <= row.position)


def moved(git: GitStore, path: str, line: int, old: str, new: str) -> int | None:
    """The number that a line of `path` in the commit `old` has in `new`; None when it was changed or is gone."""
    if old == new:
        return line
    changed = next((f for f in git_history.diff(git, old, new) if path in (f.filename, f.previous_filename)), None)
    if changed is None:
        return line
    if changed.status == "removed" or changed.previous_filename == path or changed.patch is None:
        return None
    shift = 0
    for row in rows(changed.patch):
        if row.old == line:
            return row.new
        if row.old is not None and row.old > line:
            break
        shift += (row.new is not None) - (row.old is not None)
    return line + shift
