"""What events are made of: bounded scalars, and the records inside events. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, InstanceOf

_MOST = 10**12  # of any count; bytes and tokens stay below it

Text = InstanceOf[str]  # `str` would refuse the lone surrogates that commands print
Count = Annotated[int, Field(ge=0, le=_MOST)]
Tally = Annotated[int, Field(ge=0, le=10**20)]  # of tests; the sandbox prints what it likes
Seconds = Annotated[float, Field(ge=-(10**9), le=10**9)]  # the wall clock may be set back meanwhile
Dollars = Annotated[float, Field(ge=0, le=10**6)]
Code = Annotated[int, Field(ge=-(2**31), le=2**31)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _time(text: str) -> str:
    """ISO 8601 in UTC, with years to spare on both sides for who reckons with it."""
    try:
        is_fit = datetime.fromisoformat(text).utcoffset() == timedelta(0) and "2000" < text < "9000"
    except ValueError:  # which quotes the text
        is_fit = False
    if not is_fit:
        raise ValueError("it is no time in UTC")
    return text


Time = Annotated[str, Field(max_length=40), AfterValidator(_time)]
Ending = Literal["green", "red", "killed", "nothing", "broken", "contradictory", "unknown"]
Outcome = Literal[
    "diagnosed",  # what failed checks mean is said
    "proposed",  # a verified change became a pull request
    "explained",  # the diagnosis that was asked for is said; nothing was to be changed
    "nothing_to_do",
    "not_reproduced",
    "needs_decision",
    "out_of_budget",
    "gave_up",  # it went round in circles; what is known is said
    "failed",
    "cancelled",
    "out_of_reach",  # the repository was deleted, transferred, or taken away from the App
    "refused",  # not admitted: role, configuration, protection
    "replied",  # the request was a question to the bot itself (`status`, `help`)
    "onboarded",  # the repositories of an installation are set up
    "rehearsed",  # what came of setting the repository up and testing it, without a model, is said
]
CONTROL_OUTCOMES = frozenset(
    {"diagnosed", "out_of_reach", "refused", "replied", "onboarded"}
)  # which no worker may say


class Part(BaseModel):
    """A record inside an event."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False, extra="forbid")


class Blob(Part):
    blob: Digest
    size: Count


class Counts(Part):
    passed: Tally
    failed: Tally
    skipped: Tally = 0
    errors: Tally = 0
    failing: list[Text] = []
    unloaded: Tally = 0


class Step(Part):
    command: Text
    exit_code: Code | None
    seconds: Seconds = 0.0
    counts: Counts | None


class Round(Part):
    ending: Ending
    how: Text = ""
    passed: Tally | None = None
    ran: Tally | None = None
    failing: list[Text] = []
    unnamed: Tally = 0


class Proof(Part):
    name: Text
    before: Ending | Literal["absent"]
    after: Ending | Literal["absent"]
    worded: Ending | Literal["absent"] | None = None
    reworded: Ending | Literal["absent"] | None = None
    how: Text = ""
    together: bool = False


class Reach(Part):
    paths: list[Text]
    ending: Literal["reached", "unreached", "unmeasured"]
    why: Text = ""


class Claims(Part):
    base: Round
    head: Round
    tests: list[Proof]
    uncollected: list[Text]
    unreported: list[Text] = []
    unread: list[Text] = []
    steered: list[Text]
    originals: Round | None
    tests_only: bool
    only_edits: bool
    untested: list[Text] = []
    reach: list[Reach] = []
    flaky: list[Text] = []
    comments_only: bool = False
    merges: bool = False


class Change(Part):
    path: Text
    kind: Literal["add", "modify", "delete", "mode"]
    mode: Text
    digest: Digest | Literal[""]
    size: Count
    old_mode: Text = ""


class Finding(Part):
    check: Text
    level: Literal["block", "mark", "note"]
    path: Text
    message: Text
    line: Count
    mark: Text


class Conflict(Part):
    """One path on which a branch and its base do not agree, as `app.workspace.merging` names it."""

    path: Text
    why: Text
    lines: list[Count] = []  # where each place begins in the merged file


class MergeOf(Part):
    """What a commit that merges a base is made of besides its changes: all of the base's commit, and of the branch's
    those paths that are not as they are there.
    """

    base_sha: Text
    ours: list[Text] = []


class FailurePlace(Part):
    path: Text
    line: Count = 0
    message: Text = ""


class CheckFailure(Part):
    """One cause of red, as `app.failures` reads it; all of its text is from outside. `signature`: 16 hex digits."""

    kind: Text  # whose failure it is: a class of `app.failures.classify`
    why: Text
    cause: Text
    signature: Text
    key: Text
    jobs: list[Text] = []
    step: Text = ""
    command: Text = ""
    tool: Text = ""
    lines: list[Text] = []
    places: list[FailurePlace] = []
    tests: list[Text] = []
    link: Text = ""
    since: Text = ""  # the first of the commits on which it failed without a break, as far back as was looked
    times: Count = 1  # commits of the default branch on which it was read
    green: Text = ""  # the commit before that on which it passed; empty where none was found


class Question(Part):
    text: Text
    options: list[Text]
    default: Count
    consequences: list[Text] = []


class Plan(Part):
    """What a run wants to do, before it may."""

    steps: list[Text]
    files: list[Text] = []
    risks: list[Text] = []
    alternatives: list[Text] = []
    estimate: Text = ""  # of time and cost, in the model's words
    digest: Digest  # of all of it: what is approved is this


class Said(Part):
    type: Text
    text: Text = ""
