"""What is said when a commit of ours was taken back, or could not be. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from app.checkpoints import render
from app.runs.state.run_state import RunState
from app.text.outgoing import code, line, plain

_NAMED = 5  # files in one sentence
_SUBJECT_LIMIT = 72  # characters of a commit's first line; GitHub folds what is longer


def no_pull() -> str:
    return "No run here has made a pull request, so there is nothing to take back."


def why_not(number: int, *, merged: bool, open: bool, fork: bool) -> str:
    """Why nothing is taken back on this pull request; empty when it may be."""
    if merged:
        return f"#{number} is merged, so there is no branch to take anything back on. *Revert* on its page undoes it."
    if not open:
        return f"#{number} is closed, so I leave its branch alone. Reopen it and ask again."
    if fork:
        return f"The branch of #{number} is in a fork: I cannot write there, so no commit on it is mine."
    return ""


def gone(branch: str) -> str:
    return f"The branch {code(branch)} is gone."


def nothing_of_ours(branch: str, looked: int, *, undone: bool) -> str:
    more = " that is not taken back already" if undone else ""
    return f"None of the last {looked} commits on {code(branch)} is mine{more}, so there is nothing to take back."


def is_a_merge(sha: str) -> str:
    return f"My last commit here, {sha[:7]}, is a merge. Which side of it should go only a person can say."


def touched(sha: str, paths: Sequence[str]) -> str:
    named = ", ".join(code(path) for path in paths[:_NAMED]) + (", …" if len(paths) > _NAMED else "")
    return f"What my commit {sha[:7]} did to {named} was changed since, and I overwrite nobody's work."


def commit_message(state: RunState, *, undone: str, message: str) -> str:
    """As git words a revert, with the trailers of every commit of ours."""
    requester = state.created.requester
    noreply = f"{requester.id}+{requester.login}@users.noreply.github.com"
    subject = message.strip().split("\n", 1)[0].replace('"', "'")
    lines = [plain(f'Revert "{subject}', _SUBJECT_LIMIT - 1).rstrip() + '"', "", f"This reverts commit {undone}.", ""]
    lines += [f"Refers to #{state.created.thread.number}", ""]
    lines += [f"Agent-Run: {state.run_id}", "Agent-Model: none", f"Co-authored-by: {requester.login} <{noreply}>"]
    return "\n".join(lines)


def reply(state: RunState) -> str:
    """What came of it; empty while nothing has."""
    done = state.published.get("undo")
    if done is None:
        return ""
    if done.error:
        said = f"I took nothing back. {done.error}"
    else:
        undone, sha, subject = (str(done.result.get(name, "")) for name in ("undone", "sha", "subject"))
        said = (
            f"↩️ Taken back: {_linked(state, undone)} ({line(subject, 100)}), with the new commit "
            f"{_linked(state, sha)}. Nothing was run on it. `{state.created.names.prefix} undo` once more takes back "
            "the commit before that one."
        )
    return f"{render.marker(state.run_id, 'reply')}\n{said}"


def _linked(state: RunState, sha: str) -> str:
    url = state.created.target.url.partition("/pull/")[0] if state.created.target else ""
    return f"[`{sha[:7]}`]({url}/commit/{sha})" if url else f"`{sha[:7]}`"
