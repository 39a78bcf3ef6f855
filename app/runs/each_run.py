"""Many runs in turn, of which one may be broken: its ledger was wrecked by its worker, or a defect of ours meets it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app import log
from app.errors import TransientError
from app.ports.platform import RunSummary

_MOST_TOLD = 10_000
_told: set[tuple[str, str]] = set()  # of this process: the clock meets the same run at every tick


def each_run(runs: Iterable[RunSummary], do: Callable[[RunSummary], object]) -> int:
    """Do it for every run; for how many it was so. What is wrong with one is an error in the log, once, and keeps no
    other from its turn. Raises TransientError: the store or GitHub is away for all of them.
    """
    done = 0
    for run in runs:
        try:
            done += bool(do(run))
        except TransientError:
            raise
        except Exception as error:
            _tell(run.run_id, error)
    return done


def _tell(run_id: str, error: Exception) -> None:
    if (run_id, type(error).__name__) in _told:
        return
    if len(_told) >= _MOST_TOLD:
        _told.clear()
    _told.add((run_id, type(error).__name__))
    log.event("run.broken", level=log.ERROR, error=error, run=run_id)
