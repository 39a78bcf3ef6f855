"""What is left to those who run the tests by a Makefile, a justfile or a Taskfile alone. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.projects import manifests
from app.projects.idle import is_idle
from app.projects.others import BUNDLE, COMPOSER
from app.projects.package_managers import manager_of
from app.projects.plan import Folder, Project
from app.text.set_up import saying

_TARGETS = ("test", "check", "tests")
MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
JUSTFILES = ("justfile", "Justfile", ".justfile")
TASKFILES = ("Taskfile.yml", "Taskfile.yaml", "taskfile.yml", "taskfile.yaml")

_STARTED = {
    "composer.json": re.compile(r"vendor/bin/|\bcomposer\s|\bphpunit\b"),
    "Gemfile": re.compile(r"\bbundle\s+exec\b"),
    "package.json": re.compile(r"node_modules/|\b(?:npm|npx|pnpm|yarn)\s"),
}
_INSTALLS = {"composer.json": COMPOSER, "Gemfile": f"{BUNDLE} install --quiet"}


def make(folder: Folder) -> Project | None:
    for name in MAKEFILES:
        for target in _TARGETS if name in folder.names else ():
            if not _is_idle_target(folder.text(name), target):
                return _project(folder, f"make {target}", "Make", f"a `{target}` target in the {name}")
    for name in JUSTFILES:
        for target in _TARGETS if name in folder.names else ():
            if re.search(rf"^@?{target}\b[^:=\n]*:(?!=)", folder.text(name), re.MULTILINE):
                return _project(folder, f"just {target}", "just", f"a `{target}` recipe in the {name}")
    for name in TASKFILES:
        for target in _TARGETS if name in folder.names else ():
            if re.search(rf"^  [\"']?{target}[\"']?:", folder.text(name), re.MULTILINE):
                return _project(folder, f"task {target}", "Task", f"a `{target}` task in the {name}")
    return None


def _project(folder: Folder, command: str, language: str, why: str) -> Project:
    return Project(folder=folder.path, setup=tuple(_needed(folder)), verify=(command,), language=language, why=why)


def _needed(folder: Folder) -> Iterator[str]:
    """What the recipes start out of folders that only an installation fills. It may be for another target: then the
    tests do without.
    """
    text = "\n".join(folder.text(name) for name in (*MAKEFILES, *JUSTFILES, *TASKFILES) if name in folder.names)
    for manifest, started in _STARTED.items():
        if manifest not in folder.names or not started.search(text):
            continue
        package = manifests.json_object(folder.read(manifest)) if manifest == "package.json" else {}
        commands = manager_of(folder, package).install if package else (_INSTALLS.get(manifest, ""),)
        for command in filter(None, commands):
            yield f"{command} || {saying(f'what {manifest} names could not be installed for the recipes')}"


def _is_idle_target(makefile: str, target: str) -> bool:
    """Whether the target is missing or its recipe runs nothing; with prerequisites it is theirs to run something."""
    head = rf"^(?:[\w.-]+ )*{target}(?: [\w.-]+)*\s*::?(?!=)(.*)\n((?:\t.*\n?)*)"
    found = re.search(head, makefile + "\n", re.MULTILINE)
    if found is None:
        return True
    recipe = [line.strip().lstrip("@-+ ") for line in found[2].splitlines() if line.strip()]
    return not found[1].strip() and bool(recipe) and all(is_idle(line) for line in recipe)
