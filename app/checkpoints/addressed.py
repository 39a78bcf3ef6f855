"""Whom a comment is for. Pure."""

from __future__ import annotations

from app.runs.state.run_state import RunState
from app.text.outgoing import people


def to(state: RunState) -> str:
    """A mention of whoever asked for the run, so that they are told, and a blank; empty where nobody did."""
    return "" if state.is_unasked else f"{people([state.created.requester.login])} "
