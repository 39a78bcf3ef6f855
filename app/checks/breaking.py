"""Changes that break those who use the project: the public Python interface, and what package.json promises. Pure.

Read from the code, never run: griffe compares the two sides of each module. A judgement of names and signatures, not of
behaviour; nothing found is no promise.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.checks.changeset import ChangedFile, ChangeSet, Finding
from app.checks.test_files import is_test_path

_MAX_BYTES = 1_000_000
_PER_FILE = 20  # findings; a rewritten module needs no longer list
_PACKAGING = frozenset({"pyproject.toml", "setup.py", "setup.cfg"})
_NOT_API = frozenset(
    {"docs", "doc", "examples", "example", "scripts", "tools", "benchmarks", "bench", "demo", "migrations", ".github"}
)
_FILES_NOT_API = frozenset({"setup.py", "conftest.py", "noxfile.py", "fabfile.py", "manage.py", "__main__.py"})
_BREAKS = {
    "PARAMETER_MOVED": "a parameter was moved",
    "PARAMETER_REMOVED": "a parameter was removed",
    "PARAMETER_CHANGED_KIND": "a parameter is passed in another way",
    "PARAMETER_CHANGED_REQUIRED": "a parameter is now required",
    "PARAMETER_ADDED_REQUIRED": "a required parameter was added",
    "OBJECT_REMOVED": "it was removed",
    "OBJECT_CHANGED_KIND": "it is another kind of thing now",
    "CLASS_REMOVED_BASE": "a base class was removed",
}


def check_breaking(changeset: ChangeSet) -> Iterator[Finding]:
    """Earns the mark `breaking-change`. Python counts where the base commit has packaging metadata."""
    packaged = bool(_PACKAGING & changeset.base_paths)
    for file in changeset.files:
        if packaged and _is_public_module(file.path):
            yield from _python(file)
        elif file.path.rpartition("/")[2] == "package.json" and "node_modules" not in file.path.split("/"):
            yield from _package_json(file)


def _mark(file: ChangedFile, message: str, line: int = 0) -> Finding:
    return Finding(
        check="breaking-change", level="mark", path=file.path, message=message, line=line, mark="breaking-change"
    )


def _is_public_module(path: str) -> bool:
    *folders, name = path.split("/")
    if not name.endswith(".py") or name in _FILES_NOT_API or is_test_path(path) or _NOT_API & set(folders):
        return False
    return not any(part.startswith(("_", ".")) and part != "__init__.py" for part in (*folders, name))


def _python(file: ChangedFile) -> Iterator[Finding]:
    if file.kind == "delete" and file.old is not None and file.old.strip():
        yield _mark(file, "A public module was removed.")
    if file.kind != "modify" or file.old is None or file.new is None or max(len(file.old), len(file.new)) > _MAX_BYTES:
        return
    found = _compare(file)
    if found is None:
        return
    yield from found[:_PER_FILE]
    if len(found) > _PER_FILE:
        yield _mark(file, f"{len(found) - _PER_FILE} more incompatible changes.")


def _compare(file: ChangedFile) -> list[Finding] | None:
    """None when a side is no Python that can be read."""
    import griffe  # noqa: PLC0415 - 0.16 s, and only changes of Python need it

    name = file.path.rpartition("/")[2].removesuffix(".py")
    name = file.path.split("/")[-2] if name == "__init__" and "/" in file.path else name
    found: list[Finding] = []
    try:
        old, new = (
            griffe.visit(name, filepath=Path(file.path), code=content.decode("utf-8", "replace"))
            for content in (file.old or b"", file.new or b"")
        )
        for breakage in griffe.find_breaking_changes(old, new):
            words = _BREAKS.get(breakage.kind.name)
            if words is not None:
                found.append(_mark(file, f"{breakage.obj.path}{_parameter(breakage)}: {words}.", _line(breakage)))
    except (SyntaxError, ValueError, RecursionError, MemoryError, griffe.GriffeError):
        return None
    return list(dict.fromkeys(found))


def _parameter(breakage: Any) -> str:
    parameter = breakage.old_value or breakage.new_value
    return f"({parameter.name})" if type(parameter).__name__ == "Parameter" else ""


def _line(breakage: Any) -> int:
    line = getattr(breakage.new_value, "lineno", None)
    return line if isinstance(line, int) else 0


def _package_json(file: ChangedFile) -> Iterator[Finding]:
    old, new = _object(file.old), _object(file.new)
    if not old or file.kind == "delete" or old.get("private") is True:
        return
    for key in ("main", "module", "types", "bin", "exports"):
        if key in old and key not in new:
            yield _mark(file, f"`{key}` was removed.")
    exports_old, exports_new = _keys(old.get("exports")), _keys(new.get("exports"))
    if exports_new:
        for name in sorted(exports_old - exports_new)[:_PER_FILE]:
            yield _mark(file, f"The export {name!r} was removed.")
    for name in sorted(_keys(old.get("bin")) - _keys(new.get("bin")) if "bin" in new else ())[:_PER_FILE]:
        yield _mark(file, f"The command {name!r} was removed.")
    engines_old, engines_new = old.get("engines"), new.get("engines")
    if isinstance(engines_new, dict) and engines_old != engines_new:
        yield _mark(file, "The supported engines changed.")


def _keys(value: object) -> set[str]:
    return set(map(str, value)) if isinstance(value, dict) else set()


def _object(content: bytes | None) -> dict[str, Any]:
    try:
        value = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
