"""Why a run ends without a pull request, in the harness's words. Pure; the model's words are quoted as its claim.

The first line stands in the status comment too, so it holds the file and the rule.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.events.deciding import CancelRequested
from app.text.outgoing import code
from app.text.untrusted import one_line

_FINDINGS = 3  # named in one line
_CLAIM_CHARS = 500
_WHY_CHARS = 1_500  # of a refusal that is quoted


def refused_by(blocks: Sequence[tuple[str, str]]) -> str:
    """What the scan blocked, (place, message) each, in one line."""
    named = "; ".join(f"{code(place)}: {message.rstrip('.')}" for place, message in blocks[:_FINDINGS])
    more = f"; and {len(blocks) - _FINDINGS} more" if len(blocks) > _FINDINGS else ""
    return f"{named}{more}."


def after_refusal(detail: str, refusal: str) -> str:
    """Why the work stopped, and what had refused the change (or a write of it) last; "" when nothing had."""
    if not refusal:
        return detail
    return f"{detail} What stood in the way last: {one_line(refusal, _WHY_CHARS)}"


def kept_because(why: str, prefix: str, *, is_commit: bool = False, keeps: bool = True) -> str:
    """A finished change is not published now; `why` is a sentence or two. `is_commit`: it was for a pull request that
    is there. `keeps`: it may be published later as it is.
    """
    missed = "it is not on this branch" if is_commit else "no pull request was opened"
    if not keeps:
        return f"{why} The change was ready, but {missed}."
    again = f"`{prefix} retry` publishes it without working on it again."
    return f"The change is ready and kept, but {missed}. {why} {again}"


def base_gone(branch: str) -> str:
    return f"The branch {code(branch)} that this is for is gone."


def changed_nothing(claim: str, ignored: Sequence[str]) -> str:
    """The model called its work done, and no file differs from the base."""
    told = "I changed nothing: no file differs from the base, so there is nothing to propose."
    if ignored:
        more = ", …" if len(ignored) > _FINDINGS else ""
        told += f" New files are kept out by `.gitignore`: {', '.join(map(code, ignored[:_FINDINGS]))}{more}."
    return f"{told}\n\nThe model's claim, which nothing bears out: “{one_line(claim, _CLAIM_CHARS)}”"


def stopped(cancel: CancelRequested | None) -> tuple[str, str]:
    """Why a run that was called off has ended, and what to do next; None where nobody noted who did it."""
    if cancel is None:
        return "Stopped by somebody.", ""
    return cancel.told or f"Stopped by {cancel.by}: {cancel.reason}", cancel.next_step


NOT_OPENED = (
    "Mend what GitHub names (permissions, rulesets, branch names), then retry: the change is kept, and publishing it "
    "costs nothing."
)


def not_opened(error: str) -> str:
    """GitHub refused the branch or the pull request for good, and said `error`."""
    return f"The change is ready, but the pull request could not be opened. {error}"


NOT_ADDED = "Retry: I merge the kept change with what is there then, and test the two together."


def not_added(error: str) -> str:
    """The commit could not go onto the pull request's branch, for the reason `error`."""
    return f"The change is ready and kept, but I could not add it to this branch. {error}"


OUT_OF_REACH = "Retry; a change that was finished is kept, and publishing it costs nothing."


def out_of_reach(repository: str, error: str) -> str:
    return f"`{repository}` was out of my reach: deleted, transferred, or taken away from the App. {error}"


UNREADABLE = "Retry. If it happens again, tell the operator: `lamplighter audit verify RUN` names what was written."


def unreadable(fault: str) -> str:
    """The worker's part of the record is damaged, or somebody else wrote it; `fault` is a sentence of ours."""
    return f"My worker wrote something into this run's record that I cannot read, so I trust it no further. {fault}"


def branch_gone(branch: str) -> str:
    """Why a commit cannot go onto a pull request's branch."""
    return f"The branch {code(branch)} is gone."
