"""Which rule decides: a table of what is asked and found, and the tree that explains it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from app.checkpoints.thread_changes import ThreadChange
from app.commands.verbs import INSTRUCT, VERBS
from app.jobs.job import Command, Job, Person, Source, Thread
from app.jobs.verb import ROLES
from app.playbooks import BY_VERB
from app.ports.platform import RunSummary
from app.routing import steps
from app.routing.asked import asked_of
from app.routing.found import Found, Standing
from app.routing.route import route

RUN = "0123456789abcdef"
ISSUE = Thread(installation_id=7, repository_id=1, repository="acme/calc", number=3)


def job(*verbs: str, trigger: str = "issue_comment.created", action: str = "start", **more) -> Job:
    return Job(
        id="d1",
        action=action,
        reason="the issue was closed",
        trigger=trigger,
        thread=more.pop("thread", ISSUE),
        sender=Person(login=more.pop("by", "ada"), id=5),
        received_at=datetime(2026, 3, 2, tzinfo=UTC),
        commands=tuple(
            Command(verb=verb, text=more.get("text", ""), error=more.get("error"), flags=more.get("flags", {}))
            for verb in verbs
        ),
        source=Source(comment="1b"),
        gathers=more.get("gathers", ""),
    )


def row(phase: str = "working", reason: str = "", run_id: str = RUN) -> RunSummary:
    return RunSummary(
        run_id=run_id,
        thread_key="1#3",
        repository="acme/calc",
        number=3,
        title="t",
        phase=phase,
        reason=reason,
        requester="bob",
        attempt=1,
        cost_usd=0.0,
        created_at="2026-03-02T00:00:00+00:00",
        updated_at="2026-03-02T00:00:00+00:00",
        seq=9,
        head="h",
        unpublished=False,
    )


def standing(**more) -> Standing:
    return Standing(row=row(), requester="bob", **more)


PLANNED = standing(is_asking=True, plan="abcd1234")
PARKED = Standing(row=row("parked"), requester="bob")
AT_WORK, ASKING, GATHERING = standing(), standing(is_asking=True), standing(gathers="review")
ENDED = row("ended", "failed")
OTHER = Standing(row=row("ended", "proposed", "f" * 16), requester="bob")
PRESSED = {"flags": {"run": f"{RUN}:lamplighter"}, "trigger": "check_run.requested_action:x"}
LABEL, UNLABEL = "issues.labeled:agent-fix", "issues.unlabeled:agent-fix"
ON_PULL = ISSUE._replace(is_pull_request=True)
REVIEW = {"thread": ON_PULL, "gathers": "review"}
CHECKS = {"thread": ON_PULL, "gathers": f"checks:{'a' * 40}"}

CASES = [
    (job("fix"), Found(role="write"), steps.Start(role="write")),
    (job("fix"), Found(role="write", active=(AT_WORK,)), "already on this"),
    (job("fix"), Found(role="write", waiting=AT_WORK), "already on this"),
    (job("fix"), Found(role="write", active=(standing(is_cancelled=True),)), steps.RetryLater),
    (job("fix"), Found(role="triage"), steps.DenyRole(role="triage")),
    (job("fix"), Found(role=None), steps.Ignore()),
    (job("fix"), Found(role="write", was_heard=True), steps.Ignore()),
    (job("fix"), Found(own="parked"), steps.ResumeOwnRun()),
    (job("fix", error="`--x` is no flag"), Found(role="triage"), "`--x` is no flag"),
    (job("retry"), Found(role="write", worked=(ENDED,)), steps.Start(role="write", before=ENDED.run_id)),
    (job("retry"), Found(role="write", waiting=AT_WORK, worked=(ENDED,)), steps.Start),
    (job("retry"), Found(role="write", active=(AT_WORK,)), "already on this"),
    (job("retry"), Found(role="write"), steps.Start(role="write")),
    (job(trigger=LABEL), Found(role="write"), steps.Start(role="write")),
    (job(trigger=LABEL), Found(role="read"), steps.DenyRole(role="read")),
    (job(trigger=LABEL), Found(role="write", active=(standing(by_label=True),)), steps.RecordLabelEvent()),
    (job(trigger=LABEL), Found(role="write", active=(AT_WORK,)), "already on this"),
    (job(trigger=f"pull_request.labeled:{'agent-fix'}", thread=ON_PULL), Found(role="write"), "on issues only"),
    (job(action="answer"), Found(role="write", active=(ASKING,)), steps.Answer(run=ASKING)),
    (job(action="answer"), Found(role="write", active=(AT_WORK,)), steps.Ignore()),
    (job(action="answer"), Found(role="none", active=(ASKING,)), steps.Ignore()),
    (job(action="answer", by="bob"), Found(role="none", active=(ASKING,)), steps.Answer(run=ASKING)),
    (job("answer"), Found(role="write", active=(AT_WORK, ASKING)), steps.Answer(run=ASKING)),
    (job("answer"), Found(role="write"), "No question is open"),
    (job("instruct"), Found(role="write", active=(ASKING,)), steps.Answer(run=ASKING)),
    (job("instruct"), Found(role="write", active=(AT_WORK,)), steps.Steer(run=AT_WORK)),
    (job("instruct"), Found(role="write"), steps.SayHowToStart()),
    (job("instruct", thread=ON_PULL), Found(role="write"), steps.Start(role="write")),
    (job("instruct", thread=ON_PULL), Found(role="write", active=(AT_WORK,)), steps.Steer(run=AT_WORK)),
    (job("instruct", thread=ON_PULL), Found(role="write", active=(GATHERING, AT_WORK)), steps.Steer(run=AT_WORK)),
    (job("retry", thread=ON_PULL), Found(role="write"), "nothing to try again"),
    (job("instruct", **REVIEW), Found(role="write"), steps.Start(role="write")),
    (job("instruct", **REVIEW), Found(role="triage"), steps.DenyRole(role="triage")),
    (job("instruct", **REVIEW), Found(role="write", active=(AT_WORK,)), steps.Start(role="write")),
    (job("instruct", **REVIEW), Found(role="write", active=(GATHERING,)), steps.Gather(run=GATHERING)),
    (job("instruct", **REVIEW), Found(role="write", active=(standing(has_heard=True),)), steps.Ignore()),
    (job(trigger="check_suite.completed", **CHECKS), Found(role="none"), steps.Start(role="none")),
    (job(trigger="check_suite.completed", **CHECKS), Found(role="none", active=(GATHERING,)), steps.Start(role="none")),
    (job("autofix", text="on", thread=ON_PULL), Found(role="maintain"), steps.SetAutofix(wish="on")),
    (
        job("autofix", text="`OFF`", thread=ON_PULL),
        Found(role="maintain", active=(AT_WORK,)),
        steps.SetAutofix(wish="off"),
    ),
    (job("autofix", text="maybe", thread=ON_PULL), Found(role="maintain"), "autofix on"),
    (job("autofix", text="on", thread=ON_PULL), Found(role="write"), steps.DenyRole(role="write")),
    (job("help"), Found(role="triage"), "`agent-fix`"),
    (job("status"), Found(role="triage", worked=(ENDED,)), "failed"),
    (job("explain"), Found(role="triage", worked=(ENDED,)), steps.Explain(run_id=ENDED.run_id)),
    (job("explain"), Found(role="triage"), "no run here to explain"),
    (job("resume"), Found(role="write", active=(PARKED,)), steps.Resume(run=PARKED)),
    (job("resume"), Found(role="write", active=(AT_WORK,)), "already on this"),
    (job("resume"), Found(role="write", active=(ASKING,)), "waits for an answer"),
    (job("resume"), Found(role="write"), "no run here to resume"),
    (job("budget", text="$3"), Found(role="maintain", active=(AT_WORK,)), steps.RaiseBudget(run=AT_WORK, run_usd=3.0)),
    (job("budget", text="lots"), Found(role="maintain", active=(AT_WORK,)), "takes an amount"),
    (job("budget", text="2.5"), Found(role="maintain"), "retry --budget 2.5"),
    (job("budget", text="3"), Found(role="write", active=(AT_WORK,)), steps.DenyRole(role="write")),
    (job("approve"), Found(role="write", active=(PLANNED,)), steps.Answer(run=PLANNED, approves="abcd1234")),
    (job("approve", text="`ABCD`"), Found(role="write", active=(PLANNED,)), steps.Answer),
    (job("approve", text="ffff"), Found(role="write", active=(PLANNED,)), "is not the plan that waits"),
    (job("approve"), Found(role="write", active=(ASKING,)), "No plan waits"),
    (job("approve"), Found(role="triage", active=(PLANNED,)), steps.DenyRole(role="triage")),
    (job("revise", text="smaller"), Found(role="write", active=(PLANNED,)), steps.Answer(run=PLANNED)),
    (job("stop"), Found(role="write", active=(AT_WORK,)), steps.Stop(runs=(AT_WORK,), reason="asked to stop")),
    (job("stop"), Found(role="write", waiting=AT_WORK), steps.CallOff(run=AT_WORK)),
    (job("stop"), Found(role="write"), "no run here to stop"),
    (job("stop", **PRESSED), Found(role="write", active=(OTHER, AT_WORK)), steps.Stop),
    (job("stop", **PRESSED), Found(role="write", active=(OTHER,)), "is over: there is nothing to stop"),
    (job("stop", **PRESSED), Found(role="write"), "is over: there is nothing to stop"),
    (job("stop", **PRESSED), Found(role="write", waiting=AT_WORK), steps.CallOff(run=AT_WORK)),
    (job("stop", **PRESSED), Found(role="write", waiting=OTHER), "is over: there is nothing to stop"),
    (job("stop", **PRESSED), Found(role="triage", active=(AT_WORK,)), steps.DenyRole(role="triage")),
    (job("retry", **PRESSED), Found(role="write", worked=(OTHER.row, ENDED)), steps.Start(role="write", before=RUN)),
    (
        job("retry", **PRESSED),
        Found(role="write", worked=(OTHER.row,)),
        steps.Start(role="write", before=OTHER.row.run_id),
    ),
    (job("retry", **PRESSED), Found(role="write", active=(AT_WORK,), worked=(ENDED,)), "already on this"),
    (job("approve", text="abcd", **PRESSED), Found(role="write", active=(PLANNED,)), steps.Answer),
    (job("approve", text="abcd", **PRESSED), Found(role="write", active=(AT_WORK,)), "No plan waits"),
    (job("model", text="deep"), Found(role="write", active=(AT_WORK,)), steps.ChangeModel(run=AT_WORK, alias="deep")),
    (job("model", text="`fast`"), Found(role="write", active=(PARKED,)), steps.ChangeModel(run=PARKED, alias="fast")),
    (job("model", text="claude-x"), Found(role="write", active=(AT_WORK,)), steps.ChangeModel),
    (job("model", text="depe"), Found(role="write", active=(AT_WORK,)), "Did you mean `/agent model deep`?"),
    (job("model", text="a b"), Found(role="write", active=(AT_WORK,)), "`fast`, `default` or `deep`"),
    (job("model"), Found(role="write", active=(AT_WORK,)), "as in `/agent model deep`"),
    (job("model", text="deep"), Found(role="write", worked=(ENDED,)), "`/agent retry --model deep`"),
    (job("model", text="deep"), Found(role="triage", active=(AT_WORK,)), steps.DenyRole(role="triage")),
    (job("undo"), Found(role="write", worked=(ENDED,)), steps.Undo(worked=(ENDED,))),
    (job("undo", thread=ON_PULL), Found(role="write"), steps.Undo(worked=())),
    (job("undo"), Found(role="write", active=(AT_WORK,)), "`/agent stop` first"),
    (job("undo"), Found(role="write", active=(standing(is_cancelled=True),)), steps.RetryLater),
    (job("undo"), Found(role="triage", worked=(ENDED,)), steps.DenyRole(role="triage")),
    (
        job(trigger="issues.closed", action="cancel"),
        Found(active=(AT_WORK,)),
        steps.Stop(runs=(AT_WORK,), reason="the issue was closed"),
    ),
    (job(trigger="issues.closed", action="cancel"), Found(active=(AT_WORK,), holds=False), steps.Ignore()),
    (job(trigger="issues.closed", action="cancel"), Found(), steps.Ignore()),
    (
        job(trigger="pull_request.closed", action="cancel", thread=ON_PULL),
        Found(active=(AT_WORK,), change=ThreadChange(kind="merged")),
        steps.Stop(runs=(AT_WORK,), reason="the issue was closed", told="The pull request was merged, so I stopped."),
    ),
    (
        job(trigger="pull_request.edited:trunk", action="cancel", thread=ON_PULL),
        Found(active=(AT_WORK,), change=ThreadChange(kind="base renamed", was="main", now="trunk")),
        steps.Follow(runs=(AT_WORK,), base_ref="trunk"),
    ),
    (job(trigger=UNLABEL, action="cancel"), Found(active=(standing(is_meant=False),)), steps.Ignore()),
]


@pytest.mark.parametrize(("job", "found", "expected"), CASES)
def test_one_rule_decides(job, found, expected):
    [asked] = asked_of(job, "/agent", "agent-fix")
    step = route(asked, found)
    if isinstance(expected, str):
        assert isinstance(step, steps.Say) and expected in step.text
    elif isinstance(expected, type):
        assert isinstance(step, expected)
    else:
        assert step == expected


def test_every_step_is_in_the_table():
    [*routes] = [route(asked_of(job, "/agent", "agent-fix")[0], found) for job, found, _ in CASES]
    assert {type(step) for step in routes} == set(steps.Step.__subclasses__())


def test_a_step_explains_itself():
    [asked] = asked_of(job("stop"), "/agent", "agent-fix")
    step = route(asked, Found(role="write", active=(ASKING,), worked=(ASKING.row, ENDED)))
    assert step.why.lines() == snapshot(
        [
            "stop: Stop ends what is at work or waits to be published",
            "  asked by ada: stop (issue_comment.created)",
            "  found",
            "    the role here: write",
            "    run 01234567 (working) is active, and asks",
            "    runs that ended here: 1",
            "  rules",
            "    no: The thread or its label is gone, so what works on it stops if GitHub says so too",
            "    no: This job was here before and made its run",
            "    no: Nobody asked us: the label is not ours, or off again",
            "    no: A run that has ended since took this in already",
            "    no: The role is too low; but whoever asked for a run may answer its question",
            "    no: The command cannot be obeyed as it was written",
            "    no: A label on a pull request starts nothing",
            "    no: What belongs together is gathered into one run, which begins when it is quiet",
            "    no: Approve and revise are for the plan that is open now",
            "    no: Words for an open question answer it",
            "    no: An answer, and no question is open",
            "    no: Plain words are for the run at work; on an issue without one they start nothing",
            "    no: Help says what can be said",
            "    no: Status says where the runs of the thread stand",
            "    no: Explain says why the newest run did what it did",
            "    no: Resume lets a parked run go on; one that asks needs its answer",
            "    no: Budget changes what the run at work may spend",
            "    yes: Stop ends what is at work or waits to be published",
        ]
    )


standings = st.builds(
    Standing,
    row=st.just(row()),
    requester=st.sampled_from(["ada", "bob"]),
    is_cancelled=st.booleans(),
    by_label=st.booleans(),
    is_asking=st.booleans(),
    is_meant=st.booleans(),
)
founds = st.builds(
    Found,
    role=st.none() | st.sampled_from(ROLES),
    own=st.sampled_from(["", "parked"]),
    holds=st.booleans(),
    was_heard=st.booleans(),
    active=st.lists(standings, max_size=2).map(tuple),
    waiting=st.none() | standings,
    worked=st.lists(st.just(ENDED), max_size=2).map(tuple),
)


BUILT = [verb.name for verb in VERBS.values() if verb.works]


@given(verb=st.sampled_from([*BUILT, INSTRUCT.name]), found=founds, is_pull=st.booleans())
def test_whatever_is_found_exactly_one_rule_decides_and_nobody_without_a_role_starts_anything(verb, found, is_pull):
    thread = ISSUE._replace(is_pull_request=is_pull)
    [asked] = asked_of(job(verb, thread=thread), "/agent", "agent-fix")
    step = route(asked, found)
    assert sum("yes: " in line for line in step.why.lines()) == 1
    if found.role in {None, "none", "read"} and not found.own:
        assert not isinstance(step, steps.Start | steps.Steer | steps.Stop | steps.CallOff | steps.Undo)
    if isinstance(step, steps.Start):
        assert not found.active, "one run at a time on a thread"
        assert verb == "retry" or verb in BY_VERB


@pytest.mark.parametrize("verb", sorted(VERBS.keys() - set(BUILT)))
def test_a_verb_without_a_rule_starts_nothing(verb):
    [asked] = asked_of(job(verb), "/agent", "agent-fix")
    with pytest.raises(LookupError, match=verb):
        route(asked, Found(role="admin"))


def test_a_job_that_asks_for_nothing_is_a_defect():
    with pytest.raises(LookupError, match="asks for nothing"):
        asked_of(job(trigger="issues.opened"), "/agent", "agent-fix")
