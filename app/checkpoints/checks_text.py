"""What the bot says about failed checks. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.checkpoints.moments import utc
from app.checkpoints.reproduction_text import reproduction_lines
from app.events.deciding import ChecksRead
from app.events.parts import CheckFailure
from app.failures.chance import may_pass_again
from app.runs.state.run_state import RunState
from app.text.outgoing import code, cut, fence, line, plain, plain_lines

MARKER = "<!-- lamplighter checks -->"  # one comment on a pull request, edited in place
_SHOWN = 5  # failures in sight
_LINES = 15  # of a log, folded
_MOST_NOTES = 100  # at lines; as many as GitHub tells again at once
_NOTE_CHARS = 2_000
# Inside the repository, as Git names it.
_PATH = re.compile(r"(?!.*(?:^|/)\.{1,2}(?:/|$))[^/\\\s:~][^\\\x00-\x1f]{0,499}")

_WHOSE: Mapping[str, str] = {
    "ours": "this change",
    "deterministic": "it fails each time",
    "base-is-red": "the base branch fails in the same way",
    "flaky": "chance",
    "external": "a service outside of the project",
    "infrastructure": "the runner or the workflow's settings",
    "cancelled": "it was cancelled",
    "unknown": "not known",
}


def diagnosis(state: RunState, read: ChecksRead) -> str:
    """What failed, whose it is and who can do what; or that all is green again."""
    sha = code(read.sha[:7])
    if not read.failures:
        headline = f"### ✅ All checks of {sha} have passed"
        return cut("\n".join([MARKER, headline, *_ran_again(state), *_by_chance(read)]))
    jobs = len({job for failure in read.failures for job in failure.jobs}) or len(read.failures)
    many = "check" if jobs == 1 else "checks"
    lines = [MARKER, f"### 🔎 {jobs} {many} failed on {sha}", ""]
    repair = _repair(state)
    for failure in read.failures[:_SHOWN]:
        lines += [*_failure(failure, read, repair), ""]
    if len(read.failures) > _SHOWN:
        lines += [f"{len(read.failures) - _SHOWN} more causes are in the checks themselves.", ""]
    if read.pending:
        lines += [f"Not waited for any longer: {', '.join(code(name, 60) for name in read.pending[:5])}.", ""]
    lines += [*_by_chance(read)[1:], ""] if read.by_chance else []
    if read.undone:
        lines += ["A change of mine was taken back here, so I repair nothing before somebody asks.", ""]
    elif read.again or read.rounds:
        lines += [_rounds(read), ""]
    elif read.reruns:
        lines += [f"I had it run again {_times(read.reruns)}, and it still fails: **a person has to look**.", ""]
    ran_here = reproduction_lines(state)
    lines += [*ran_here, ""] if ran_here else []
    ran = "" if read.reruns or ran_here else ", nothing was run"
    lines += [f"<sub>Read from the checks{ran} · run `{state.run_id[:8]}`</sub>"]
    return cut("\n".join(lines))


def _ran_again(state: RunState) -> list[str]:
    """Who had it run again, and since when it passes; nothing where that is not why it was read."""
    if not state.created.trigger.startswith("workflow_run"):
        return []
    who = line(state.created.requester.login, 60)
    return ["", f"It failed here before, and passes since {utc(state.created_at)}: {who} had jobs run again."]


def _by_chance(read: ChecksRead) -> list[str]:
    """What failed before and passed when the commit ran again: told, and no repair of ours."""
    if not read.by_chance:
        return []
    lines = ["", f"I changed nothing; I had failed jobs run again {_times(read.reruns)}, and these passed:", ""]
    for failure in read.by_chance[:_SHOWN]:
        where = " · ".join(code(name, 80) for name in failure.jobs[:4]) or "A check"
        whose = _WHOSE.get(failure.kind, "not known")
        lines += [f"- {where}: {code(failure.key, 200)}. Whose: **{whose}**. {failure.why}"]
    return lines


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def in_short(read: ChecksRead) -> tuple[str, str]:
    """Title and summary of the check run beside it."""
    if not read.failures:
        return "All checks have passed", "What failed on this commit before has passed since."
    causes = len(read.failures)
    title = "1 cause of failed checks" if causes == 1 else f"{causes} causes of failed checks"
    lines = [f"- {code(failure.key, 200)}: {_WHOSE.get(failure.kind, 'not known')}" for failure in read.failures[:20]]
    return title, cut("\n".join([*lines, "", "The conversation says who can do what."]), 65_535)


def notes_at_lines(read: ChecksRead) -> list[dict[str, Any]]:
    """One for each place that a failure names, each place once; `Annotation`-shaped. What is no path inside the
    repository is left out.
    """
    notes: dict[tuple[str, int, str], dict[str, Any]] = {}
    for failure in read.failures:
        for place in failure.places:
            if place.line < 1 or not _PATH.fullmatch(place.path):
                continue
            message = plain_lines(place.message or failure.key, _NOTE_CHARS) or "It failed here."
            note = {"path": place.path, "start_line": place.line, "end_line": place.line, "level": "failure"}
            note |= {"message": message, "title": plain(failure.key, 200)}
            notes.setdefault((place.path, place.line, message), note)
    return list(notes.values())[:_MOST_NOTES]


def _repair(state: RunState) -> str:
    """What can be done about a failure of the change's."""
    if state.created.admission.from_fork:
        return "The branch is in a fork: whoever pushes there has to repair it."
    is_off = state.checks is not None and state.checks.autofix == "off"
    return f"{'`autofix` is off here: ' if is_off else ''}`{state.created.names.prefix} ci` lets me repair it."


