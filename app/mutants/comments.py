"""How a comment is written, by a file's ending or the program that its first line names. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.mutants.languages import LANGUAGES

_ENDINGS = {
    "//": f"{' '.join(LANGUAGES)} swift scala dart groovy zig proto less scss fs",
    "#": "py pyi pyw pyx rb rake sh bash zsh fish bats pl pm r ex exs jl nim tcl ps1 psm1 cr awk",
    "--": "sql lua hs elm",
    ";": "clj cljs lisp el scm rkt",
    "%": "erl hrl",
}
_SIGNS: Mapping[str, str] = {ending: sign for sign, endings in _ENDINGS.items() for ending in endings.split()}
_PROGRAMS = {"python": "py", "node": "js", "deno": "js", "bun": "js", "ruby": "rb", "perl": "pl", "sh": "sh"}
_PROGRAM = re.compile(rb"#!.*?\b(python|node|deno|bun|ruby|perl|(?=(?:ba|z|da|k)?sh\b)\w*sh)")


def ending_of(path: str, content: bytes) -> str:
    """As `py`, also of a script without one; "" where its language is not known."""
    name = path.rpartition("/")[2]
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending or not (program := _PROGRAM.match(content)):
        return ending
    word = program[1].decode()
    return _PROGRAMS.get(word, "sh")


def sign_of(ending: str) -> str | None:
    """What begins a comment to the end of the line; None where that is not known."""
    return _SIGNS.get(ending)
