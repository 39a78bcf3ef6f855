"""What is said of work that a person stopped. Pure; it never says that anything was run on it."""

from __future__ import annotations

from app.runs.state.run_state import RunState
from app.runs.unfinished import goes_on_a_branch, is_cut_short
from app.text.outgoing import code, line, plain

_LOST = "Whatever I had changed is lost: I was cut off before I could keep it. `{prefix} retry` starts anew."
_SUBJECT_LIMIT = 72  # characters of a commit's first line; GitHub folds what is longer


def commit_message(state: RunState) -> str:
    """Says first that it is unfinished; with the trailers of every commit of ours."""
    created, requester = state.created, state.created.requester
    noreply = f"{requester.id}+{requester.login}@users.noreply.github.com"
    lines = [plain(f"Unfinished: {created.task.title}", _SUBJECT_LIMIT), ""]
    lines += ["Stopped before it was done. Nothing was verified: no test was run on this commit.", ""]
    lines += [f"Refers to #{created.thread.number}", ""]
    lines += [f"Agent-Run: {state.run_id}", f"Agent-Model: {created.model}"]
    lines += [] if requester.login.endswith("[bot]") else [f"Co-authored-by: {requester.login} <{noreply}>"]
    return "\n".join(lines)


def where(state: RunState) -> list[str]:
    """What became of the work that was stopped, as lines of the status comment."""
    if state.outcome != "cancelled" or not (state.cancel and state.cancel.keeps):
        return []
    prefix, is_cut = state.created.names.prefix, is_cut_short(state)
    if not goes_on_a_branch(state):
        if state.is_kept or not state.attempt:
            return []
        return [_LOST.format(prefix=prefix) if is_cut else "I had changed nothing that could be kept."]
    done, retry = state.published.get("unfinished"), f"`{prefix} retry` goes on from there."
    if done is None:
        return []
    if done.error:
        return [f"What I had is on no branch: {line(done.error, 300)} {retry}"]
    branch, sha = str(done.result.get("branch", "")), str(done.result.get("sha", ""))[:7]
    said = "nothing was run on it, and the last minute of work is not in it" if is_cut else "nothing was run on it"
    return [f"What I had is on {code(branch)} as {sha}, **unfinished and unverified**: {said}. {retry}"]
