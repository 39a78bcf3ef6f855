"""New files of tests that may decide how other tests end, by what they do when they are loaded, or to modules. Pure.

A guess on the safe side: it costs no more than a run of the old tests without them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Set

# Whoever names one of these may reach everything.
_FUNCTIONS = frozenset({"setattr", "delattr", "exec", "eval", "compile", "__import__", "globals", "vars", "load_tests"})
_REACHING = frozenset({
    "__dict__", "modules", "reload", "_exit", "kill", "gc", "ctypes", "builtins", "settrace", "setprofile", "atexit",
    "pytest_plugins", "start", "putenv", "meta_path", "path_hooks", "_getframe", "__class__", "__code__",
})  # fmt: skip
_ALL_RUN_AT_ONCE = "(?:it|test|describe|context|suite)"
_LINES: Mapping[str, str] = {
    **dict.fromkeys(
        ("js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts"),
        rf"\.only\s*\(|\bf(?:it|describe)\s*\(|\bprocess\.(?:exit|kill|on)\b|\bglobal(?:This)?\b|\brequire\.cache\b"
        rf"|\.prototype\b|\bdefineProperty\b|\bnode:module\b|['\"]module['\"]|^{_ALL_RUN_AT_ONCE}\s*=[^=>]",
    ),
    "go": r"^func (?:TestMain|init)\(|\bos\.Exit\b|^var _\s*=",
    "rb": r"^\s*(?:class|module)\s+(?!\S*(?:Test|Spec))|_eval\b|\bdefine_method\b|\bexit!?\b|\bat_exit\b|_any_instance",
    "php": r"^function\s|\bexit\b|\bdie\(|\bregister_shutdown_function\b|\b(?:runkit|uopz)\w*",
}  # fmt: skip
_ENDING_OF_LINES = {ending: re.compile(pattern, re.MULTILINE) for ending, pattern in _LINES.items()}


def disturbs(path: str, content: bytes) -> bool:
    ending = path.rpartition(".")[2]
    if ending == "py":
        return _python(content)
    pattern = _ENDING_OF_LINES.get(ending)
    return pattern is not None and bool(pattern.search(content.decode("utf-8", "replace")))


def _python(content: bytes) -> bool:
    try:
        tree = ast.parse(content)
        return _acts(tree.body) or _reaches_out(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True


def _acts(body: Iterable[ast.stmt]) -> bool:
    """Whether something is called for its effect while the file is loaded."""
    for node in body:
        if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant) and not _is_about_paths(node.value):
            return True
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or _is_for_main(node):
            continue
        if _acts(_inner(node)):
            return True
    return False


def _inner(node: ast.stmt) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from child.body


def _is_for_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def _is_about_paths(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in {"sys.path.insert", "sys.path.append"}


def _reaches_out(tree: ast.Module) -> bool:
    nodes = list(ast.walk(tree))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    names |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    imported = {alias.asname or alias.name.partition(".")[0] for node in imports for alias in node.names}
    named = {part for node in imports for alias in node.names for part in alias.name.split(".")}
    named |= {part for node in imports if isinstance(node, ast.ImportFrom) for part in (node.module or "").split(".")}
    words = names | named | {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    if (names | named) & _FUNCTIONS or words & _REACHING:
        return True
    foreign = _with_other_names(tree, imported)
    stored = (node for node in nodes if isinstance(node, ast.Attribute | ast.Subscript))
    return any(_root(node) in foreign for node in stored if isinstance(node.ctx, ast.Store | ast.Del))


def _with_other_names(tree: ast.Module, imported: Set[str]) -> set[str]:
    given = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Call)]
    found, before = set(imported), 0
    while len(found) > before:
        before = len(found)
        for node in given:
            if _root(node.value) in found:
                found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
