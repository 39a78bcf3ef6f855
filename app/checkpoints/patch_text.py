"""The patch that is offered where the branch is in a fork. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.runs.state.run_state import RunState
from app.text.foreign import code_block
from app.text.outgoing import BODY_LIMIT, code, cut, people

_NAMED = 40  # files that are listed where the patch itself cannot be shown

NOT_OFFERED = "Retry; the change is kept, and offering it costs nothing."


def cannot_push() -> str:
    return "The branch of this pull request is in a fork, and I cannot push there: I offer my change as a patch."


def body(state: RunState, diffs: Mapping[str, str | None], marker: str) -> str:
    """`diffs`: by path what `git apply` takes; None for a file that would not survive a comment."""
    head = state.created.base.sha[:7]
    opening = (
        f"{marker}\n### 🩹 {people([state.created.requester.login])} a patch for this pull request\n\n{cannot_push()}"
    )
    lost = [path for path, diff in diffs.items() if diff is None]
    patch = "".join(diff for diff in diffs.values() if diff)
    block = code_block(patch.rstrip("\n"), "diff")
    whole = (
        f"{opening} It is made for `{head}`. Copy the block into `change.patch`, then `git apply change.patch` on that "
        f"branch.\n\n<details><summary>{_files(diffs)}</summary>\n\n{block}\n\n</details>"
    )
    if lost:
        why = f"Of {_named(lost)} no patch can be shown in a comment: binary, too big, or with characters nobody sees."
    elif len(whole) > BODY_LIMIT or patch.rstrip("\n") not in whole:
        why = "It is too large for a comment."
    else:
        return whole
    return cut(f"{opening} {why} It changes {_named(list(diffs))}. A branch of this repository I could push to.")


def _files(diffs: Mapping[str, str | None]) -> str:
    return f"The patch: {len(diffs)} file{'' if len(diffs) == 1 else 's'}"


def _named(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(code(path) for path in paths[:_NAMED]) + more


def not_offered(error: str) -> str:
    return f"The change is ready, but I could not offer it. {error}"
