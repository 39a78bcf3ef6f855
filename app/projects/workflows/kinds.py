"""What a command of a workflow is for: it tests, lints, installs, builds, publishes, or needs what no sandbox has.

Judged by the tool where it is known, by what a task says it runs where the project says that, else by its name. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.projects.idle import is_idle
from app.projects.plan import Folder
from app.projects.workflows import known_commands as known
from app.projects.workflows.shell import Command, commands, is_unsure
from app.projects.workflows.tasks import Task, task_of
from app.projects.workflows.wrappers import bare

Name = Literal["test", "lint", "install", "build", "publish", "absent", "prepare", "other"]

_DEEPEST = 5  # tasks that run tasks
_LEFT_OUT = re.compile(r"--(ignore|exclude|deselect|testPathIgnorePatterns)(-glob)?[= ]\S+|not \w+")
_BY_TEXT: Mapping[Name, re.Pattern[str]] = {
    "lint": known.LINTS, "test": known.TESTS, "build": known.BUILDS, "prepare": known.PREPARES,
}  # fmt: skip
_BY_WEIGHT: tuple[Name, ...] = ("test", "build", "lint", "install", "prepare")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """`lacks` says what of `absent` is not there, `tests` whether it would be a test if it were."""

    name: Name
    lacks: str = ""
    tests: bool = False


_BROWSER = Kind(name="absent", lacks="a browser", tests=True)


def kind_of(command: Command, folder: Folder, depth: int = 0) -> Kind:
    inner = bare(command)
    text = inner.command.rest
    if known.PUBLISHES.search(text):
        return Kind(name="publish")
    if is_idle(command.text):
        return Kind(name="other")
    for lacks, pattern in known.ABSENT.items():
        if pattern.search(text) or pattern.search(command.rest):
            return Kind(name="absent", lacks=lacks, tests=bool(known.WOULD_TEST.search(text)))
    if known.INSTALLS.search(text):
        return Kind(name="install")
    if is_unsure(command) or known.NO_SUITE.search(text):
        return Kind(name="other")
    task = task_of(inner.command, folder)
    if task is not None and depth < _DEEPEST:
        return _of_task(task, folder, depth)
    name: Name = next((name for name, pattern in _BY_TEXT.items() if pattern.search(text)), "other")
    if name == "test" and "--no-run" in text:
        return Kind(name="build")
    return _BROWSER if name == "test" and _words(_LEFT_OUT.sub("", command.text)) & known.BROWSERS else Kind(name=name)


def of_script(script: str, folder: Folder, depth: int = 0) -> Kind:
    """Of a whole script, program or not: what it tests counts more than what else it does."""
    listed = commands(script)
    if listed is None:
        lines = [
            re.sub(r"^(if|then|else|do|while|!)\s+|^\S+\)\s+", "", line.strip()) for line in re.split(r"[\n;]", script)
        ]
        lines = [re.sub(r"\$\{?PREFIX\}?", "", line) for line in lines]
        listed = [command for line in lines for command in commands(line) or ()]
    kinds = [kind_of(command, folder, depth) for command in listed]
    names = {kind.name for kind in kinds}
    if "publish" in names:
        return Kind(name="publish")
    if absent := next((kind for kind in kinds if kind.name == "absent"), None):
        return absent
    return Kind(name=next((name for name in _BY_WEIGHT if name in names), "other"))


def _of_task(task: Task, folder: Folder, depth: int) -> Kind:
    words = _words(task.name)
    if words & known.BROWSERS:
        return _BROWSER
    if "install" in words:
        return Kind(name="install")
    if task.runs is not None:
        kind = of_script(task.runs, folder, depth + 1)
        if kind.name == "test" and words & known.NO_BEHAVIOUR:
            return Kind(name="lint")
        if kind.name == "test" and words & known.NO_TEST and not words & {*known.TESTY, "check"}:
            return Kind(name="other")
        if kind.name != "other":
            return kind
    return by_name(words)


def by_name(words: frozenset[str]) -> Kind:
    """Of a task that does not say what it runs, or a session of tox or nox."""
    if words & known.TESTY and not words & (known.NO_TEST - {"check"}):
        return Kind(name="test")
    if words & known.LINTY:
        return Kind(name="lint")
    return Kind(name="build" if words & {"build", "compile", "bundle", "generate", "dist"} else "other")


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z0-9]+", text.lower()))
