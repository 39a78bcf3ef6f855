"""Which new files are no part of a change: the base commit's `.gitignore` rules, and artefacts every tool leaves.

Evaluated here, without git: git in a tree that a sandbox could write would obey that tree.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from app.text.globs import Pattern, parse

# Folders that only tools make, wherever they stand.
ARTEFACT_FOLDERS = frozenset(
    {
        "__pycache__",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".hypothesis",
        ".tox",
        ".nox",
        ".venv",
        ".eggs",
        "node_modules",
        ".nyc_output",
        ".gradle",
        ".ipynb_checkpoints",
        ".pytype",
        ".pdm-build",
        ".turbo",
        ".parcel-cache",
        "htmlcov",
    }
)
_SUFFIXES = (".pyc", ".pyo")
_FOLDER_SUFFIXES = (".egg-info", ".dist-info")
_NAMES = frozenset({".coverage", ".DS_Store", "Thumbs.db"})

# Folders that are a tool's output only beside that tool's manifest: `build/` elsewhere may be somebody's source.
_BESIDE: Mapping[str, tuple[str, ...]] = {
    "target": ("Cargo.toml", "pom.xml", "build.sbt"),
    "build": ("pyproject.toml", "setup.py", "build.gradle", "build.gradle.kts"),
    "dist": ("pyproject.toml", "setup.py", "package.json"),
    "coverage": ("package.json",),
}


class Ignore:
    """Answers whether a path that the base commit does not track is left out of a change.

    `rules` are {path of a .gitignore: its text}; `tracked` are the base's paths. A tracked path is never ignored, nor
    is anything in an artefact folder in which the base tracks files.
    """

    def __init__(self, rules: Mapping[str, str] | None = None, tracked: Collection[str] = ()) -> None:
        self._tracked = frozenset(tracked)
        self._folders = _folders(self._tracked)
        self._patterns: dict[str, list[Pattern]] = {}  # by folder; the last line that matches decides
        for path, text in (rules or {}).items():
            lines = text.removeprefix("\ufeff").split("\n")
            self._patterns[path.rpartition("/")[0]] = [p for line in reversed(lines) if (p := parse(line)) is not None]
        self._is_excluded = lru_cache(maxsize=100_000)(self._excluded)

    def ignored(self, path: str) -> bool:
        """By `.gitignore` or as an artefact."""
        return path not in self._tracked and (self.artefact(path) or self.by_rule(path))

    def by_rule(self, path: str) -> bool:
        """By the `.gitignore` files alone, with git's rule that nothing in an ignored folder can be taken back."""
        if path in self._tracked:
            return False
        parts = path.split("/")
        folders = ("/".join(parts[:depth]) for depth in range(1, len(parts)))
        return any(self._is_excluded(folder, True) for folder in folders) or self._is_excluded(path, False)

    def artefact(self, path: str) -> bool:
        """Something a tool made: a cache, an installed environment, compiled output. Made again by `setup`."""
        if path in self._tracked:
            return False
        *folders, name = path.split("/")
        if name in _NAMES or name.endswith(_SUFFIXES):
            return True
        for depth, folder in enumerate(folders):
            here = "/".join(folders[: depth + 1])
            if here in self._folders:
                continue
            if folder in ARTEFACT_FOLDERS or folder.endswith(_FOLDER_SUFFIXES):
                return True
            above = "/".join((*folders[:depth], ""))
            if any(above + manifest in self._tracked for manifest in _BESIDE.get(folder, ())):
                return True
        return False

    def _excluded(self, path: str, is_folder: bool) -> bool:
        """The verdict on this very path: the nearest `.gitignore` with an opinion decides."""
        folder = path.rpartition("/")[0]
        while True:
            relative = path[len(folder) + 1 :] if folder else path
            for pattern in self._patterns.get(folder, ()):
                if pattern.matches(relative, is_folder=is_folder):
                    return not pattern.negated
            if not folder:
                return False
            folder = folder.rpartition("/")[0]


def environments(paths: Iterable[str]) -> tuple[str, ...]:
    """Prefixes ("venv/") of Python environments among `paths`, whatever they are called."""
    return tuple(path[: -len("pyvenv.cfg")] for path in paths if path.endswith("/pyvenv.cfg"))


def _folders(paths: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return frozenset(found)
