"""Which files say what a project needs installed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_NAMES = frozenset(
    {
        "Cargo.lock", "Cargo.toml", "Directory.Packages.props", "Gemfile", "Gemfile.lock", "Pipfile", "Pipfile.lock",
        ".go-version", ".mise.toml", ".node-version", ".nvmrc", ".python-version", ".ruby-version", ".tool-versions",
        ".yarnrc.yml", "buildscript-gradle.lockfile", "global.json", "go.work.sum", "hatch.toml", "noxfile.py",
        "rust-toolchain", "rust-toolchain.toml", "tox.toml",
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
_TAKEN = re.compile(r"(?:^|\s)-[rc] '?([^\s';|&]+)")  # files that pip is given


def changes_dependencies(paths: Iterable[str], setup: Sequence[str] = ()) -> bool:
    """Whether `setup` has to run again after a change of these paths: they say what is needed, or it takes one."""
    taken = {path.rpartition("/")[2] for command in setup for path in _TAKEN.findall(command)}
    return any(path.rpartition("/")[2] in _NAMES | taken or _PATTERNS.search(path) for path in paths)
