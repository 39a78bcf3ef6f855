"""The vocabulary of a ledger, and who may say what in it: a frozen record for every kind of event.

A worker runs beside hostile code and may be taken over by it. It may tell of its own work and nothing else (`working`,
`conversing`): not where the run belongs, what people said to it, what it may cost or what GitHub shows (`deciding`,
`publishing`). The control side may say everything: it speaks for a worker that died. `app.runs.state` takes no notice
of what a worker had no right to say, and `app.runs.worker_store` does not let it be said.
"""

from __future__ import annotations

from app.events import conversing, deciding, knowing, outcomes, publishing, working
from app.events.record import CONTROL, RECORDS, UNKNOWN, WORKER, Record, may_say, read

__all__ = [
    "CONTROL",
    "KINDS",
    "RECORDS",
    "UNKNOWN",
    "WORKER",
    "Record",
    "conversing",
    "deciding",
    "knowing",
    "may_say",
    "outcomes",
    "publishing",
    "read",
    "working",
]

KINDS = frozenset(RECORDS)
CONTROL_KINDS = frozenset(kind for kind, record in RECORDS.items() if record.author == CONTROL)
WORKER_KINDS = KINDS - CONTROL_KINDS
