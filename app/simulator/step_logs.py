"""The part of a job's log that each of its steps wrote, as the archive of a run has it."""

from __future__ import annotations

import re
from datetime import datetime

from app.simulator.ci_records import Step

_TIME = re.compile(rb"\xef?\xbb?\xbf?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)")


def part(steps: list[Step], log: bytes) -> None:
    """Give every line to the last step that had begun by its time; one without a time belongs to the line before."""
    begun = [step for step in steps if step.started_at is not None]
    if not begun:
        return
    parts: dict[int, list[bytes]] = {}
    current = begun[0]
    for line in log.splitlines(keepends=True):
        if found := _TIME.match(line):
            at = datetime.fromisoformat(f"{found[1].decode()}+00:00")
            current = next((step for step in reversed(begun) if step.started_at and step.started_at <= at), begun[0])
        parts.setdefault(id(current), []).append(line)
    for step in begun:
        step.log = b"".join(parts.get(id(step), []))
