"""What a suite does not import holds nothing that it should have played."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import NEVER_ON_AWS

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("folder", NEVER_ON_AWS)
def test_no_test_for_aws_lies_where_its_suite_does_not_look(folder):
    files = sorted((TESTS / folder).rglob("*.py"))
    assert files
    marked = "mark." + "aws"
    assert [path for path in files if marked in path.read_text("utf-8")] == []


def test_no_two_files_of_tests_have_one_name():
    """pytest imports what lies in no package by its name alone; with two of one name no suite collects anything."""
    named: dict[str, list[Path]] = {}
    for path in TESTS.rglob("test_*.py"):
        if not (path.parent / "__init__.py").exists():
            named.setdefault(path.name, []).append(path)
    assert [paths for paths in named.values() if len(paths) > 1] == []


@pytest.mark.parametrize("folder", ["scenarios", "contracts"])
def test_nothing_is_patched_where_everything_is_real(folder):
    """Another part is given as a parameter, a fault is a real one, and a variable is set by `tests.environment`."""
    files = sorted((TESTS / folder).rglob("*.py"))
    assert files
    patching = re.compile(r"\bmonkeypatch\b|\bMonkeyPatch\b|\bmock\b|\bpatch\(|\bpatch\.")
    assert [path for path in files if patching.search(path.read_text("utf-8"))] == []
