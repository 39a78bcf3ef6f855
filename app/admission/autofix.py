"""Whether failing checks of a pull request are repaired without a word, as somebody said there. It is kept for as long
as the store is: no retention takes it away.
"""

from __future__ import annotations

from typing import Literal

from app.jobs.job import Thread
from app.ports.platform import Store

Wish = Literal["", "on", "off"]  # empty: nobody said, so our own pull requests are repaired and no others


def wish_of(store: Store, thread: Thread) -> Wish:
    """What was said last."""
    text = store.cell(_key(thread))
    return "on" if text == "on" else "off" if text == "off" else ""


def remember(store: Store, thread: Thread, wish: Wish) -> None:
    """What was said last wins. Doing it twice changes nothing."""
    while (text := store.cell(_key(thread))) != wish:
        if store.swap_cell(_key(thread), text, wish):
            return


def _key(thread: Thread) -> str:
    return f"autofix:{thread.key}"
