"""The sandbox server as one file: `python infra/sandbox/archive.py OUT.pyz`. Runs on any Python from 3.9 on.

What goes in is what `app.sandbox.remote.server` imports, found by reading the sources; nothing is executed.
"""

from __future__ import annotations

import ast
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENTRY = "app.sandbox.remote.server"
MAIN = f"from {ENTRY} import main\n\nmain()\n"
ALSO = ("app.sandbox.keeper", "app.sandbox.starter")  # imported by the program text of the nursery
STAMP = (1980, 1, 1, 0, 0, 0)  # the same sources give the same bytes


def closure(entry: str = ENTRY) -> tuple[list[Path], set[str]]:
    """(files of this repository, names of other top-level modules) that `entry` reaches."""
    found: dict[Path, None] = {}
    foreign: set[str] = set()
    todo = [entry, *ALSO]
    while todo:
        name = todo.pop()
        for path in _files(name):
            if path not in found:
                found[path] = None
                todo += _imports(path, foreign)
    return sorted(found), foreign


def _files(name: str) -> list[Path]:
    """The module's file and its packages'; nothing for a name that is no module."""
    parts = name.split(".")
    packages = [ROOT.joinpath(*parts[:end], "__init__.py") for end in range(1, len(parts) + 1)]
    module = ROOT.joinpath(*parts).with_suffix(".py")
    return [path for path in (*packages, module) if path.is_file()]


def _imports(path: Path, foreign: set[str]) -> list[str]:
    ours: list[str] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        ours += [name for name in names if name.startswith("app.")]
        foreign.update(name.partition(".")[0] for name in names if not name.startswith("app"))
    return ours


def build(target: Path) -> int:
    """Write the archive; returns its size in bytes."""
    files, _foreign = closure()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in [
            ("__main__.py", MAIN.encode()),
            *((str(f.relative_to(ROOT)), f.read_bytes()) for f in files),
        ]:
            entry = zipfile.ZipInfo(name, STAMP)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return target.stat().st_size


if __name__ == "__main__":
    print(f"{sys.argv[1]}: {build(Path(sys.argv[1]))} bytes, {len(closure()[0])} files")  # noqa: T201
