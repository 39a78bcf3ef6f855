"""The steps of one job: scripts with their folder and environment, expressions filled in. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.projects.plan import Folder
from app.projects.versions import in_file
from app.projects.workflows.environment import environment
from app.projects.workflows.expressions import UNKNOWN, condition, substitute, typed
from app.projects.workflows.reading import maps, parsed, table, text

_MOST_STEPS = 100
_DEEPEST = 3  # actions that use actions
_SHELLS = re.compile(r"(?:/\S*/)?(?:ba|z)?sh\b.*")
_RETRIES = re.compile(r"nick-(?:fields|invision)/retry@.*")
_SETS_UP = re.compile(
    r"(?:actions/setup-|ruby/setup-|oven-sh/setup-|denoland/setup-)(python|node|go|java|ruby|bun|deno)@.*"
)
# Actions that start what no sandbox has, by what stands in their names.
_STARTS = {
    "docker": r"docker|buildx|qemu|\bkind\b|minikube|k3[sd]\b|helm/",
    "a browser": r"playwright|cypress|chrome|firefox|selenium|browser",
    "a display": r"xvfb",
    "an emulator": r"emulator|simulator",
    "a database": r"postgres|mysql|mariadb|mongo|redis|elasticsearch|rabbitmq|kafka",
}
_RUST = re.compile(
    r"(?:dtolnay|actions-rs|actions-rust-lang|moonrepo)/(?:rust-)?(?:setup-rust-)?(?:toolchain|rust)@(.*)"
)
_NO_STABLE = re.compile(r"nightly|beta|miri")
TOOLCHAIN = "another toolchain"
_CYPRESS = re.compile(r"cypress-io/github-action@.*")
_HERE = {"$GITHUB_WORKSPACE": "", "${GITHUB_WORKSPACE}": "", "$RUNNER_TEMP": "/tmp", "${RUNNER_TEMP}": "/tmp",  # noqa: S108
         "$RUNNER_OS": "Linux", "${RUNNER_OS}": "Linux"}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Step:
    """`script` is empty where nobody can tell what would be run: `unclear` is then what it looks like."""

    number: int  # among all steps of its job, from 1
    name: str
    folder: str  # from the repository's root, "" for that
    script: str
    env: Mapping[str, str]
    secrets: Sequence[str] = ()  # names of variables that hold some
    filled_in: frozenset[str] = frozenset({"TOXENV"})  # names of variables that only make up scripts and settings
    unclear: str = ""
    version: str = ""  # `Python 3.12`, where it sets one up
    is_the_only: bool = False  # version, and not one of a matrix


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a job, or all jobs of a workflow, have in common."""

    contexts: Mapping[str, Any]
    folder: str = ""
    shell: str = ""
    env: Mapping[str, str] | None = None
    secrets: tuple[str, ...] = ()
    filled_in: frozenset[str] = frozenset()  # names of variables
    homes: Mapping[str, str] | None = None  # folders into which a repository is checked out → "" for this one

    def with_matrix(self, entry: Mapping[str, Any]) -> Scope:
        return replace(self, contexts={**self.contexts, "matrix": entry, "strategy": {"": UNKNOWN}})

    def within(self, data: Mapping[str, Any]) -> Scope:
        """With the `env` and `defaults` of a workflow or a job."""
        env, secrets, contexts = environment(data.get("env"), self.env or {}, self.contexts)
        run = table(data, "defaults", "run")
        folder = substitute(text(run, "working-directory") or self.folder, contexts)
        return replace(
            self,
            env=env,
            secrets=(*self.secrets, *secrets),
            contexts=contexts,
            folder=folder or "",
            shell=text(run, "shell") or self.shell,
        )


def run_steps(root: Folder, listed: object, scope: Scope, depth: int = 0) -> tuple[list[Step], list[str]]:
    """The steps that run here, and what they need that no sandbox has."""
    found: list[Step] = []
    lacks: list[str] = []
    for number, step in enumerate(maps(listed)[:_MOST_STEPS], start=1):
        if condition(text(step, "if") or "true", scope.contexts) is False:
            continue
        if condition(text(step, "continue-on-error") or "false", scope.contexts):
            continue
        used = text(step, "uses")
        if used.startswith("actions/checkout@"):
            scope = _checked_out(step, scope)
        elif used.startswith("./"):
            inner, more = _of_action(root, used, step, scope, depth)
            found += [replace(item, number=number) for item in inner]
            lacks += more
        elif used and not _RETRIES.fullmatch(used):
            lacks += _lacking(used, step, scope)
            found += _by_action(root, number, used, step, scope)
        elif made := _run(number, step, scope):
            found.append(made)
    return found, list(dict.fromkeys(lacks))


