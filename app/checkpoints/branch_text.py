"""What the bot says of a default branch that is red: one issue for each cause. Pure."""

from __future__ import annotations

from app.checkpoints.checks_text import log_lines, named_jobs, since_when
from app.events.deciding import ChecksRead
from app.events.parts import CheckFailure
from app.runs.state.run_state import RunState
from app.text.outgoing import code, cut, plain


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
        _next(state, failure),
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


def _next(state: RunState, failure: CheckFailure) -> str:
    job = f"[the failed job]({failure.link})" if failure.link.startswith("https://") else "the failed job"
    if failure.kind == "infrastructure":
        return f"{failure.why} Whoever keeps the workflows has to look at {job}."
    if failure.kind in {"external", "flaky"}:
        return f"It is outside of this project. Somebody with write access can re-run {job}."
    return f"See {job}. `{state.created.names.prefix} fix` lets me repair it."
