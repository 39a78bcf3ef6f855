"""A run follows its repository to another name or installation."""

from __future__ import annotations

from collections.abc import Callable

from app import log
from app.events.deciding import RunMoved
from app.jobs.job import Thread
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState


def move(ledger: RunLedger, to: Thread, clone_url: Callable[[str], str]) -> bool:
    """Let a run follow its repository to where `to` is; whether there was something to do."""

    def is_elsewhere(state: RunState) -> bool:
        thread = state.created.thread
        is_same = thread.repository_id == to.repository_id  # a run's index is a worker's word, its ledger is not
        return is_same and _there(thread, to) != thread

    thread = _there(ledger.state.created.thread, to)
    moved = ledger.append_if(is_elsewhere, RunMoved(thread=thread, clone_url=clone_url(to.repository)))
    if moved:
        log.event("installation.moved", run=ledger.run_id, repository=to.repository)
    return moved is not None


def say_again(ledger: RunLedger, installation_id: int, clone_url: Callable[[str], str]) -> None:
    """Let a run whose last words GitHub did not take say them now, through the installation of this id."""
    if ledger.events[-1].kind == "publish.abandoned":
        move(ledger, ledger.state.created.thread._replace(installation_id=installation_id), clone_url)
        ledger.announce()


def _there(thread: Thread, to: Thread) -> Thread:
    return thread._replace(repository=to.repository, installation_id=to.installation_id)
