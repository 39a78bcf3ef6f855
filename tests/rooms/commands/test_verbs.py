"""The table of verbs against the contract."""

from __future__ import annotations

import pytest

from app.commands.verbs import INSTRUCT, ROLES, VERBS, lacking, lookup, may, needed_role
from app.jobs.job import Command

CONTRACT = (
    "fix triage plan approve revise answer review test docs deps lint ci rebase retry resume stop status explain "
    "budget autofix model best-of handoff undo help"
)
OURS = ["rehearse"]  # which the contract does not have
_BUILT = "fix plan approve revise ci rebase resume explain budget autofix model answer stop retry undo status help"
BUILT = {*_BUILT.split(), *OURS}


def test_every_verb_of_the_contract_has_its_row():
    assert list(VERBS) == [*CONTRACT.split(), *OURS]
    assert {name for name, verb in VERBS.items() if verb.works} == BUILT


@pytest.mark.parametrize("verb", [*VERBS.values(), INSTRUCT], ids=lambda verb: verb.name)
def test_row_is_sound(verb):
    assert verb.role in ROLES
    assert set(verb.works) <= set(verb.places)
    assert verb.places
    assert verb.help.endswith(".")
    assert lookup(verb.name) is verb
    assert set(verb.flags.values()) <= set(ROLES)


def test_roles_follow_what_a_verb_does():
    assert {name for name, verb in VERBS.items() if verb.role == "triage"} == {"status", "explain", "help"}
    assert {name for name, verb in VERBS.items() if verb.role == "maintain"} == {"budget", "autofix"}


def test_flag_can_ask_for_more_than_its_verb():
    assert needed_role(Command(verb="fix")) == "write"
    assert needed_role(Command(verb="fix", flags={"model": "deep"})) == "write"
    assert needed_role(Command(verb="fix", flags={"budget": "9"})) == "maintain"
    assert needed_role(Command(verb="instruct", text="x")) == "write"
    assert needed_role(Command(verb="retry", flags={"run": "r1"})) == "write"


@pytest.mark.parametrize(
    ("flags", "role", "lacks"),
    [
        ({"budget": "3"}, "triage", ("write", "")),  # the flag is not what stands in the way
        ({"budget": "3"}, "write", ("maintain", "budget")),
        ({"model": "deep", "budget": "3"}, "write", ("maintain", "budget")),
        ({"budget": "3"}, "maintain", None),
        ({}, "none", ("write", "")),
        ({}, "write", None),
    ],
)
def test_what_a_role_lacks_is_named(flags, role, lacks):
    assert lacking(Command(verb="fix", flags=flags), role) == lacks


def test_mistake_may_be_explained_to_anybody_who_may_ask_for_help():
    assert needed_role(Command(verb="budget", error="not built")) == "triage"


def test_roles_are_ordered_and_unknown_ones_may_nothing():
    assert may("admin", "maintain") and may("write", "write") and may("none", "none")
    assert not may("triage", "write")
    assert not may("owner", "none")
    with pytest.raises(KeyError):
        lookup("dance")
