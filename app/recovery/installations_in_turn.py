"""A few installations at each look, round and round, for what no delivery tells of."""

from __future__ import annotations

from collections.abc import Callable

from app import log
from app.errors import UserError
from app.github.access import Access
from app.github.app import Installation, installations
from app.ports.platform import Store

AT_ONCE = 20  # installations of one look; each costs a search, of which GitHub allows thirty a minute


def look_through(
    access: Access, store: Store, look: Callable[[Installation], int], *, name: str, at_once: int = AT_ONCE
) -> int:
    """The sum of what `look` gave for those whose turn it is; the counter `<name>.cursor` keeps the last one's id.

    Raises TransientError and UserError as GitHub does.
    """
    cursor = store.add(f"{name}.cursor", 0)
    known = sorted(installations(access.app.client), key=lambda one: one.id)
    due = [one for one in known if one.id > cursor and not one.suspended][:at_once]
    found = 0
    for installation in due:
        try:
            found += look(installation)
        except UserError as error:  # removed meanwhile, or too few permissions: the next one is no worse for it
            log.event(f"{name}.refused", level=log.WARNING, installation=installation.id, reason=str(error))
    reached = due[-1].id if len(due) == at_once else 0
    store.add(f"{name}.cursor", reached - cursor)
    return found
