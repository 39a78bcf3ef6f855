"""JavaScript and TypeScript: npm, pnpm, yarn, bun and their workspaces; deno. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.checks.test_files import holds_tests
from app.projects import manifests
from app.projects.idle import is_idle
from app.projects.members import matching
from app.projects.package_managers import Manager, manager_of
from app.projects.plan import Folder, Project, inside
from app.projects.runners import runner_alone

_NEEDS = ("dependencies", "devDependencies", "optionalDependencies", "workspaces")
_WANTED = ("dependencies", "devDependencies", "optionalDependencies")
_LOCAL = ("workspace:", "file:", "link:", "portal:", "./", "../")
_NAME = re.compile(r"(?:@[\w.-]+/)?[\w.-]+")
_MOST_MEMBERS = 12  # whose tests are run one by one, each with counts of its own


def node(folder: Folder) -> Project | None:
    """The root's `test` script, which with workspaces is the project's own way to run them all; else every member's."""
    if "package.json" not in folder.names:
        return None
    package = manifests.json_object(folder.read("package.json"))
    members = _members(folder, package)
    above = _workspace_of(folder)
    workspace = above or folder
    manager = replace(manager_of(workspace, _package(workspace)), own=_own(workspace))
    if _has_tests(package):
        verify: tuple[str, ...] = (manager.run("test"),)
        why = "a test script in package.json"
    elif tested := [member for member in members if _has_tests(_package(folder, member))]:
        verify = _of_members(manager, tested)
        why = f"the test scripts of {len(tested)} {manager.name} workspace{'s' if len(tested) != 1 else ''}"
    else:
        verify, why = runner_alone(folder, package, manager)
    if not verify:
        return None
    needs = bool(members or above) or any(package.get(key) for key in _NEEDS)
    up = posixpath.relpath(above.path or ".", folder.path or ".") if above else ""
    return Project(
        folder=folder.path,
        setup=tuple(inside(up, command) for command in (manager.install if needs else manager.bring)),
        verify=verify,
        language="JavaScript",
        why=why,
        members=folder.inside(*members),
    )


def deno(folder: Folder) -> Project | None:
    name = next((name for name in ("deno.json", "deno.jsonc") if name in folder.names), "")
    if not name or not any(holds_tests(path) for path in folder.paths):
        return None
    text = folder.text(name)  # with comments, which JSON has not
    has_task = re.search(r'"tasks"\s*:\s*\{[^}]*"test"\s*:', text)
    listed = re.search(r'"workspace"\s*:\s*\[([^\]]*)\]', text)
    patterns = re.findall(r'"([^"]+)"', listed[1]) if listed else []
    return Project(
        folder=folder.path,
        setup=("deno install --frozen" if "deno.lock" in folder.names else "deno install",),
        verify=("deno task test" if has_task else "deno test --allow-all --cached-only",),
        language="JavaScript",
        why=f"a {name}",
        members=folder.inside(*matching(folder, patterns, "deno.json"), *matching(folder, patterns, "deno.jsonc")),
    )


def _of_members(manager: Manager, tested: list[str]) -> tuple[str, ...]:
    if len(tested) <= _MOST_MEMBERS:
        return tuple(inside(member, manager.run("test")) for member in tested)
    return (manager.run_everywhere("test"),)


def _has_tests(package: Mapping[str, Any]) -> bool:
    script = manifests.table(package, "scripts").get("test")
    return isinstance(script, str) and not is_idle(script) and "no test specified" not in script


def _package(folder: Folder, member: str = "") -> Mapping[str, Any]:
    return manifests.json_object(folder.read(f"{member}/package.json" if member else "package.json"))


def _own(workspace: Folder) -> tuple[str, ...]:
    """Names of members that the root or another member asks for otherwise than by a path."""
    packages = [_package(workspace), *(_package(workspace, home) for home in _members(workspace, _package(workspace)))]
    names = {name for package in packages[1:] if isinstance(name := package.get("name"), str)}
    wanted = [
        (name, said) for package in packages for key in _WANTED for name, said in manifests.table(package, key).items()
    ]
    by_range = {name for name, said in wanted if isinstance(said, str) and not said.startswith(_LOCAL)}
    return tuple(sorted(name for name in names & by_range if _NAME.fullmatch(name)))


def _workspace_of(folder: Folder) -> Folder | None:
    """The workspace above of which it is a member: only there the members find one another, and not the registry's."""
    parts = folder.path.split("/") if folder.path else []
    for home in ("/".join(parts[:depth]) for depth in range(len(parts))):
        above = Folder.of(folder.root, home) if home else folder.root
        if folder.path in above.inside(*_members(above, _package(above))):
            return above
    return None


def _members(folder: Folder, package: Mapping[str, Any]) -> tuple[str, ...]:
    """Folders of the workspace's packages, relative to its root."""
    listed = package.get("workspaces")
    patterns = manifests.texts(listed.get("packages") if isinstance(listed, dict) else listed)
    patterns += manifests.texts(manifests.yaml_object(folder.read("pnpm-workspace.yaml")).get("packages"))
    return matching(folder, patterns, "package.json")
