"""The text editor tool: view, create, str_replace, insert on the files of the tree.

Bytes that are not touched stay as they are: line ends, byte order mark and encoding survive. Text is decoded with
`surrogateescape`, so a file that is not UTF-8 goes through unchanged; a file with NUL bytes is binary and refused.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.agent.tools.outputs import OUTPUT_CHARS, RANGE_CHARS, short_lines
from app.errors import UserError
from app.ports import Sandbox

SHOWN_AROUND = 3  # lines of context after an edit
LISTED_ENTRIES = 200
NAMED_MATCHES = 10
BOM = "\ufeff"


class EditError(Exception):
    """What the model did wrong, in words it can act on."""


@dataclass(frozen=True, kw_only=True)
class Edited:
    text: str
    did: str  # "viewed", "created", …
    path: str


def run_edit(sandbox: Sandbox, arguments: Mapping[str, Any]) -> Edited:
    """Carry out one checked call. Raises EditError."""
    path = relative(arguments["path"], sandbox.root)
    command = arguments["command"]
    if command == "view":
        return _view(sandbox, path, arguments.get("view_range"))
    if path == ".":
        raise EditError(f"{arguments['path']} is a directory")
    if path == ".github/workflows" or path.startswith(".github/workflows/"):
        raise EditError("files under .github/workflows are off limits; say in finish what a person should change there")
    if path.split("/", 1)[0] == ".git":
        raise EditError("the .git directory is not part of the work")
    return {"create": _create, "str_replace": _replace, "insert": _insert}[command](sandbox, path, arguments)


def relative(path: str, root: str) -> str:
    """`path` below the tree with "/" and without ".."; "." is the tree itself. Raises EditError."""
    if "\0" in path or not path.strip():
        raise EditError("path is empty" if not path.strip() else "path holds a NUL character")
    root = root.rstrip("/")
    clean = posixpath.normpath(path)
    if clean.startswith("/"):
        if clean == root:
            return "."
        if not clean.startswith(root + "/"):
            raise EditError(f"{path} is outside the work tree {root}; use bash to read files elsewhere")
        clean = clean[len(root) + 1 :]
    if clean == ".." or clean.startswith("../"):
        raise EditError(f"{path} is outside the work tree {root}")
    return clean


def _load(sandbox: Sandbox, path: str) -> str:
    try:
        data = sandbox.read_file(path)
    except UserError as error:
        raise EditError(str(error)) from error
    if b"\0" in data:
        raise EditError(f"{path} is a binary file ({len(data):,} bytes); the editor works on text only")
    return data.decode("utf-8", "surrogateescape")


def _save(sandbox: Sandbox, path: str, text: str) -> None:
    try:
        sandbox.write_file(path, text.encode("utf-8", "surrogateescape"))
    except UserError as error:
        raise EditError(str(error)) from error
    except UnicodeEncodeError as error:
        raise EditError("the text holds a lone surrogate, which no file can hold") from error


def _shown(text: str) -> str:
    """Text as the model sees it: no carriage returns, no byte order mark, undecodable bytes as a mark."""
    return _readable(text.removeprefix(BOM).replace("\r\n", "\n"))


def _readable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _numbered(lines: list[str], first: int) -> str:
    return "\n".join(f"{number:6}\t{short_lines(line)}" for number, line in enumerate(lines, start=first))


def _view(sandbox: Sandbox, path: str, view_range: list[int] | None) -> Edited:
    listing = _list(sandbox, path) if path == "." else None
    if listing is None:
        try:
            text = _load(sandbox, path)
        except EditError:
            listing = _list(sandbox, path)
            if listing is None:
                raise
    if listing is not None:
        if view_range is not None:
            raise EditError("view_range is for files; a directory is listed whole")
        return Edited(text=listing, did="listed", path=path)
    lines = _shown(text).split("\n")
    if lines[-1] == "" and len(lines) > 1:
        lines.pop()
    if not text:
        return Edited(text=f"{path} is empty.", did="viewed", path=path)
    first, last = _range(view_range, len(lines))
    body, shown = _fit(lines, first, last, RANGE_CHARS if view_range else OUTPUT_CHARS)
    if shown < last:
        body += f"\n[lines {first}-{shown} of {len(lines)} shown; use view_range to see more]"
    return Edited(text=body, did="viewed", path=path)


def _fit(lines: list[str], first: int, last: int, limit: int) -> tuple[str, int]:
    """As many numbered lines as fit into `limit` characters, and the last one shown (at least one)."""
    taken: list[str] = []
    size = 0
    for number in range(first, last + 1):
        line = _numbered([lines[number - 1]], number)
        size += len(line) + 1
        if taken and size > limit:
            return "\n".join(taken), number - 1
        taken.append(line)
    return "\n".join(taken), last


def _range(view_range: list[int] | None, count: int) -> tuple[int, int]:
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


def _list(sandbox: Sandbox, path: str) -> str | None:
    """The directory two levels deep without hidden names; None when `path` is no directory."""
    place = shlex.quote(f"./{path}" if path != "." else ".")
    ran = sandbox.run(
        f"test -d {place} && cd {place} && find . -mindepth 1 -maxdepth 2 "
        r"\( -name '.?*' -o -name node_modules -o -name __pycache__ \) -prune -o -mindepth 1 "
        r"\( -type d -printf '%P/\n' -o -printf '%P\n' \) 2>/dev/null | LC_ALL=C sort",
        timeout_seconds=30,
    )
    if ran.exit_code != 0:
        return None
    names = _readable(ran.output.decode("utf-8", "surrogateescape")).splitlines()
    more = (
        f"\n[{len(names) - LISTED_ENTRIES} more entries; use bash to see them]" if len(names) > LISTED_ENTRIES else ""
    )
    return "\n".join([f"{path}/", *(f"  {name}" for name in names[:LISTED_ENTRIES])]) + more


def _create(sandbox: Sandbox, path: str, arguments: Mapping[str, Any]) -> Edited:
    try:
        sandbox.read_file(path)
        did = "overwrote"
    except UserError:
        did = "created"
    _save(sandbox, path, arguments["file_text"])
    lines = len(arguments["file_text"].splitlines())
    return Edited(text=f"{did.capitalize()} {path} ({lines} lines).", did=did, path=path)


def _replace(sandbox: Sandbox, path: str, arguments: Mapping[str, Any]) -> Edited:
    text = _load(sandbox, path)
    old, new = arguments["old_str"], arguments.get("new_str") or ""
    if not old:
        raise EditError("old_str is empty; use insert to add text, or create to write a whole file")
    if old == new:
        raise EditError("old_str and new_str are the same: nothing would change")
    if "\r\n" in text:
        new = _with_crlf(new)
        if old not in text:
            old = _with_crlf(old)
    count = text.count(old)
    if count == 0:
        raise EditError(f"old_str was not found in {path}. {_hint(text, arguments['old_str'])}")
    if count > 1:
        raise EditError(
            f"old_str was found {count} times in {path}, at lines {_places(text, old)}; "
            "add lines around it so that it is unique. Nothing was changed."
        )
    at = text.index(old)
    text = text[:at] + new + text[at + len(old) :]
    _save(sandbox, path, text)
    first = text.count("\n", 0, at) + 1
    return Edited(text=_excerpt(path, text, first, new.count("\n") + 1), did="edited", path=path)


def _insert(sandbox: Sandbox, path: str, arguments: Mapping[str, Any]) -> Edited:
    added = arguments.get("insert_text")
    added = arguments.get("new_str") if added is None else added
    if added is None:
        raise EditError("insert_text is missing")
    text = _load(sandbox, path)
    lines = [line for line in re.split(r"(?<=\n)", text) if line]
    at = arguments["insert_line"]
    if not 0 <= at <= len(lines):
        raise EditError(f"insert_line must be between 0 and {len(lines)}, the number of lines in {path}, not {at}")
    end = "\r\n" if "\r\n" in text else "\n"
    if end == "\r\n":
        added = _with_crlf(added)
    if not added.endswith("\n") and at < len(lines):
        added += end
    if at and not lines[at - 1].endswith("\n"):
        added = end + added
    prefix = BOM if at == 0 and text.startswith(BOM) else ""
    text = "".join(lines[:at]) + prefix + added + "".join(lines[at:]).removeprefix(prefix)
    _save(sandbox, path, text)
    return Edited(text=_excerpt(path, text, at + 1, added.count("\n")), did="edited", path=path)


def _with_crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def _excerpt(path: str, text: str, first: int, count: int) -> str:
    lines = _shown(text).removesuffix("\n").split("\n")
    start = max(1, first - SHOWN_AROUND)
    end = min(len(lines), first + max(count, 1) - 1 + SHOWN_AROUND)
    body, shown = _fit(lines, start, end, OUTPUT_CHARS // 2)
    more = "\n..." if shown < end else ""
    return f"Edited {path}:\n{body}{more}"


def _places(text: str, old: str) -> str:
    places: list[int] = []
    at = text.find(old)
    while at != -1 and len(places) < NAMED_MATCHES:
        places.append(text.count("\n", 0, at) + 1)
        at = text.find(old, at + len(old))
    return ", ".join(map(str, places)) + (", ..." if at != -1 else "")


def _hint(text: str, old: str) -> str:
    """Where the first line of `old` stands with other blanks around it, the usual reason for a miss."""
    wanted = next((line.strip() for line in old.splitlines() if line.strip()), "")
    numbers = [n for n, line in enumerate(text.splitlines(), start=1) if wanted and line.strip() == wanted]
    if not numbers:
        return "View the file: it may have changed, or the text is elsewhere."
    shown = ", ".join(map(str, numbers[:NAMED_MATCHES]))
    return f"Its first line stands at line {shown}, but blanks or the lines after it differ; view those lines."
