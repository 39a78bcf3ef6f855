"""Why a run ends before it costs anything: set-up fails, or the tests as they are cannot judge a change."""

from __future__ import annotations

from collections import Counter

from app.checkpoints import before_work, remedies
from app.ports.sandbox import Limits
from app.runs.run_ledger import RunLedger
from app.verify import CommandResult, Unfit


def why_unfit(found: Unfit, limits: Limits) -> str:
    result = found.result
    if result is None:
        return before_work.unknown()
    if found.why == "killed":
        return before_work.killed(
            result.command,
            result.ended,
            result.killed_by,
            timeout_seconds=limits.timeout_seconds,
            memory_mb=limits.memory_bytes >> 20,
        )
    if found.why == "broken":
        return before_work.broken(result.command, result.ended)
    if found.why == "unread":
        return before_work.unread(result.command, result.ended)
    return before_work.nothing(result.command, found.example)


def setup_failed(failed: CommandResult, ledger: RunLedger, limits: Limits) -> str:
    requests = [event.data for event in ledger.events if event.kind == "egress.requested"]
    return remedies.set_up(
        failed.command,
        failed.ended,
        killed_by=failed.killed_by,
        tail=failed.tail,
        requests=requests,
        memory_mb=limits.memory_bytes >> 20,
    )


def in_numbers(results: list[CommandResult]) -> str:
    """All of them together where each tells how many; else how the last one ended."""
    if not results:
        return "nothing to run"
    counts = [result.counts for result in results]
    if not all(counts):
        return f"`{results[-1].command}`: {results[-1].ended}"
    total = sum((Counter(one.numbers()) for one in counts if one), Counter[str]())
    return ", ".join(f"{number} {name}" for name, number in total.items() if number) or "no tests"
