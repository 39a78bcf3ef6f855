"""Which folders of a repository are projects, and which only look like some. Pure."""

from __future__ import annotations

# What makes a folder the root of a project. Of C and C++ each folder has its CMakeLists.txt; only the root's counts.
_MANIFESTS = frozenset(
    {"pyproject.toml", "setup.py", "Cargo.toml", "go.mod", "go.work", "pom.xml", "build.gradle", "build.gradle.kts",
     "settings.gradle", "settings.gradle.kts", "package.json", "deno.json", "deno.jsonc", "Gemfile", "composer.json"}
)  # fmt: skip
_SOLUTIONS = (".sln", ".slnx")
# Folders whose manifests belong to tests, examples, somebody else's code or a tool of the project's own.
_NOT_PROJECTS = frozenset(
    {"test", "tests", "testing", "__tests__", "spec", "testdata", "test-data", "fixtures", "fixture", "__fixtures__",
     "example", "examples", "sample", "samples", "demo", "demos", "template", "templates", "vendor", "third_party",
     "third-party", "node_modules", "dist", "build", "target", "site-packages", "benchmarks", "bench", "e2e", "fuzz",
     ".github"}
)  # fmt: skip


def is_manifest(name: str) -> bool:
    return name in _MANIFESTS or name.endswith(_SOLUTIONS)


def is_own(home: str) -> bool:
    """Whether a folder with a manifest may be a project of this repository's; its root is one."""
    return not _NOT_PROJECTS & set(home.split("/"))
