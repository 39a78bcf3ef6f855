"""What the shapes of events are made of: bounded scalars, and the records inside events."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

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
# The control side alone says that a request was refused, answered, or went out of reach.
Outcome = Literal[
    "proposed", "nothing_to_do", "not_reproduced", "needs_decision", "out_of_budget", "gave_up", "failed", "cancelled"
]


ABSENT: Any = None  # an older version's event lacks the field


class Shape(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    worked_seconds: Seconds = 0.0


class Exact(BaseModel):
    """Of what becomes the arguments of a call."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Blob(Shape):
    blob: Digest
    size: Count


class Counts(Shape):
    passed: Tally
    failed: Tally
    skipped: Tally
    errors: Tally


class Step(Shape):
    command: Text
    exit_code: Code | None
    counts: Counts | None


class Round(Exact):
    ending: Ending
    how: Text = ABSENT
    passed: Tally | None = ABSENT
    ran: Tally | None = ABSENT
    failing: list[Text] = ABSENT
    unnamed: Tally = ABSENT


class Proof(Exact):
    name: Text
    before: Ending
    after: Ending
    how: Text = ABSENT


class Claims(Shape):
    base: Round
    head: Round
    tests: list[Proof]
    uncollected: list[Text]
    steered: list[Text]
    originals: Round | None
    tests_only: bool
    only_edits: bool


class Change(Exact):
    path: Text
    kind: Literal["add", "modify", "delete", "mode"]
    mode: Text
    digest: Digest | Literal[""]
    size: Count
    old_mode: Text = ABSENT


class Finding(Shape):
    check: Text
    level: Literal["block", "mark", "note"]
    path: Text
    message: Text
    line: Count
    mark: Text


class Question(Shape):
    text: Text
    options: list[Text]
    default: Count
    consequences: list[Text] = ABSENT


class Said(Shape):
    type: Text
    text: Text = ABSENT
