"""What the bot says of a pull request's branch that went on while it worked. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from app.runs.state.run_state import RunState
from app.text.outgoing import code, counted, line

_TIMES = {2: "twice", 3: "three times"}


def goes_back(branch: str, *, replaced: bool) -> str:
    """While the run waits for the worker that merges."""
    what = "was force-pushed" if replaced else "has moved"
    return f"{code(branch, 80)} {what} while I worked. I merge my change with it and test the two together."


def too_often(branch: str, times: int) -> str:
    """Why the merging has stopped."""
    often = _TIMES.get(times, f"{times} times")
    return f"{code(branch, 80)} has moved {often} since I began, so I have stopped following it."


def in_conflict(state: RunState) -> tuple[str, str]:
    """Both changed the same lines: why the run ends, and what to do next."""
    prefix = state.created.names.prefix
    reason = f"{_came(state)} The same lines were changed there as by me, so my change is kept, but not added."
    again = f"`{prefix} retry` starts again on what is there now."
    return reason, f"{again} If those lines are taken back first, it adds the kept change instead."


def origin_gone(state: RunState, error: str) -> tuple[str, str]:
    """What was thrown away is needed for the merge, and nobody has it any more."""
    reason = f"{_came(state)} The commit that my change was made on is gone, so I cannot merge the two. {error}"
    return reason, f"`{state.created.names.prefix} retry` starts again on what is there now."


def there_already(state: RunState) -> str:
    """The merge adds nothing."""
    return f"{_came(state)} All that I was to add is in it already."


def left_over(state: RunState) -> list[str]:
    """For a run that failed on the new head: what came in there, and that the change of before is not lost."""
    if state.outcome != "failed" or not (state.is_kept and state.is_overtaken and state.moved):
        return []
    return ["", f"{_came(state)} The change that I had made before is kept."]


def told_the_model(state: RunState, conflicts: Sequence[str] = ()) -> str:
    """Where its tree stands now."""
    if conflicts:
        named = ", ".join(code(path, 200) for path in conflicts)
        return f"{_came(state)} The merge was made again with that, and is in conflict in {named}: resolve it there."
    return (
        f"{_came(state)} Your change was merged with that without a conflict: the tree holds the branch's head as it "
        "is now with your change on top, and `git diff` shows the change. Files may differ from what you have read."
    )


def came_in(state: RunState) -> list[str]:
    """For the result: what was pushed meanwhile, and what was verified then. Nothing where nothing was."""
    if state.moved is None or state.proposed_on != state.moved.sha:
        return []
    how = "I merged my change with it: no line was in conflict." if state.head_merge else "I made the merge again."
    said = [_came(state), how]
    if state.turns > state.turns_before:
        said.append("I had to work on it again after that.")
    return ["", " ".join([*said, "All tests ran again on the two together; what is said of them above is of that."])]


def _came(state: RunState) -> str:
    """What happened to the branch."""
    moved, branch = state.moved, code(state.created.base.ref, 80)
    assert moved is not None
    to = f"`{moved.sha[:7]}`"
    if moved.replaced:
        return f"{branch} was force-pushed while I worked: from `{moved.was[:7]}` to {to}."
    commits = counted(moved.commits, "commit") if moved.commits else "More"
    by = f" by {', '.join(line(name, 60) for name in moved.by)}" if moved.by else ""
    return f"While I worked, {commits}{by} came in on {branch}, up to {to}."
