"""Which Python a project asks for by a file of its own. Pure."""

from __future__ import annotations

import re

from app.projects.plan import Folder

_PYTHON = re.compile(r"(?:cpython-?)?(3\.\d{1,2})(?:\.\d+)?")


def named_version(folder: Folder) -> tuple[str, str] | None:
    """Its first two numbers, and the file that names it; None where none does, or it is no CPython 3."""
    for name, lines in ((".python-version", _lines(folder)), (".tool-versions", _of_tools(folder))):
        for line in lines:
            found = _PYTHON.fullmatch(line)
            return (found[1], name) if found else None
    return None


def _lines(folder: Folder) -> list[str]:
    """Of several versions the first is meant where one is run."""
    said = (line.partition("#")[0].strip() for line in folder.text(".python-version").splitlines())
    return [line for line in said if line]


def _of_tools(folder: Folder) -> list[str]:
    said = (line.partition("#")[0].split() for line in folder.text(".tool-versions").splitlines())
    return [words[1] for words in said if words[:1] == ["python"] and len(words) > 1]
