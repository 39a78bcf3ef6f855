"""What a view shows: a file whole where that is sensible, else by range with the total said; a directory as a list.

The rule: up to 400 lines or up to 16 KB, whichever is more, are shown whole, of a file and of a requested range alike.
Nothing is cut out of the middle: head and tail are for what commands print (`outputs`).
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from app.agent.tools.tree_text import EditError, lines_of, load, readable
from app.ports.sandbox import Sandbox

VIEW_LINES = 400
VIEW_BYTES = 16 * 1024
# 400 lines of code are 12 to 20 KB. Four times that (16,000 tokens) is data rather than code.
VIEW_MOST_BYTES = 64 * 1024
VIEW_LINE_CHARS = 2_000  # of one line in a view over VIEW_BYTES: a paragraph of prose fits, a minified file does not
SHOWN_AROUND = 4  # lines of context after an edit, as the vendor's own editor shows
LISTED_ENTRIES = 200


@dataclass(frozen=True, kw_only=True)
class Viewed:
    text: str
    did: str  # "viewed", "listed"


@dataclass(frozen=True, kw_only=True)
class _Part:
    """Numbered lines from the first wanted one to `last`; `cut` is the number of the first over-long line."""

    text: str
    last: int
    cut: int = 0


def view(sandbox: Sandbox, path: str, view_range: Sequence[int] | None) -> Viewed:
    """Raises EditError."""
    if path == ".":
        return _listed(sandbox, path, view_range)
    try:
        text = load(sandbox, path)
    except EditError as error:
        return _listed(sandbox, path, view_range, instead_of=error)
    if not text:
        return Viewed(text=f"{path} is empty.", did="viewed")
    lines = lines_of(text)
    first, last = _range(view_range, len(lines))
    part = _part(lines, first, last)
    return Viewed(text="\n".join([part.text, *_notes(path, text, lines, first, part)]), did="viewed")


def excerpt(path: str, text: str, first: int, count: int) -> str:
    """The place of an edit, lines `first` to `first + count - 1`, as the vendor's own editor shows it."""
    lines = lines_of(text)
    start = max(1, min(first, len(lines)) - SHOWN_AROUND)
    end = min(len(lines), first + max(count, 1) - 1 + SHOWN_AROUND)
    part = _part(lines, start, end)
    more = f"\n[lines {start:,}-{part.last:,} of {len(lines):,}]" if part.last < end else ""
    return (
        f"The file {path} has been edited. Here's the result of running `cat -n` on a snippet of {path}:\n"
        f"{part.text}{more}"
    )


def _part(lines: Sequence[str], first: int, last: int) -> _Part:
    """What of lines `first` to `last` one view holds: at least one line."""
    wanted = lines[first - 1 : last]
    if sum(map(_size, wanted)) <= VIEW_BYTES:
        return _Part(text="\n".join(f"{n:6}\t{line}" for n, line in enumerate(wanted, start=first)), last=last)
    taken: list[str] = []
    size = cut = 0
    for number, line in enumerate(wanted, start=first):
        shown = _short(line)
        size += _size(shown)
        fits = size <= VIEW_BYTES or (len(taken) < VIEW_LINES and size <= VIEW_MOST_BYTES)
        if taken and not fits:
            break
        cut = cut or (number if shown is not line else 0)
        taken.append(f"{number:6}\t{shown}")
    return _Part(text="\n".join(taken), last=first + len(taken) - 1, cut=cut)


def _short(line: str) -> str:
    missing = len(line) - VIEW_LINE_CHARS
    return f"{line[:VIEW_LINE_CHARS]} [... {missing:,} characters]" if missing > 0 else line


def _size(line: str) -> int:
    return len(line.encode("utf-8", "replace")) + 1


