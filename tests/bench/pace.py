"""One installation with 8, 32 and 100 runs in simulated time: how long a result waits for GitHub's limits."""

from __future__ import annotations

from pathlib import Path

from app.ports.rate import Priority
from tests.bench.installation.account import percentile, told, violations, waited_with_room
from tests.bench.installation.play import CLOUD, ONE_MACHINE, Play, Shape
from tests.bench.installation.script import stories
from tests.bench.measure import Row, Scale

TITLE = "Pace of one installation (simulated hours; ten-minute runs; a result or a question until it is on GitHub)"
AIM_SECONDS = 30.0
_AT_ONCE_SECONDS = 60.0
_HOUR_SECONDS = 3600.0
_MOST_SECONDS = 4 * _HOUR_SECONDS


def rows(place: Path, scale: Scale) -> list[Row]:
    made = []
    for count in scale.installation_runs:
        for shape in (ONE_MACHINE, CLOUD):
            made.append(_row(place / f"once-{count}-{shape.publishers}", count, _AT_ONCE_SECONDS, shape))
        made.append(_row(place / f"hour-{count}", count, _HOUR_SECONDS, CLOUD))
    return made


def _row(place: Path, count: int, within_seconds: float, shape: Shape) -> Row:
    play = Play(place, stories(count, within_seconds=within_seconds), shape)
    try:
        play.run(most_seconds=_MOST_SECONDS)
        return _account(play, f"{count} runs {'at once' if within_seconds < _HOUR_SECONDS else 'in an hour'}")
    finally:
        play.close()


def _account(play: Play, what: str) -> Row:
    now, began = play.clock.now().timestamp(), play.began.timestamp()
    (written,) = play.github.limits.written.values()
    items = [item for item in told(play) if item.what != "end"]
    waited = [item.waited(now) for item in items]
    with_room = percentile([waited_with_room(item, now, written) for item in items], 0.95)
    hour = sum(item.visible is not None and item.visible - began <= _HOUR_SECONDS for item in items)
    by = ", ".join(f"{priority.name.lower()} {play.writes[priority]}" for priority in Priority if play.writes[priority])
    broken = violations(play.github.limits)
    return Row(
        what=f"{what}, {play.shape.name}",
        ours=f"{with_room:.0f} s p95",
        floor=f"{AIM_SECONDS:.0f} s",
        ratio=with_room / AIM_SECONDS,
        aim=1.0,
        note=f"{hour} of {len(items)} shown in the first hour; waited in all: median {percentile(waited, 0.5):.0f} s, "
        f"p95 {percentile(waited, 0.95):.0f} s, most {max(waited):.0f} s; writes: {by}; "
        + (f"LIMITS BROKEN: {'; '.join(broken[:3])}" if broken else "no limit broken"),
    )
