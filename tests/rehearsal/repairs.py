"""A breakage from the red check to the green one: CI that really runs, a diagnosis, `/agent ci`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.checkpoints.checks_text import MARKER
from app.ledger import Event
from app.local.clock import SystemClock
from app.local.store import SqliteStore
from app.runs.state import fold
from app.runs.state.run_state import RunState
from app.simulator import Pull
from tests.rehearsal.breakages import Breakage
from tests.rehearsal.cases import Edit
from tests.rehearsal.routes import LONGEST_SECONDS, LOOK_SECONDS, Stage
from tests.rehearsal.runners import Actions, installed


@dataclass(kw_only=True)
class Repair:
    """What became of one breakage. Exit codes are those of the step: with the packages of before on `main`, with those
    of after on the person's head and on ours. None: it was not run.
    """

    case: Breakage
    edits: tuple[Edit, ...]
    source: Path
    home: Path
    git_dir: Path = Path()
    base: str = ""
    head: str = ""  # the person's
    repaired: str = ""  # ours on top of it
    pull: Pull | None = None
    code_before: int | None = None
    code_red: int | None = None
    code_after: int | None = None
    diagnosed_seconds: float = 0.0
    repaired_seconds: float = 0.0
    comment: str = ""  # the diagnosis as it was when the person read it
    runs: dict[str, list[Event]] = field(default_factory=dict)  # by id, oldest first
    failure: str = ""  # it did not come to an end

    @property
    def states(self) -> list[RunState]:
        return [fold(run_id, events) for run_id, events in self.runs.items()]


def play(repair: Repair, stage: Stage, folder: Path, cache: Path) -> None:
    """Play it. `failure` says so when it did not come to an end."""
    case, github = repair.case, stage.github
    repo = github.repository(f"rehearsal/{case.name}", directory=repair.source)
    repair.git_dir = github.git_dir(repo.full_name)
    repair.base = repo.tip("main")
    actions = Actions(github=github, repo=repo, case=case, folder=folder, cache=cache)
    try:
        installed(case, cache, before=True)
    except LookupError:
        pass  # the interpreter of before is not on this machine
    else:
        repair.code_before = actions.check(repair.base, before=True, event="push")
    innocent = case.innocent
    text = repo.file("main", innocent.path).decode()
    github.contributor.push(repo, "words", {innocent.path: text.replace(innocent.old, innocent.new)}, innocent.title)
    pull = repair.pull = github.contributor.open_pull(repo, "words", innocent.title)
    repair.head = pull.head_sha
    repair.code_red = actions.check(repair.head)
    began = time.monotonic()
    if not _until(lambda: any(MARKER in comment.body for comment in pull.comments)):
        repair.failure = f"no diagnosis: {stage.log()}"
        return
    repair.diagnosed_seconds = time.monotonic() - began
    repair.comment = next(comment.body for comment in pull.comments if MARKER in comment.body)
    began = time.monotonic()
    github.maintainer.comment(pull, "/agent ci")
    if not _until(lambda: pull.head_sha != repair.head or _has_ended(stage, repo.full_name, 2)):
        repair.failure = f"no repair: {stage.log()}"
    elif pull.head_sha == repair.head:
        repair.failure = f"it ended without a commit: {pull.comments[-1].body}"
    else:
        repair.repaired_seconds = time.monotonic() - began
        repair.repaired = pull.head_sha
        repair.code_after = actions.check(repair.repaired)
        if not _until(lambda: _has_ended(stage, repo.full_name, 2)):
            repair.failure = f"not shown to the end: {stage.log()}"
    _read(repair, stage, repo.full_name)


def _until(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(LOOK_SECONDS)
    return False


def _has_ended(stage: Stage, repository: str, count: int) -> bool:
    """Whether so many runs have ended, and GitHub shows it."""
    store = SqliteStore(stage.home, SystemClock())
    try:
        found = [run for run in store.runs() if run.repository == repository]
    finally:
        store.close()
    return len(found) >= count and all(run.phase == "ended" and not run.unpublished for run in found)


def _read(repair: Repair, stage: Stage, repository: str) -> None:
    store = SqliteStore(stage.home, SystemClock())
    try:
        found = [run for run in store.runs() if run.repository == repository]
        repair.runs = {run.run_id: store.events(run.run_id) for run in sorted(found, key=lambda run: run.created_at)}
    finally:
        store.close()
