"""What is wrong with what an issue tells of, as people read it where no change may be proposed. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from app.events.working import DiagnosisMade
from app.text.outgoing import code, line

_MOST = 5  # commands and places in sight


def diagnosis(said: DiagnosisMade, ran: Sequence[str]) -> str:
    """In the model's words; `ran` is what the harness recorded of the commands that were run, a line each."""
    where = ", ".join(code(place, 100) for place in said.where[:_MOST])
    lines = [line(said.what, 500), "", f"**Where**: {where}", "", f"**Why**: {line(said.why, 900)}"]
    lines += ["", f"**How it could be fixed**: {line(said.fix, 900)}"]
    lines += ["", f"**How sure I am**: {line(said.confidence, 20)}"]
    if ran:
        lines += ["", "**What was run**, as recorded:", "", *(f"- {code(text, 160)}" for text in ran[-_MOST:])]
    return "\n".join(lines)


def how_to_go_on(prefix: str) -> str:
    """After a diagnosis, and instead of a second one."""
    return (
        "`autonomy: diagnose` in `.github/lamplighter.yml` lets me change nothing. Set it to `plan`, `draft` or "
        f"`ready`, then `{prefix} fix`."
    )


def no_more(prefix: str) -> str:
    return f"I have said what is wrong here. {how_to_go_on(prefix)} `{prefix} retry` looks again."
