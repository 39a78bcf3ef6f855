"""What a verb after `/agent` is, and the roles that may say one. Pure, and for the door: the standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from app.jobs.job import Action

# GitHub's roles on a repository, weakest first.
ROLES = ("none", "read", "triage", "write", "maintain", "admin")

ISSUE = "issue"
PULL_REQUEST = "pull request"

# Flags with the role each needs on top of its verb's. Spending more than the configuration allows is a budget decision.
START_FLAGS: Mapping[str, str] = {"model": "write", "budget": "maintain"}


class Verb(NamedTuple):
    """One row of the command table."""

    name: str
    role: str  # the least role that may say it
    places: tuple[str, ...]  # where it makes sense
    help: str
    action: Action = "start"  # what the door calls a comment that begins with it
    works: tuple[str, ...] = ()  # where it works in this version; nowhere = not built yet
    flags: Mapping[str, str] = {}  # flag → least role
    raw: bool = False  # everything after the verb is text, `--` included
    example: str = ""


def may(role: str, needed: str) -> bool:
    """Whether `role` is at least `needed`. A role that is none of ROLES may nothing."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(needed)
