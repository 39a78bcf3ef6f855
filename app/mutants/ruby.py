"""Ruby by its lines: a method begins with `def` and ends with the `end` that stands as far in. Pure."""

from __future__ import annotations

import re

from app.mutants.parts import MARKER, Function, Parts

# Past `rescue => e`, which holds back a StandardError.
_FAIL = f'raise Exception, "{MARKER}"'
_DEF = re.compile(r"^(\s*)(?:\w+ )*def (?:self\.)?([\w?!=<>+\-*/\[\]]+)[^#=]*$")
_IMPORT = re.compile(r"^\s*(?:require|require_relative|autoload)\b")


def read(text: str) -> Parts | None:
    if "\n=begin" in text or ("<<" in text and re.search(r"<<[~-]?['\"]?[A-Z]", text)):
        return None  # text that no line by itself tells from code
    lines = text.splitlines(keepends=True)
    functions: list[Function] = []
    around: list[str] = []
    imports: list[str] = []
    position, inside = 0, None
    body: list[str] = []
    for line in lines:
        code = _code(line)
        begins = _DEF.match(line.rstrip("\n")) if inside is None else None
        if begins and line.count("(") == line.count(")") and not re.search(r"\bend\s*$", code):
            inside = begins
            at = position + len(line)
            body = [code]
        elif inside is not None and line.rstrip() == f"{inside[1]}end":
            put = f"{inside[1]}  {_FAIL}\n"
            functions.append(Function(name=inside[2], own="\n".join(filter(None, body)), at=at, put=put))
            inside = None
        elif inside is not None:
            body.append(code)
        elif _IMPORT.match(code):
            imports.append(code)
        elif code:
            around.append(code)
        position += len(line)
    if inside is not None:
        return None
    end = "" if text.endswith("\n") else "\n"
    return Parts(
        text=text,
        functions=functions,
        around="\n".join(around),
        imports="\n".join(sorted(imports)),
        load_at=len(text),
        load=f"{end}{_FAIL}\n",
    )


def _code(line: str) -> str:
    """Without a comment that has the line for itself."""
    stripped = line.strip()
    return "" if stripped.startswith("#") else stripped
