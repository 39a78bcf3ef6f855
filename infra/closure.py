"""The files a module needs of this repository: itself, what it imports, and their packages. Standard library only.

    python infra/closure.py app.sandbox.remote.server DIRECTORY

copies them there with a `__main__.py` that calls the module's `main`, so that an image holds what runs in it and
nothing else of the product: `python DIRECTORY` starts it.
"""

from __future__ import annotations

import ast
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOPS = ("app", "handlers")
IN_TEXT = re.compile(r"\b(?:from|import) ((?:app|handlers)(?:\.\w+)+)")  # programs that are handed to another Python


def closure(*modules: str) -> list[Path]:
    """Paths below the root, sorted. Imports inside functions count, those for type checkers do not."""
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = _file(name)
        if path is None or name in found:
            continue
        found[name] = path
        parent = name.rpartition(".")[0]
        waiting += [parent] if parent else []
        text = path.read_text("utf-8")
        waiting += _imported(ast.parse(text))
        if "os.listdir(os.path.dirname(__file__))" in text:  # a package that finds its modules itself
            waiting += (f"{name}.{module.stem}" for module in path.parent.glob("[!_]*.py"))
    missing = [module for module in modules if module not in found]
    if missing:
        raise SystemExit(f"no such module: {', '.join(missing)}")
    return sorted(path.relative_to(ROOT) for path in found.values())


def _file(name: str) -> Path | None:
    if name.partition(".")[0] not in TOPS:
        return None
    place = ROOT.joinpath(*name.split("."))
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.is_file():
            return path
    return None


def _imported(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            for other in child.orelse:
                yield from _imported(other)
        elif isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module and not child.level:
            yield child.module
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        elif isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield from IN_TEXT.findall(child.value)
        else:
            yield from _imported(child)


def copy(paths: list[Path], target: Path) -> None:
    for path in paths:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target / path)


if __name__ == "__main__":
    name, place = sys.argv[1:]
    copy(closure(name), Path(place))
    Path(place, "__main__.py").write_text(f"from {name} import main\n\nmain()\n", "utf-8")
