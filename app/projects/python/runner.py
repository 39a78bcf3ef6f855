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