def named_jobs(failure: CheckFailure) -> str:
    """The checks that fail with this cause, a few by name."""
    where = " · ".join(code(name, 80) for name in failure.jobs[:4]) or "A check"
    return where + (f" and {len(failure.jobs) - 4} more" if len(failure.jobs) > 4 else "")


def log_lines(failure: CheckFailure) -> list[str]:
    """What the log says, folded; none where it says nothing."""
    shown = [text for text in failure.lines if text.strip()][-_LINES:]
    if not shown:
        return []
    return ["<details><summary>What the log says</summary>", "", fence("\n".join(shown), 2_000), "", "</details>"]


def since_when(failure: CheckFailure, sha: str) -> str:
    """Since which commit it fails, where that says more than that this one does; empty otherwise."""
    if not failure.since or (failure.since == sha and not failure.green):
        return ""
    since = "with this commit" if failure.since == sha else f"since {code(failure.since[:7])}"
    before = f"; {code(failure.green[:7])} passed" if failure.green else " or longer"
    return f"It fails {since}{before}."


def _failure(failure: CheckFailure, read: ChecksRead, repair: str) -> list[str]:
    where = named_jobs(failure)
    step = f", step {code(failure.step, 80)}" if failure.step else ""
    lines = [f"**{where}**{step}: {code(failure.key, 200)}"]
    lines += [f"Whose: **{_WHOSE.get(failure.kind, 'not known')}**. {failure.why} {_next(failure, repair)}".rstrip()]
    if since := since_when(failure, read.sha):
        lines += [since]
    return [*lines, *log_lines(failure)]


def _next(failure: CheckFailure, repair: str) -> str:
    """Who can do what."""
    job = f"[the failed job]({failure.link})" if failure.link.startswith("https://") else "the failed job"
    if failure.kind in {"ours", "deterministic"}:
        return repair
    if failure.kind == "base-is-red":
        return "Repair the base branch first."
    if may_pass_again(failure.kind, failure.cause):
        return f"Somebody with write access can re-run {job}."
    if failure.kind == "infrastructure":
        return f"Whoever keeps the workflows has to look at {job}."
    return ""


def _rounds(read: ChecksRead) -> str:
    if read.again:
        return "I repaired this once, and it fails in the same way again: **a person has to look**."
    return f"I have repaired checks here {_times(read.rounds)}; **a person has to look** before I go on."
