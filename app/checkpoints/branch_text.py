"""What the bot says of a default branch that is red: one issue for each cause. Pure."""

from __future__ import annotations

import re

from app.checkpoints.checks_text import log_lines, named_jobs, since_when
from app.events.deciding import ChecksRead
from app.events.parts import CheckFailure
from app.runs.state.run_state import RunState
from app.text.outgoing import code, cut, plain

_MARKER = re.compile(r"<!-- lamplighter red ([0-9a-f]{16}) -->")


def marker(failure: CheckFailure) -> str:
    """By which the issue of a cause is found again, whichever run reads it."""
    return f"<!-- lamplighter red {failure.signature} -->"


def title(read: ChecksRead, failure: CheckFailure) -> str:
    """Which check, where, and the first words of why."""
    job = failure.jobs[0] if failure.jobs else "A check"
    return plain(f"{job} fails on {read.branch}: {failure.key}", 100)


def body(state: RunState, read: ChecksRead, failure: CheckFailure) -> str:
    """What failed, since when, what the log says and what to do."""
    step = f", step {code(failure.step, 80)}" if failure.step else ""
    seen = f"Last on {code(read.sha[:7])}"
    seen += f", and on {failure.times - 1} before." if failure.times > 1 else "."
    since = since_when(failure, read.sha)
    lines = [
        marker(failure),
        f"**{named_jobs(failure)}**{step} fails on {code(read.branch, 80)}: {code(failure.key, 200)}",
        "",
        f"{since} {seen}".strip(),
        _next(state, read, failure),
        "",
        *log_lines(failure),
        "",
        f"<sub>I close this when it passes on {code(read.branch, 80)} again. "
        f"Read from the checks, nothing was run · run `{state.run_id[:8]}`</sub>",
    ]
    return cut("\n".join(lines))


def green_again(read: ChecksRead) -> str:
    """The last word on a cause that is over."""
    return f"✅ It passes on {code(read.branch, 80)} again, with {code(read.sha[:7])}."


def signature_in(body: str) -> str:
    """The signature of the cause that an issue of ours is about; empty for every other text."""
    found = _MARKER.search(body)
    return found[1] if found else ""


def _next(state: RunState, read: ChecksRead, failure: CheckFailure) -> str:
    job = f"[the failed job]({failure.link})" if failure.link.startswith("https://") else "the failed job"
    if failure.kind == "infrastructure":
        return f"{failure.why} Whoever keeps the workflows has to look at {job}."
    if failure.kind in {"external", "flaky"}:
        return f"It is outside of this project. Somebody with write access can re-run {job}."
    fix = f"`{state.created.names.prefix} fix`"
    if failure.signature in read.tired:
        return f"See {job}. I repaired this, and it came back: **a person has to look**. {fix} lets me try once more."
    if failure.signature in read.begun:
        return f"See {job}. I have begun to repair it: what comes of it is said below. {fix} begins anew after that."
    if failure.signature in read.fixes:
        return f"See {job}. I begin to repair it now, and say here what comes of it."
    hindered = f" I do not begin by myself: {read.hindered}" if read.hindered else ""
    return f"See {job}.{hindered} {fix} lets me repair it."
