"""JavaScript's tests where no script runs them: by the runner that is installed, or comes with the platform. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.checks.test_files import holds_tests
from app.projects import manifests
from app.projects.package_managers import Manager
from app.projects.plan import Folder

# Runners by the package that brings them; the first that is there is meant.
_RUNNERS: Sequence[tuple[str, str]] = (
    ("vitest", "vitest run"), ("jest", "jest"), ("mocha", "mocha"), ("ava", "ava"), ("tap", "tap"),
    ("jasmine", "jasmine"),
)  # fmt: skip
_SOURCES = (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts")
_SAMPLED = 30  # test files looked into


def runner_alone(folder: Folder, package: Mapping[str, Any], manager: Manager) -> tuple[tuple[str, ...], str]:
    """The command and why; empty where nothing is known."""
    brought = {**manifests.table(package, "dependencies"), **manifests.table(package, "devDependencies")}
    if "nx" in brought and "nx.json" in folder.names:
        return ("CI=true NX_DAEMON=false node_modules/.bin/nx run-many --target=test",), "an nx.json"
    tests = sorted(path for path in folder.paths if holds_tests(path) and path.endswith(_SOURCES))
    tests = [path for path in tests if not _is_nested(folder, path)]
    if not tests:
        return (), ""
    for name, command in _RUNNERS:
        if name in brought:
            return (f"CI=true node_modules/.bin/{command}",), f"tests for {name}"
    texts = [folder.read(path) for path in tests[:_SAMPLED]]
    if manager.name == "bun" and any(b"bun:test" in text for text in texts):
        return ("CI=true PATH=$HOME/tools/bin:$PATH bun test",), "tests for bun"
    if any(b"node:test" in text for text in texts) and not any(path.endswith((".ts", ".tsx")) for path in tests):
        return ("CI=true node --test",), "tests for node"
    return (), ""


def _is_nested(folder: Folder, path: str) -> bool:
    """Whether it belongs to a package below."""
    parts = path.split("/")[:-1]
    return any(f"{'/'.join(parts[:depth])}/package.json" in folder.paths for depth in range(1, len(parts) + 1))