def _lacking(used: str, step: Mapping[str, Any], scope: Scope) -> list[str]:
    found = [what for what, pattern in _STARTS.items() if re.search(pattern, used, re.IGNORECASE)]
    if rust := _RUST.fullmatch(used):
        wanted = substitute(text(table(step, "with"), "toolchain"), scope.contexts) or rust[1]
        found += [TOOLCHAIN] if _NO_STABLE.search(wanted) else []
    return found


def _by_action(root: Folder, number: int, used: str, step: Mapping[str, Any], scope: Scope) -> list[Step]:
    """A language that an action sets up, and tests that one runs."""
    nothing = Step(number=number, name=text(step, "name"), folder="", script="", env={})
    if _CYPRESS.fullmatch(used):
        return [replace(nothing, unclear="Cypress tests")]
    if (match := _SETS_UP.fullmatch(used)) is None:
        return []
    given, name = table(step, "with"), match[1].capitalize()
    told = text(given, f"{match[1]}-version")
    wanted = substitute(told, scope.contexts) or ""
    version = wanted.strip().splitlines()[-1].strip() if wanted.strip() else ""
    if not version and (file := _folder(text(given, f"{match[1]}-version-file"), scope)):
        version = in_file(root, file, name)
    known = re.fullmatch(r"[\w.*^~<>=/-]{1,20}", version)
    return [replace(nothing, version=f"{name} {version}", is_the_only="matrix" not in told)] if known else []


def _run(number: int, step: Mapping[str, Any], scope: Scope) -> Step | None:
    script = text(step, "run") or text(table(step, "with"), "command")
    shell = text(step, "shell") or scope.shell
    if not script.strip() or (shell and not _SHELLS.fullmatch(shell)):
        return None
    env, secrets, contexts = environment(step.get("env"), scope.env or {}, scope.contexts)
    asked = text(step, "working-directory") or scope.folder
    folder = _folder(substitute(asked, contexts), scope)
    if folder is None:
        return None
    up = posixpath.relpath(".", folder or ".")
    github = {**(contexts.get("github") or {}), "workspace": up}
    told = substitute(script, {**contexts, "github": github})
    return Step(
        number=number,
        name=text(step, "name"),
        folder=folder,
        script=_here(told, up) if told is not None else "",
        env=env,
        secrets=(*scope.secrets, *secrets),
        filled_in=frozenset({"TOXENV", *scope.filled_in, *re.findall(r"(?:\$\{?|\benv\.)(\w+)", script)}),
        unclear="" if told is not None else script,
    )


def _here(script: str, up: str) -> str:
    for variable, value in _HERE.items():
        script = script.replace(variable, value or up)
    return script


def _folder(asked: str | None, scope: Scope) -> str | None:
    """From the root of this repository; None outside of it, and where nobody can tell."""
    if asked is None or "$" in asked.replace("$GITHUB_WORKSPACE", "") or asked.startswith(("/", "~")):
        return None
    folder = posixpath.normpath(asked.replace("$GITHUB_WORKSPACE", ".") or ".")
    folder = "" if folder == "." else folder
    for home, own in (scope.homes or {}).items():
        if folder == home or folder.startswith(f"{home}/"):
            return None if own else folder.removeprefix(home).strip("/")
    return None if folder.startswith("..") else folder


def _checked_out(step: Mapping[str, Any], scope: Scope) -> Scope:
    given = table(step, "with")
    path = posixpath.normpath(text(given, "path") or ".")
    other = text(given, "repository")
    is_other = bool(other) and "github.repository" not in other and "head.repo" not in other
    if path == ".":
        return scope
    return replace(scope, homes={**(scope.homes or {}), path: other if is_other else ""})


def _of_action(
    root: Folder, used: str, step: Mapping[str, Any], scope: Scope, depth: int
) -> tuple[list[Step], list[str]]:
    """The `run` steps of an action of the repository's own."""
    home = used.removeprefix("./").strip("/")
    name = next((path for end in ("yml", "yaml") if (path := f"{home}/action.{end}") in root.paths), "")
    action, why = parsed(root.read(name)) if name else ({}, "")
    if not action or why or depth >= _DEEPEST:
        return [], []
    inputs: dict[str, Any] = {"": None}
    given = table(step, "with")
    for key, declared in table(action, "inputs").items():
        value = given.get(key, table({"": declared}, "").get("default"))
        told = substitute(value, scope.contexts) if isinstance(value, str) else None
        inputs[key] = UNKNOWN if told is None and isinstance(value, str) else typed(told)
    inside = replace(scope, contexts={**scope.contexts, "inputs": inputs}, folder="", shell="")
    return run_steps(root, table(action, "runs").get("steps"), inside, depth + 1)
