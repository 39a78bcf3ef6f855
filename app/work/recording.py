"""What the work says of itself in the ledger, besides its results: stages, and requests of the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.events.working import EgressRequested, StageEnded, StageStarted
from app.ports.sandbox import EgressRequest
from app.runs.run_ledger import RunLedger


@contextmanager
def stage(ledger: RunLedger, name: str, note: str) -> Iterator[dict[str, Any]]:
    """A stage in the ledger; the body may set `ok` and `note` in the dictionary it is given."""
    ledger.append(StageStarted(stage=name, note=note))
    end: dict[str, Any] = {"ok": True, "note": ""}
    yield end
    ledger.append(StageEnded(stage=name, **end))


def requested(ledger: RunLedger, request: EgressRequest) -> None:
    """A request that was made inside, allowed or not."""
    ledger.append(
        EgressRequested(
            host=request.host,
            port=request.port,
            method=request.method,
            allowed=request.allowed,
            reason=request.reason,
            size_bytes=request.size_bytes,
            sent_bytes=request.sent_bytes,
        )
    )
