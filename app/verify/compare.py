"""What the runs before and after a change say about it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from app.verify.run import CommandResult

Status = Literal["verified", "no_worse", "failed", "unverifiable"]
_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`ok` lets a change be proposed. `no_worse`: what fails now failed before as well. `unverifiable`: no tests.

    `note` says what stands in the way, for who has to fix it; what passes is said from the claims.
    """

    ok: bool
    status: Status
    note: str
    new_failures: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()


def compare(
    baseline: Sequence[CommandResult], head: Sequence[CommandResult], *, flaky: Collection[str] = ()
) -> Verdict:
    """Judge `head` against `baseline`, command by command. `flaky` tests, and commands that took too long once, speak
    neither for the change nor against.
    """
    if not head or all(_found_nothing(result) for result in head):
        return Verdict(ok=False, status="unverifiable", note="No tests were found; nothing verifies this change.")
    before = {result.command: result for result in baseline}
    verdicts = [_one(before.get(result.command), result, flaky) for result in head if not _found_nothing(result)]
    worst = max(verdicts, key=lambda verdict: _ORDER.index(verdict.status))
    fixed = tuple(name for verdict in verdicts for name in verdict.fixed)
    failures = tuple(name for verdict in verdicts for name in verdict.new_failures)
    note = " ".join(dict.fromkeys(verdict.note for verdict in verdicts if verdict.status == worst.status))
    return Verdict(ok=worst.ok, status=worst.status, note=note, new_failures=failures, fixed=fixed)


_ORDER: tuple[Status, ...] = ("verified", "no_worse", "failed", "unverifiable")


def _found_nothing(result: CommandResult) -> bool:
    return result.ending == "nothing"


def _one(before: CommandResult | None, after: CommandResult, flaky: Collection[str]) -> Verdict:
    old = set(before.counts.failing) if before and before.counts else set()
    new = set(after.counts.failing) if after.counts else set()
    if after.ok:
        return Verdict(ok=True, status="verified", note="", fixed=tuple(sorted(old)))
    fresh = tuple(sorted(new - old - set(flaky)))
    if not fresh and new - old and after.ending == "red" and _comparable(after):  # all that is new is flaky
        return Verdict(ok=True, status="no_worse", note="", fixed=tuple(sorted(old - new)))
    if after.ending == "killed" and after.command in flaky:
        return Verdict(ok=True, status="no_worse", note="")
    if before is None or before.ending in {"green", "nothing"} or after.exit_code is None:
        return Verdict(ok=False, status="failed", note=_failed(after, fresh or tuple(sorted(new))), new_failures=fresh)
    if after.counts is not None and after.counts.ran_nothing and not fresh:
        note = f"`{after.command}` broke off before any test ran, as it did before the change, so nothing verifies it."
        return Verdict(ok=False, status="failed", note=note)
    if not _comparable(before) or not _comparable(after):
        note = (
            f"`{after.command}` failed before the change already, and its output does not tell old failures from new."
        )
        return Verdict(ok=False, status="failed", note=note)
    if fresh:
        return Verdict(ok=False, status="failed", note=_failed(after, fresh), new_failures=fresh)
    return Verdict(ok=True, status="no_worse", note="", fixed=tuple(sorted(old - new)))


def _comparable(result: CommandResult) -> bool:
    return result.counts is not None and bool(result.counts.failing) and result.counts.names_all_failures


def _failed(result: CommandResult, names: Sequence[str]) -> str:
    if not names:
        return f"`{result.command}` ended with {result.ended}."
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"`{result.command}` ended with {result.ended}: {', '.join(names[:_NAMED])}{more}."


def runs_less(baseline: Sequence[CommandResult], head: Sequence[CommandResult]) -> bool:
    """Whether a command skips tests that it did not, or has fewer: how many new ones stand beside them is not seen."""
    before = {result.command: result.counts for result in baseline}
    return any(
        was.ran and (result.counts is None or result.counts.ran < was.ran or result.counts.skipped > was.skipped)
        for result in head
        if (was := before.get(result.command)) is not None
    )
