"""What the bot says when its rounds of work on a pull request go in circles. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from app.convergence import Circle, Round
from app.text.outgoing import code, plain, row

_ROUNDS = 6  # the last ones, in the table
_NAMED = 3  # files or failures of one


def stopped(found: Circle, rounds: Sequence[Round]) -> str:
    """Why the newest of `rounds` was not added, and what each of them was."""
    commit = code(found.of.sha[:7])
    files = _some(found.paths)
    what = {
        "back": f"it makes {files} what it was before my commit {commit}",
        "undoes": f"it takes back most of my commit {commit} (in {files})",
    }[found.how]
    rows = [row(["round", "what changed", "what had failed"]), "|---|---|---|"]
    for number, one in list(enumerate(rounds, start=1))[-_ROUNDS:]:
        where = code(one.sha[:7]) if one.sha else "not added"
        changed = f"{plain(one.title, 80)}: {_some(sorted(one.files))}"
        rows.append(row([f"{number} · {where}", changed, _some(one.failed) or "–"]))
    return "\n".join([f"I go in circles here, so I did not add my last change: {what}.", "", *rows])


def ask(prefix: str) -> str:
    """What a person is asked for."""
    return f"Say which of them is right, behind `{prefix}`. `{prefix} retry` adds my last change as it is."


def _some(names: Sequence[str]) -> str:
    named = ", ".join(code(name, 80) for name in names[:_NAMED])
    return named + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
