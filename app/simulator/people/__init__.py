"""People with a login and a role, whose deeds read as a story."""

from app.simulator.people.coding import Coding, Files
from app.simulator.people.owning import Owning
from app.simulator.people.reviewing import Reviewing
from app.simulator.people.talking import Talking


class Person(Talking, Coding, Reviewing, Owning):
    """Someone who uses the simulated GitHub by hand. Nobody checks a person's permissions: a story may be unlikely."""


__all__ = ["Files", "Person"]
