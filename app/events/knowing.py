"""How a project is tested, as its worker found out: said before anything is spent. Pure."""

from __future__ import annotations

from app.events.parts import Text
from app.events.record import OfWorker


class TestsKnown(OfWorker, kind="tests.known", is_news=True):
    """`sources` say where commands of a workflow stand, `not_here` what guards the branch and is not run, `otherwise`
    which versions the project asks for and are not here.
    """

    why: Text
    sources: dict[str, Text] = {}
    not_here: list[Text] = []
    otherwise: list[Text] = []


class Rehearsed(OfWorker, kind="project.rehearsed", is_news=True):
    """What came of a rehearsal: whether changes can be judged by `verify` after `setup`, else `why` not.

    `configuration` is the text of a configuration file, where what is found by itself is not enough; `ran` says that
    its commands are those that ran here. `untested` are folders of projects that cannot be set up.
    """

    fits: bool
    why: Text = ""
    setup: list[Text] = []
    verify: list[Text] = []
    untested: list[Text] = []
    configuration: Text = ""
    ran: bool = False
