"""Why a run did what it did, from its ledger alone. Pure."""

from __future__ import annotations

from app.runs.state.landing import Landing
from app.runs.state.run_state import RunState
from app.text.outgoing import code, cut, fence, line

_TREE_LINES = 30


def explanation(state: RunState) -> str:
    """Who asked for what, what was found, which rule decided, what it stands on, where it is and why."""
    created = state.created
    lines = [f"### Why run `{state.run_id[:8]}` does what it does", ""]
    lines += [f"- Begun {_moment(state.created_at)}: {line(created.reason, 200)}"]
    if created.base.sha:
        path = created.config_source.get("path")
        source = f"{code(str(path))} of the base branch" if path else "the defaults, for the repository has no file"
        lines += [f"- It stands on {code(created.base.ref, 80)} at `{created.base.sha[:7]}`; configured by {source}."]
        lines += [f"- Model {code(created.model, 60)} ({line(created.alias, 20)}), ${state.cost_usd:.2f} so far."]
    lines += [f"- {sentence}" for sentence in _turns(state)]
    if created.why:
        lines += ["", "<details><summary>Which rule let it begin</summary>", ""]
        lines += [fence("\n".join(created.why[:_TREE_LINES]), 3_000), "", "</details>"]
    lines += ["", "<sub>Read from the run's ledger; no model was asked.</sub>"]
    return cut("\n".join(lines))


def _turns(state: RunState) -> list[str]:
    """What happened to it, in the order in which it did."""
    said = [f"Gathered {len(state.gathered) + 1} requests into one."] if state.gathered else []
    if state.reruns:
        times = "once" if len(state.reruns) == 1 else f"{len(state.reruns)} times"
        said.append(f"Had failed jobs of `{state.reruns[-1].said.sha[:7]}` run again {times}.")
    if state.checks:
        causes = ", ".join(dict.fromkeys(failure.kind for failure in state.checks.failures)) or "none failed"
        said.append(f"Read the checks of `{state.checks.sha[:7]}`: {causes}.")
    said += [f"Asked: {line(asked.said.questions[0].text, 150)}" for asked in state.questions]
    heard = [(told.said.by, told.said.text) for told in state.answers]
    heard += [(told.said.by, told.said.text) for told in state.steering]
    said += [f"{line(by, 60)} said: {line(text, 150)}" for by, text in heard]
    said += [f"{line(told.by, 60)} changed the model to {line(told.alias, 60)}." for told in state.model_changes]
    if state.verification:
        said.append(f"Verified: {line(state.verification.note, 200)}")
    if state.moved:
        said.append(f"Its branch moved to `{state.moved.sha[:7]}` when the change was finished: the two were merged.")
    if state.refusal:
        said.append(f"Sent back to work: {line(state.refusal, 200)}")
    if state.phase == "ended":
        reason = line(state.reason.strip().split("\n")[0], 200) if state.reason.strip() else ""
        said.append(f"Ended: {line((state.outcome or '').replace('_', ' '), 40)}. {reason}".rstrip())
        said += _landed(state.landing)
    elif state.phase == "parked":
        said.append(f"Waits: {line(state.park_note, 200)}")
    elif state.phase == "queued":
        said.append(f"Waits: {line(state.queue_reason, 200)}")
    elif state.doing:
        said.append(f"At work: {line(state.doing, 200)}")
    return said


def _landed(landing: Landing) -> list[str]:
    """What became of its pull request."""
    ended = landing.ended
    if ended is None:
        return []
    how = "merged" if ended.merged else "closed"
    work = f"{ended.human_commits} commits of people ({ended.human_lines} lines), {ended.rounds} reviews for changes"
    after = f" Afterwards {landing.followed.how}." if landing.followed else ""
    return [f"#{ended.number} was {how} after {ended.open_seconds / 3600:.1f} h: {work}.{after}"]


def _moment(text: str) -> str:
    return f"{text[:16].replace('T', ' ')} UTC"
