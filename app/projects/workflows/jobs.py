"""The jobs that guard the default branch: what each runs on Linux, step by step, where and with which values. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.projects.plan import Folder
from app.projects.workflows import matrix
from app.projects.workflows.events import event_of, guards
from app.projects.workflows.expressions import UNKNOWN, condition, substitute, typed
from app.projects.workflows.reading import FOLDER, Read, maps, table, text
from app.projects.workflows.steps import Scope, Step, run_steps

_MOST_JOBS = 80
_DEEPEST = 3  # workflows that call workflows
# Containers that are no more than a language: what runs in them runs here as well.
_PLAIN_IMAGE = re.compile(r"(?:docker\.io/)?(?:library/)?(python|node|golang|rust|ruby|php|ubuntu|debian)(?::.*)?")


@dataclass(frozen=True, kw_only=True)
class Job:
    """`lacks` is what its runner has and no sandbox does, each as a noun; `is_elsewhere` where that is the system."""

    path: str
    name: str
    steps: Sequence[Step]
    lacks: Sequence[str] = ()
    is_elsewhere: bool = False
    is_fed: bool = False  # with what another job has built

    @property
    def said(self) -> str:
        return f"job `{self.name}` of `{self.path}`"


def jobs(root: Folder, read: Read) -> list[Job]:
    found: list[Job] = []
    for path, workflow in read.files.items():
        if guards(workflow.get("on")):
            contexts = {"github": event_of(workflow.get("on"))}
            _of_workflow(_Walk(root=root, read=read, found=found, path=path), workflow, contexts, 0)
    return found


@dataclass(frozen=True, kw_only=True)
class _Walk:
    root: Folder
    read: Read
    found: list[Job]
    path: str


def _of_workflow(walk: _Walk, workflow: Mapping[str, Any], contexts: Mapping[str, Any], depth: int) -> None:
    contexts = {"runner": {"os": "Linux", "arch": "X64", "temp": "/tmp", "": UNKNOWN}, **contexts}  # noqa: S108
    outer = Scope(
        contexts={**contexts, "env": {"": UNKNOWN}}, filled_in=walk.read.filled_in.get(walk.path, frozenset())
    )
    outer = outer.within(workflow)
    for name, job in table(workflow, "jobs").items():
        if len(walk.found) >= _MOST_JOBS:
            return
        if isinstance(job, dict) and _runs(job, outer.contexts):
            _of_job(walk, str(name), job, outer, depth)


def _runs(job: Mapping[str, Any], contexts: Mapping[str, Any]) -> bool:
    """What nobody can tell lets it run: such conditions ask which paths a change touches, or whose repository it is."""
    may_fail = condition(text(job, "continue-on-error") or "false", contexts)
    return condition(text(job, "if") or "true", {**contexts, "matrix": UNKNOWN}) is not False and not may_fail


def _of_job(walk: _Walk, name: str, job: Mapping[str, Any], outer: Scope, depth: int) -> None:
    called = text(job, "uses")
    found = matrix.entries(table(job, "strategy").get("matrix"), outer.contexts)
    found = [entry for entry in found if _runs(job, {**outer.contexts, "matrix": entry})] or found
    if called:
        _called(walk, name, called, job, found, outer, depth)
        return
    runs_on = _runner(job.get("runs-on"))
    entry = matrix.plainest(found, runs_on, outer.contexts)
    scope = outer.with_matrix(found[0] if entry is None else entry).within(job)
    steps, lacks = run_steps(walk.root, job.get("steps"), scope)
    lacks = [*_lacks(job, scope), *lacks]
    if entry is None:
        named = substitute(runs_on, scope.contexts) or ""
        lacks = ["Windows" if "windows" in named.lower() else "macOS"]
    walk.found.append(
        Job(
            path=walk.path,
            name=name,
            steps=steps,
            lacks=lacks,
            is_elsewhere=entry is None,
            is_fed=any(text(step, "uses").startswith("actions/download-artifact") for step in maps(job.get("steps"))),
        )
    )


def _called(
    walk: _Walk, name: str, called: str, job: Mapping[str, Any], found: Sequence[matrix.Entry], outer: Scope, depth: int
) -> None:
    path = called.removeprefix("./")
    workflow = walk.read.files.get(path)
    if not called.startswith(f"./{FOLDER}/") or workflow is None or depth >= _DEEPEST:
        theirs = f"a workflow that is not read here, `{called.partition('@')[0][:100]}`"
        walk.found.append(Job(path=walk.path, name=name, steps=[], lacks=[theirs]))
        return
    given = table(job, "with")
    on_linux = [entry for entry in found if matrix.is_linux(" ".join(map(str, _flat(entry))))]
    entry = matrix.plainest(on_linux or found, "ubuntu", outer.contexts) or {}
    contexts = outer.with_matrix(entry).contexts
    inputs: dict[str, Any] = {"": None}
    declared = table(workflow, "on", "workflow_call", "inputs")
    for key in {*declared, *given}:
        value = given.get(key, table(declared, key).get("default"))
        told = substitute(value, contexts) if isinstance(value, str) else None
        inputs[key] = UNKNOWN if told is None and isinstance(value, str) else typed(told)
    inner = {"github": contexts["github"], "inputs": inputs}
    _of_workflow(replace(walk, path=path), workflow, inner, depth + 1)


def _flat(value: object) -> list[object]:
    if isinstance(value, dict):
        return [inner for item in value.values() for inner in _flat(item)]
    return [value]


def _runner(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("labels", value.get("group"))
    return " ".join(map(str, value)) if isinstance(value, list) else str(value or "ubuntu")


def _lacks(job: Mapping[str, Any], scope: Scope) -> list[str]:
    found = [f"the service `{name}`" for name in table(job, "services")]
    container = job.get("container")
    image = container.get("image") if isinstance(container, dict) else container
    if isinstance(image, str):
        told = substitute(image, scope.contexts)
        if told is None or (told and not _PLAIN_IMAGE.fullmatch(told)):
            found.append(f"the container `{told or 'of an image computed while it runs'}`")
    return found
