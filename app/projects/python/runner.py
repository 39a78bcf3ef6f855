"""Whether a Python project's tests are for pytest or for unittest, and where unittest begins to look. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from app.projects.python.metadata import Metadata

_SAMPLED = 30  # test files looked into


def uses_pytest(about: Metadata, tests: Sequence[str], wanted: Sequence[str]) -> bool:
    if any(path.rpartition("/")[2] in {"conftest.py", "pytest.ini", ".pytest.ini"} for path in about.folder.paths):
        return True
    if about.table("tool", "pytest") or any("pytest" in word for word in wanted):
        return True
    if about.config.has_section("tool:pytest") or about.config.has_section("pytest"):
        return True
    sampled = [about.folder.read(path) for path in tests[:_SAMPLED]]
    if any(b"import pytest" in text or re.search(rb"^(?:async )?def test_", text, re.MULTILINE) for text in sampled):
        return True
    return not any(b"unittest" in text or b"django.test" in text for text in sampled)


def start_folder(tests: Sequence[str], paths: frozenset[str]) -> str:
    """Where unittest has to start looking, as its argument."""
    folders = {path.split("/")[0] for path in tests if "/" in path}
    if len(folders) != 1 or any("/" not in path for path in tests):
        return ""
    folder = folders.pop()
    return "" if f"{folder}/__init__.py" in paths else f" -s {shlex.quote(folder)}"


def one_by_one(about: Metadata, tests: Sequence[str], *, pytest: bool) -> list[tuple[str, str]]:
    """Folders and commands where the members of a workspace cannot be tested together: unittest looks into none of
    them, and pytest takes no two files of one name that are in no package. Empty where they can.
    """
    of = {home: [path for path in tests if path.startswith(f"{home}/")] for home in about.members}
    loose = [path.rpartition("/") for path in tests]
    names = [name for home, _, name in loose if f"{home}/__init__.py" not in about.folder.paths]
    if not any(of.values()) or (pytest and (len(names) == len(set(names)) or "importlib" in _settings(about))):
        return []
    own = [path for path in tests if not any(path in listed for listed in of.values())]
    parts = ([("", own)] if own else []) + [(home, listed) for home, listed in of.items() if listed]
    return [(home, _command(about, home, listed, pytest=pytest)) for home, listed in parts]


def _command(about: Metadata, home: str, tests: Sequence[str], *, pytest: bool) -> str:
    if pytest:
        ignored = "".join(f" --ignore={shlex.quote(member)}" for member in about.members) if not home else ""
        return f"python3 -m pytest{ignored}"
    below = frozenset(path.removeprefix(f"{home}/") for path in about.folder.paths)
    return f"python3 -m unittest discover{start_folder([path.removeprefix(f'{home}/') for path in tests], below)}"


def _settings(about: Metadata) -> str:
    names = ("pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")
    return "".join(about.folder.text(name) for name in names)
