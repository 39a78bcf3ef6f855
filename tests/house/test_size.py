"""Only the tail needs a budget: a file can be read in one sitting, a function on one screen."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 50
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "core", "manager"}


def product() -> Iterator[Path]:
    for folder in ("app", "handlers"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def every() -> Iterator[Path]:
    yield from product()
    for folder in ("infra", "tests"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", list(every()), ids=name)
def test_file_can_be_read_in_one_sitting(path: Path):
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= MAX_FILE_LINES
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in functions
        if node.end_lineno and node.end_lineno - node.lineno >= MAX_FUNCTION_LINES
    }
    assert long == {}


def test_no_module_is_named_after_nothing():
    folders = {part for path in product() for part in path.relative_to(ROOT).with_suffix("").parts}
    assert folders & FORBIDDEN_NAMES == set()


def test_every_module_says_what_it_holds():
    silent = [name(path) for path in product() if not (path.stat().st_size == 0 or ast.get_docstring(_tree(path)))]
    assert silent == []


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))
