"""How a command is made to write a report beside what it prints: which reporter, by environment or by argument. Pure.

Nothing about what is tested changes: no selection, no setting of the project but its reporters. Where it is not known
that a command leads to a runner that can do it, there is no way, and what it prints is read instead. One file for each
family of runners.
"""

from __future__ import annotations

from dataclasses import replace

from app.projects import inside, taken_apart
from app.reports.ways import javascript, others, python
from app.reports.ways.way import PLACE, REPORT, Read, Way

__all__ = ["PLACE", "REPORT", "Way", "way_of"]


def way_of(command: str, read: Read) -> Way | None:
    """How `command`, run at the root of the tree, is made to write a report; None when there is no known way."""
    folder, there = taken_apart(command)
    at = f"{folder}/" if folder else ""

    def here(path: str) -> str:
        return read(at + path)

    found = others.way(there, here) or javascript.way(there, here) or python.way(there, read, at)
    if found is None:
        return None
    command = inside(folder, found.command)
    if found.streamed:
        heading = f"{found.heading} 2>/dev/null; " if found.heading else ""
        command = f"{{ {heading}{command}; }} | tee {PLACE}/{REPORT} | sha256sum"
    return replace(found, command=command)
