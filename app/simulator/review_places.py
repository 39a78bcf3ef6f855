"""Where a comment on a line stands after further commits: on another line, or nowhere (then it is outdated)."""

from __future__ import annotations

from dataclasses import dataclass

from app.simulator import diff_lines
from app.simulator.state import ReviewComment


@dataclass(frozen=True, kw_only=True)
class Now:
    """Its lines in the diff as it is; `line` and `position` are None for a comment on a whole file."""

    line: int | None
    start_line: int | None
    position: int | None


def now(comment: ReviewComment) -> Now | None:
    """Where it stands; None when its lines were changed or the diff does not show them any more."""
    pull, place = comment.pull, comment.place
    file = next((found for found in pull.files if found.filename == place.path), None)
    if file is None:
        return None
    if place.line is None:
        return Now(line=None, start_line=None, position=None)
    line = _moved(comment, place.side, place.line)
    start = _moved(comment, place.start_side or place.side, place.start_line) if place.start_line is not None else None
    row = diff_lines.row_of(file.patch or "", place.side, line) if line is not None else None
    if row is None or (place.start_line is not None and start is None):
        return None
    return Now(line=line, start_line=start, position=row.position)


def _moved(comment: ReviewComment, side: str, line: int) -> int | None:
    pull = comment.pull
    old, new = (comment.commit_id, pull.head_sha) if side == "RIGHT" else (comment.from_sha, pull.from_sha)
    return diff_lines.moved(pull.repository.git, comment.path, line, old, new)
