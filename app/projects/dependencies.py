"""Which files say what a project needs installed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NAMES = frozenset(
    {
        "Cargo.lock", "Cargo.toml", "Directory.Packages.props", "Gemfile", "Gemfile.lock", "Pipfile", "Pipfile.lock",
        "build.gradle", "build.gradle.kts", "bun.lock", "bun.lockb", "composer.json", "composer.lock", "deno.json",
        "deno.jsonc", "deno.lock", "go.mod", "go.sum", "go.work", "gradle.lockfile", "libs.versions.toml",
        "npm-shrinkwrap.json", "package-lock.json", "package.json", "packages.lock.json", "pdm.lock", "pnpm-lock.yaml",
        "pnpm-workspace.yaml", "poetry.lock", "pom.xml", "pylock.toml", "pyproject.toml", "settings.gradle",
        "settings.gradle.kts", "setup.cfg", "setup.py", "tox.ini", "uv.lock", "yarn.lock",
    }
)  # fmt: skip
_PATTERNS = re.compile(
    r"(^|/)(requirements|constraints)[^/]*\.(txt|in)$|(^|/)requirements/[^/]+\.(txt|in)$|\.(gemspec|csproj|fsproj|vbproj)$"
)


def changes_dependencies(paths: Iterable[str]) -> bool:
    """Whether `setup` has to run again after a change of these paths."""
    return any(path.rpartition("/")[2] in _NAMES or _PATTERNS.search(path) for path in paths)
