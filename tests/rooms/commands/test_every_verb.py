"""Every verb, everywhere, said by every role: who may not is told so, what is not there is said in one line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.commands.grammar import parse
from app.commands.verbs import INSTRUCT, VERBS, lacking
from app.jobs.job import Command, Job, Person, Thread
from app.jobs.verb import ISSUE, PULL_REQUEST, ROLES
from app.routing import steps
from app.routing.asked import asked_of
from app.routing.found import Found
from app.routing.route import route

EVERYWHERE = [(verb, place) for verb in (*VERBS.values(), INSTRUCT) for place in (ISSUE, PULL_REQUEST)]
NAMES = [f"{verb.name} on a {place}" for verb, place in EVERYWHERE]


def said(text: str, place: str) -> Command:
    [command] = parse(text, slug="lamplighter", on_pull_request=place == PULL_REQUEST)
    return command


def decided(command: Command, place: str, role: str) -> steps.Step:
    thread = Thread(
        installation_id=7, repository_id=1, repository="acme/calc", number=3, is_pull_request=place == PULL_REQUEST
    )
    job = Job(
        id="d1",
        action="start",
        reason="",
        trigger="issue_comment.created",
        thread=thread,
        sender=Person(login="ada", id=5),
        received_at=datetime(2026, 3, 2, tzinfo=UTC),
        commands=(command,),
    )
    [asked] = asked_of(job, "/agent", "agent-fix")
    return route(asked, Found(role=role))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("verb", "place"), EVERYWHERE, ids=NAMES)
def test_where_nothing_is_at_work(verb, place, role):
    command = said(f"/agent {verb.example or verb.name}", place)
    step = decided(command, place, role)

    assert (command.error is None) == (place in verb.works)
    if lacking(command, role):
        assert step == steps.DenyRole(role=role)
    elif command.error:
        assert isinstance(step, steps.Say) and step.text == command.error and "\n" not in step.text
        tells = "not built yet" if place in verb.places or not verb.works else f"works on {verb.places[0]}s only"
        assert tells in step.text
    else:
        assert not isinstance(step, steps.DenyRole | steps.Ignore | steps.RetryLater)
        assert not isinstance(step, steps.Say) or step.text.strip()


@pytest.mark.parametrize(("verb", "place"), EVERYWHERE, ids=NAMES)
def test_a_flag_that_is_none(verb, place):
    if verb.raw or place not in verb.works:
        return
    begun = "be quick" if verb is INSTRUCT else verb.name
    error = said(f"/agent {begun} --modle x", place).error or ""
    assert "has no flag `--modle`" in error and "\n" not in error
    assert ("Did you mean `--model`?" in error) == ("model" in verb.flags)


@pytest.mark.parametrize("name", VERBS)
def test_a_slip_of_the_finger(name):
    assert f"Did you mean `/agent {name}`?" in (said(f"/agent {name}{name[-1]}", ISSUE).error or "")


def test_a_switch_takes_no_value():
    assert said("/agent retry --fresh", ISSUE).flags == {"fresh": "fresh"}
    assert said("/agent retry —fresh --model deep try once more", ISSUE).flags == {"fresh": "fresh", "model": "deep"}
    assert "takes no value" in (said("/agent retry --fresh=no", ISSUE).error or "")
    assert "Did you mean `--fresh`?" in (said("/agent retry --frehs", ISSUE).error or "")
    assert "has no flag `--fresh`" in (said("/agent fix --fresh", ISSUE).error or "")
