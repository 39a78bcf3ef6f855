"""Writing for people: colours on a terminal, plain lines elsewhere. Text from outside is never taken for markup."""

from __future__ import annotations

import sys
from datetime import datetime

from rich.console import Console
from rich.text import Text

from app.cli import story
from app.ledger import Event

_STYLES = {"plain": "", "dim": "dim", "good": "green", "bad": "red", "ask": "bold yellow", "act": "cyan"}


def console(*, stderr: bool = False) -> Console:
    """A console that writes 110 columns where nobody has a terminal, so that pipes and logs are not broken up."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, markup=False, width=None if stream.isatty() else 110)


def clock(at: str) -> str:
    """An event's time on this machine's clock; a worker may have written anything there."""
    try:
        return datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S")
    except (ValueError, OverflowError):
        return "--:--:--"


def show(out: Console, event: Event) -> None:
    """One event as one line; nothing for bookkeeping."""
    told = story.line(event)
    if told is None:
        return
    text = Text(f"{clock(event.at)}  ", style="dim")
    text.append(f"{told.icon} ".ljust(3))
    text.append(told.text, style=_STYLES[told.tone])
    out.print(text, soft_wrap=not out.is_terminal)
