"""How a project is tested, as its worker found out: said before anything is spent. Pure."""

from __future__ import annotations

from app.events.parts import Text
from app.events.record import OfWorker


class TestsKnown(OfWorker, kind="tests.known", is_news=True):
    """`sources` say where commands of a workflow stand, `not_here` what guards the branch and is not run."""

    why: Text
    sources: dict[str, Text] = {}
    not_here: list[Text] = []
