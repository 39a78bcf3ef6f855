"""Switching automatic repairs on and off. Pure."""

from __future__ import annotations

from app.checkpoints import autofix_text
from app.routing.asked import Asked
from app.routing.found import Found
from app.routing.steps import Say, SetAutofix, Step

_STEPS = {"on": SetAutofix(wish="on"), "off": SetAutofix(wish="off")}


def autofix(asked: Asked, _found: Found) -> Step | None:
    """Autofix says whether failing checks of this pull request are repaired without a word."""
    if asked.verb != "autofix":
        return None
    wish = asked.command.text.strip().strip("`").lower()
    step = _STEPS.get(wish)
    return step or Say(text=autofix_text.on_or_off(asked.prefix), refused=True)