def _notes(path: str, text: str, lines: Sequence[str], first: int, part: _Part) -> list[str]:
    """What the numbered lines do not say about the file."""
    notes = []
    if part.last < len(lines):
        notes.append(
            f"lines {first:,}-{part.last:,} of {len(lines):,}; "
            f"view with view_range [{part.last + 1}, -1] for what follows"
        )
    elif first > 1:
        notes.append(f"lines {first:,}-{part.last:,} of {len(lines):,}")
    if part.cut:
        rest = f"sed -n {part.cut}p {shlex.quote(path)} | cut -c{VIEW_LINE_CHARS + 1}-{2 * VIEW_LINE_CHARS}"
        notes.append(f"lines over {VIEW_LINE_CHARS:,} characters are cut; bash shows the rest: {rest}")
    if "\r\n" in text:
        notes.append("lines end in CRLF; the editor keeps that")
    if readable(text) != text:
        notes.append("not UTF-8: bytes that cannot be read are shown as \ufffd; the editor keeps them")
    return [f"[{note}]" for note in notes]


def _range(view_range: Sequence[int] | None, count: int) -> tuple[int, int]:
    if view_range is None:
        return 1, count
    if len(view_range) != 2:
        raise EditError("view_range must be two line numbers: [first, last]; last may be -1 for the end")
    first, last = view_range
    if not 1 <= first <= count:
        raise EditError(f"view_range starts at {first}, but the file has lines 1 to {count}")
    if last != -1 and last < first:
        raise EditError(f"view_range ends at {last}, before it starts at {first}")
    return first, count if last == -1 else min(last, count)


# Never entered and never named: git's own directory and caches. Named but not entered: other hidden directories.
_FIND = (
    r"find . -mindepth 1 -maxdepth 2 \( -name .git -o -name __pycache__ \) -prune "
    r"-o -type d \( -name '.*' -o -name node_modules \) -prune -printf '%P/ (not listed)\0' "
    r"-o -type d -printf '%P/\0' -o -printf '%P\0' 2>/dev/null | LC_ALL=C sort -z"
)
_NO_DIRECTORY, _NOTHING = 2, 3  # exit codes


def _listed(
    sandbox: Sandbox, path: str, view_range: Sequence[int] | None, *, instead_of: EditError | None = None
) -> Viewed:
    """The directory `path`; when it is none, `instead_of` is raised, with a hint when something else is there."""
    place = shlex.quote(f"./{path}" if path != "." else ".")
    kind = f"test -d {place} || {{ test -e {place} -o -L {place} && exit {_NO_DIRECTORY}; exit {_NOTHING}; }}"
    ran = sandbox.run(f"{kind}; cd {place} && {_FIND}", timeout_seconds=30)
    if ran.exit_code != 0:
        error = str(instead_of or f"{path} cannot be listed")
        is_there = ran.exit_code == _NO_DIRECTORY and "use bash" not in error.lower()
        raise EditError(error + ("; use bash to look at it (ls -l, sed -n, head -c)" if is_there else ""))
    if view_range is not None:
        raise EditError("view_range is for files; a directory is listed whole")
    names = [readable(name) for name in ran.output.decode("utf-8", "surrogateescape").split("\0") if name]
    is_cut = ran.output_bytes > len(ran.output)
    return Viewed(text="\n".join([f"{path}/", *_entries(names, is_cut=is_cut)]), did="listed")


def _entries(names: Sequence[str], *, is_cut: bool) -> list[str]:
    """Two levels where they fit, else one with the number of entries in each directory."""
    names = [ascii(name) if not name.isprintable() else name for name in names]
    if not is_cut and len(names) <= LISTED_ENTRIES:
        return [f"  {name}" for name in names] or ["  (nothing)"]
    inside: dict[str, int] = {}
    for name in names:
        top, is_below, below = name.partition("/")
        key = f"{top}/{below if below.startswith(' (') else ''}" if is_below else top
        inside[key] = inside.get(key, 0) + (1 if below and not below.startswith(" (") else 0)
    shown = [f"  {name}{_holding(count)}" for name, count in inside.items()]
    more = len(shown) - LISTED_ENTRIES
    if more > 0 or is_cut:
        shown = [*shown[:LISTED_ENTRIES], f"[{'many' if is_cut else f'{more:,}'} more entries; use bash to see them]"]
    return shown


def _holding(count: int) -> str:
    return f" ({count:,} {'entry' if count == 1 else 'entries'})" if count else ""
