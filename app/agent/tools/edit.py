"""The text editor tool: view, create, str_replace, insert on the files of the tree."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.agent.tools.schemas import Create, Insert, Replace, View
from app.agent.tools.tree_text import BOM, EditError, lines_of, load, relative, save
from app.agent.tools.view import excerpt, view
from app.errors import UserError
from app.ports.sandbox import Sandbox

NAMED_MATCHES = 10

Edit = View | Create | Replace | Insert


@dataclass(frozen=True, kw_only=True)
class Edited:
    text: str
    did: str  # "viewed", "created", …
    path: str


def run_edit(sandbox: Sandbox, call: Edit) -> Edited:
    """Carry out one checked call. Raises EditError."""
    path = relative(call.path, sandbox.root)
    if isinstance(call, View):
        viewed = view(sandbox, path, call.view_range)
        return Edited(text=viewed.text, did=viewed.did, path=path)
    if path == ".":
        raise EditError(f"{call.path} is a directory")
    if path == ".github/workflows" or path.startswith(".github/workflows/"):
        raise EditError("files under .github/workflows are off limits; say in finish what a person should change there")
    if path.split("/", 1)[0] == ".git":
        raise EditError("the .git directory is not part of the work")
    if isinstance(call, Create):
        return _create(sandbox, path, call.file_text)
    return _replace(sandbox, path, call) if isinstance(call, Replace) else _insert(sandbox, path, call)


def _create(sandbox: Sandbox, path: str, text: str) -> Edited:
    try:
        sandbox.read_file(path)
        did = "overwrote"
    except UserError:
        did = "created"
    save(sandbox, path, text)
    count = len(lines_of(text)) if text else 0
    size = f"{count:,} line{'s' if count != 1 else ''}"
    return Edited(text=f"{did.capitalize()} {path} ({size}).", did=did, path=path)


def _replace(sandbox: Sandbox, path: str, call: Replace) -> Edited:
    text = load(sandbox, path)
    old, new = call.old_str, call.new_str
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
        raise EditError(f"old_str was not found in {path}. {_hint(text, call.old_str)}")
    if count > 1:
        raise EditError(
            f"old_str was found {count} times in {path}, at lines {_places(text, old)}; "
            "add lines around it so that it is unique. Nothing was changed."
        )
    at = text.index(old)
    text = text[:at] + new + text[at + len(old) :]
    save(sandbox, path, text)
    first = text.count("\n", 0, at) + 1
    return Edited(text=excerpt(path, text, first, new.count("\n") + 1), did="edited", path=path)


def _insert(sandbox: Sandbox, path: str, call: Insert) -> Edited:
    text, added = load(sandbox, path), call.insert_text
    lines = [line for line in re.split(r"(?<=\n)", text) if line]
    at = call.insert_line
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
    save(sandbox, path, text)
    return Edited(text=excerpt(path, text, at + 1, added.count("\n")), did="edited", path=path)


def _with_crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def _places(text: str, old: str) -> str:
    places: list[int] = []
    at = text.find(old)
    while at != -1 and len(places) < NAMED_MATCHES:
        places.append(text.count("\n", 0, at) + 1)
        at = text.find(old, at + len(old))
    return ", ".join(map(str, places)) + (", ..." if at != -1 else "")


def _hint(text: str, old: str) -> str:
    """Where the first line of `old` stands with other blanks around it, the usual reason for a miss."""
    wanted = next((line.strip() for line in lines_of(old) if line.strip()), "")
    numbers = [n for n, line in enumerate(lines_of(text), start=1) if wanted and line.strip() == wanted]
    if not numbers:
        return "View the file: it may have changed, or the text is elsewhere."
    shown = ", ".join(map(str, numbers[:NAMED_MATCHES]))
    return f"Its first line stands at line {shown}, but blanks or the lines after it differ; view those lines."
