"""What a parked run waits for: one record each. Pure.

A new one is a class here and its line in `Wait`; who has to know what it means asks for its class.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from app.events.parts import Count, Part


class _Wait(Part):
    def model_post_init(self, _context: object) -> None:
        self.__pydantic_fields_set__.add("kind")  # which is written, although it is nowhere said


class WaitForAnswer(_Wait):
    """A person answers question `number`; time alone only reminds, and ends the run."""

    kind: Literal["question"] = "question"
    number: Count = 0  # from 1; 0 in ledgers of older versions


class WaitForBudget(_Wait):
    """The repository's day has no money for it."""

    kind: Literal["budget"] = "budget"


class WaitForRoom(_Wait):
    """The platform has no place for its worker."""

    kind: Literal["capacity"] = "capacity"


class WaitForOutage(_Wait):
    """GitHub, the model's vendor or the machine's disk is away or full."""

    kind: Literal["outage"] = "outage"


class WaitForWorker(_Wait):
    """Its worker was told to leave: another goes on at once."""

    kind: Literal["interrupted"] = "interrupted"


class WaitForPause(_Wait):
    """Work that is done in short visits, with time for others in between."""

    kind: Literal["onboarding"] = "onboarding"


class WaitForQuiet(_Wait):
    """More of the same may come; then for its turn, while another run of its thread is at work."""

    kind: Literal["quiet"] = "quiet"


Wait = Annotated[
    WaitForAnswer | WaitForBudget | WaitForRoom | WaitForOutage | WaitForWorker | WaitForPause | WaitForQuiet,
    Field(discriminator="kind"),
]
