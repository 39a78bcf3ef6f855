"""Python by its syntax tree. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import deepcopy

from app.mutants.parts import MARKER, Function, Parts

_Def = ast.FunctionDef | ast.AsyncFunctionDef
# No `except Exception` on its way holds it back, and a runner counts it as a failure all the same.
_FAIL = f'raise BaseException("{MARKER}")'


def read(text: str) -> Parts | None:
    """None for what is no Python of this version."""
    try:
        tree = ast.parse(text)
        lines = _Lines(text)
        around, imports = _around(tree)
        return Parts(
            text=text,
            functions=[_function(name, node, lines) for name, node in _functions(tree, "")],
            around=around,
            imports=imports,
            load_at=_first(tree, lines),
            load=f"{_FAIL}\n",
        )
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def parses(content: bytes) -> bool:
    """Whether it still is Python."""
    try:
        ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


class _Lines:
    """Where the tree's lines (from 1) and columns (in bytes) are in the text."""

    def __init__(self, text: str) -> None:
        self._lines = [line.decode() for line in text.encode().splitlines(keepends=True)]
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def start(self, line: int) -> int:
        return self._starts[line - 1]

    def at(self, line: int, column: int) -> int:
        return self.start(line) + len(self._lines[line - 1].encode()[:column].decode())

    def indent(self, line: int) -> str:
        text = self._lines[line - 1]
        return text[: len(text) - len(text.lstrip(" \t"))]


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, _Def]]:
    for child in ast.iter_child_nodes(node):
        inner = prefix
        if isinstance(child, _Def | ast.ClassDef):
            inner = f"{prefix}{child.name}."
        if isinstance(child, _Def):
            yield f"{prefix}{child.name}", child
        yield from _functions(child, inner)


def _function(name: str, node: _Def, lines: _Lines) -> Function:
    copied = deepcopy(node)
    copied.body = _undocumented(copied.body)
    own = ast.dump(_WithoutFunctions().generic_visit(copied))
    body = _undocumented(node.body)
    if not body:  # nothing but its documentation
        last = node.body[-1]
        end = lines.at(last.end_lineno or last.lineno, last.end_col_offset or 0)
        return Function(name=name, own=own, at=end, put=f"; {_FAIL}")
    line = _line(body[0])
    if line == (node.body[0].lineno if len(body) < len(node.body) else _header_end(node)):
        return Function(name=name, own=own, at=lines.at(line, body[0].col_offset), put=f"{_FAIL}; ")
    return Function(name=name, own=own, at=lines.start(line), put=f"{lines.indent(line)}{_FAIL}\n")


def _header_end(node: _Def) -> int:
    """The last line that certainly belongs to what stands before the body."""
    parts = [node.args, *([node.returns] if node.returns else [])]
    ends = [item.end_lineno or 0 for part in parts for item in ast.walk(part) if isinstance(item, ast.expr | ast.arg)]
    return max([node.lineno, *ends])


def _line(node: ast.stmt) -> int:
    decorators = node.decorator_list if isinstance(node, _Def | ast.ClassDef) else []
    return min([node.lineno, *(item.lineno for item in decorators)])


def _undocumented(body: list[ast.stmt]) -> list[ast.stmt]:
    return body[1:] if body and _is_text(body[0]) else body


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


class _WithoutFunctions(ast.NodeTransformer):
    """And without the documentation of classes."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:  # noqa: ARG002
        return None

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:  # noqa: ARG002
        return None

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = _undocumented(node.body)
        return self.generic_visit(node)


class _WithoutImports(_WithoutFunctions):
    def __init__(self) -> None:
        self.imports: list[str] = []

    def visit_Import(self, node: ast.Import) -> None:
        self.imports.append(ast.dump(node))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.imports.append(ast.dump(node))


def _around(tree: ast.Module) -> tuple[str, str]:
    copied = deepcopy(tree)
    copied.body = _undocumented(copied.body)
    left = _WithoutImports()
    around = ast.dump(left.generic_visit(copied))
    return around, "\n".join(sorted(left.imports))


def _first(tree: ast.Module, lines: _Lines) -> int | None:
    """Before the first statement that does something; None where there is none."""
    for node in _undocumented(tree.body):
        if not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            return lines.start(_line(node))
    return None
