"""What the bot says about merging a base branch into a pull request's. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.events.parts import Conflict
from app.runs.state.run_state import RunState
from app.text.outgoing import code, counted, line

_NAMED = 20  # files in sight
_PLACES = 4  # lines named of one file

# Why a file is not for the bot to merge, by the kind of conflict (`app.workspace.merging`).
WHY: Mapping[str, str] = {
    "content": "both sides changed the same lines",
    "binary": "both sides changed it, and it is not text",
    "deleted": "one side changed it, the other deleted it",
    "renamed": "the two sides moved or deleted it differently",
    "folder": "one side has a file where the other has a folder",
    "mode": "the two sides made different kinds of file of it",
    "submodule": "the two sides point the submodule at different commits",
    "workflow": "this branch changes a workflow, and GitHub lets me write none",
    "other": "git cannot tell how the two sides belong together",
}


def up_to_date(branch: str, base: str) -> str:
    """There is nothing to merge."""
    return f"{code(branch, 80)} has everything of {code(base, 80)} already: there is nothing to merge."


def subject(branch: str, base: str) -> str:
    """The merge commit's first line, as git words it."""
    return f"Merge branch '{base}' into {branch}"


def in_conflict(count: int) -> str:
    """For the list of stages."""
    return f"{counted(count, 'file')} in conflict" if count else "no conflict"


def not_mine(branch: str, base: str, count: int) -> str:
    """Some conflicts are not for a model to guess at."""
    files = "one file is" if count == 1 else f"{count} files are"
    return f"I could not merge {code(base, 80)} into {code(branch, 80)}: {files} for a person to settle."


def by_hand(base: str) -> str:
    how = f"(`git fetch`, then `git merge origin/{line(base, 80)}`)"
    return f"Merge {code(base, 80)} into the branch by hand {how} and push. I changed nothing and spent nothing."


def markers_left(places: Mapping[str, Sequence[int]]) -> str:
    """The model called it done, and the conflict still stands there."""
    told = [f"{code(path)} ({_lines(numbers)})" for path, numbers in list(places.items())[:_NAMED]]
    more = f" and {len(places) - _NAMED} more files" if len(places) > _NAMED else ""
    return f"Markers of the conflict still stand in {', '.join(told)}{more}."


def merged_lines(state: RunState) -> list[str]:
    """What was merged into the branch and how, for the result; nothing where the run merged nothing."""
    told, target = state.merge, state.created.target
    if told is None or target is None or not told.behind:
        return []
    commits = "1 commit" if told.behind == 1 else f"{told.behind} commits"
    what = f"Merged {code(target.base_ref, 80)} at `{told.base_sha[:7]}` ({commits})"
    if not told.conflicts:
        return [f"- {what}: no file was in conflict."]
    return [f"- {what}. Conflicts, resolved by the model:", *_listed(told.conflicts)]


def conflict_lines(state: RunState) -> list[str]:
    """The files that keep the two apart, for a run that ended without the merge."""
    tried = state.head_merge or state.merge
    if tried is None or not tried.conflicts:
        return []
    return ["", "In conflict:", *_listed(tried.conflicts)]


def _listed(conflicts: Sequence[Conflict]) -> list[str]:
    rows = [f"  - {code(conflict.path)}: {_why(conflict)}" for conflict in conflicts[:_NAMED]]
    return [*rows, *([f"  - and {len(conflicts) - _NAMED} more"] if len(conflicts) > _NAMED else [])]


def _why(conflict: Conflict) -> str:
    return line(conflict.why, 200) + (f" ({_lines(conflict.lines)})" if conflict.lines else "")


def _lines(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:_PLACES])) + (", …" if len(numbers) > _PLACES else "")
    return f"line{'' if len(numbers) == 1 else 's'} {shown}"
