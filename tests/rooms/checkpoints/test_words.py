"""The bot's words, reviewed like code: what a person reads at each checkpoint of one story.

Change a sentence and run `pytest --inline-snapshot=fix -n 0` on this file; the difference is the review.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from inline_snapshot import snapshot

from app.checkpoints import pull_text, questions, render
from app.claims import Claims, Round, TestProof
from app.config.repo_config import RepoConfig
from app.events.deciding import Protection
from app.ledger import GENESIS, Event
from app.publication.kinds.reaction import Reaction
from app.publication.projection import next_effect
from app.runs.state import apply
from app.runs.state.run_state import RunState
from tests.said import said

CONFIG = RepoConfig.model_validate({})
CREATED = {
    "thread": {
        "installation_id": 1,
        "repository_id": 2,
        "repository": "acme/calc",
        "number": 7,
        "is_pull_request": False,
    },
    "requester": {"login": "maya", "id": 42, "type": "User"},
    "trigger": "issues.labeled:agent-fix",
    "delivery": "d",
    "comment_id": None,
    "task": {"title": "Divide by zero", "body": "It raises."},
    "playbook": "fix",
    "base": {"ref": "main", "sha": "a" * 40, "default": True},
    "branch": "agent/7-divide-by-zero-cafe",
    "config": CONFIG.model_dump(mode="json"),
    "names": {"prefix": "/agent", "labels": CONFIG.label_names()},
    "model": "claude-sonnet-5-5",
    "protection": {"protected": False, "approvals_required": 0},
}
ASKED = {
    "questions": [
        {
            "text": "What should divide(1, 0) give?",
            "options": ["None", "ZeroDivisionError, as today"],
            "default": 0,
            "consequences": ["callers must check for None", "only the message gets better"],
        }
    ]
}
RUN = {"command": "python3 -m unittest -q", "seconds": 0.2, "exit_code": 0}

PROVEN = Claims(
    base=Round(ending="green", passed=1, ran=1),
    head=Round(ending="green", passed=2, ran=2),
    tests=(TestProof(name="test_by_zero.py::T::test_it", before="red", after="green", how="exit code 1"),),
)


class Telling:
    """Makes the state of a run from the events of a story, ten seconds apart."""

    def __init__(self) -> None:
        self.state = RunState(run_id="cafe0123456789ab")
        self.at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def happen(self, kind: str, **data: object) -> Telling:
        self.at += timedelta(seconds=10)
        state = self.state
        told = said(kind, **data).data()
        event = Event.make(
            run_id=state.run_id, seq=state.seq + 1, at=self.at, kind=kind, data=told, previous=state.head or GENESIS
        )
        apply(state, event)
        return self


def working() -> Telling:
    story = Telling().happen("run.created", **CREATED).happen("run.admitted", reason="room")
    story.happen("attempt.started", attempt=1, worker="w", sandbox="bubblewrap")
    for name, note in (("clone", "3 files at aaaaaaa"), ("setup", "nothing to run"), ("baseline", "1 passed")):
        story.happen("stage.started", stage=name, note="").happen("stage.ended", stage=name, ok=True, note=note)
    story.happen("stage.started", stage="work", note="reading the issue")
    usage = {"input_tokens": 900, "output_tokens": 80}
    story.happen("model.replied", call=1, content=[], stop_reason="tool_use", usage=usage, cost_usd=0.0123, seconds=2)
    return story.happen("tool.ran", tool_use_id="t", name="bash", summary="ran cat calc.py (exit 0)", content=[])


def proposed(claims: Claims | None = None, *marks: str) -> Telling:
    story = (
        working().happen("question.asked", **ASKED).happen("run.parked", reason="question", note="It needs an answer.")
    )
    story.happen("question.answered", by="maya", text="1a\n(1a = None)", delivery="e")
    story.happen("run.resumed", reason="answered").happen(
        "attempt.started", attempt=2, worker="w", sandbox="bubblewrap"
    )
    story.happen(
        "finish.called",
        outcome="done",
        title="Return None when dividing by zero",
        summary="`divide` returns None when the divisor is zero.",
        confidence="low",
        assumptions=["Nobody relies on the exception"],
        not_proven=["Dividing `Decimal`s @maya\n![x](https://evil.example/p): fixes #1, no test uses them"],
        not_done=["`modulo` still raises"],
    )
    story.happen("breaking.reported", what="divide may return None", affected="callers", migration="check for None")
    story.happen(
        "verification.ended",
        ok=True,
        note="as the claims say",
        baseline=[{**RUN, "counts": {"passed": 1, "failed": 0}}],
        head=[{**RUN, "counts": {"passed": 2, "failed": 0}}],
        claims=(claims or PROVEN).as_event(),
    )
    story.happen("scan.ended", ok=True, findings=[])
    story.happen(
        "proposal.made",
        changes=[],
        title="Return None when dividing by zero",
        draft=True,
        draft_reason="it contains a breaking change, so a person decides when it is ready.",
        marks=["breaking-change", *marks],
        owners=["carl"],
        reviewers=["carl"],
        template=None,
        evidence=[],
        ledger_head="f" * 64,
    )
    return story.happen("run.ended", outcome="proposed", reason="")


def opened(story: Telling) -> RunState:
    """Its pull request is there."""
    return story.happen("publish.done", key="pull", digest="", result={"number": 8, "url": ""}).state


def test_the_status_comment_while_it_works() -> None:
    text = render.status(working().state)
    assert len(text.splitlines()) <= 40
    assert text == snapshot("""\
<!-- lamplighter run=cafe0123456789ab part=status -->
### 🔥 Working on it

| | stage | time | |
|---|---|---|---|
| ✅ | Clone | 10 s | 3 files at aaaaaaa |
| ✅ | Set up | 10 s | nothing to run |
| ✅ | Tests before | 10 s | 1 passed |
| ⏳ | Work | … | ran cat calc.py (exit 0) |

`/agent stop` stops it.

<sub>$0.01 of $2.00 · 1 turn · asked for by maya · run `cafe0123`</sub>\
""")


def test_a_question() -> None:
    assert questions.question(proposed().state, 1) == snapshot("""\
<!-- lamplighter run=cafe0123456789ab part=question-1 -->
### ❓ @maya a question before I go on

**1. What should divide(1, 0) give?**

- **1a** None *(default)*: callers must check for None
- **1b** ZeroDivisionError, as today: only the message gets better

Reply here in your own words, or `/agent answer 1a`. Waiting costs nothing; an answer needs write access.\
""")


def test_the_closing_comment() -> None:
    assert render.result(opened(proposed()), "result") == snapshot("""\
<!-- lamplighter run=cafe0123456789ab part=result -->
### ✅ @maya pull request #8 is ready for you to look at

`divide` returns None when the divisor is zero.

- 2 tests pass. The new test fails without the change and passes with it.
- 🟡 I am **not sure** of this one: see *Decisions and assumptions* in the pull request.

It is a **draft**: it contains a breaking change, so a person decides when it is ready.

⚠️ Breaking change, please look: @carl

<sub>`/agent retry` starts again · run `cafe0123` · $0.01</sub>\
""")


def test_a_failure_says_what_was_run_and_what_next() -> None:
    story = working().happen(
        "command.ran",
        purpose="setup",
        command="pip install -e .",
        exit_code=1,
        seconds=3,
        tail="No matching x",
        at="base",
    )
    story.happen("run.ended", outcome="failed", reason="Setting up failed.", next_step="Mend that, then retry.")
    assert render.result(story.state, "result") == snapshot("""\
<!-- lamplighter run=cafe0123456789ab part=result -->
### 🔴 @maya failed

Setting up failed.

<details><summary>What was run</summary>

`pip install -e .`: exit 1

```
No matching x
```

</details>

**Next:** Mend that, then retry.

<sub>`/agent retry` starts again · run `cafe0123` · $0.01</sub>\
""")


def test_the_pull_request() -> None:
    assert pull_text.body(proposed().state, template=None, closes=True) == snapshot("""\
## Evidence

| command | before | after |
|---|---|---|
| `python3 -m unittest -q` | exit 0, 1 passed | exit 0, 2 passed |

- 2 tests pass.
- The new test fails without the change and passes with it.

New or changed tests: `test_by_zero.py::T::test_it`

<sub>Written from recorded executions, not by the model.</sub>

**Not proven**, in the model's words:

- Dividing `Decimal`s @\u2060maya !\\[x]\u2060(https:\u2060//evil.example/p): fixes #\u20601, no test uses them

## Risk and breaking changes

- ⚠️ **divide may return None** Affected: callers. Migration: check for None.
- The base branch is **not protected**: nothing but you asks for a review before this is merged.

## Summary

`divide` returns None when the divisor is zero.

## Decisions and assumptions

- Confidence: **low**
- Assumed: Nobody relies on the exception
- Asked “What should divide(1, 0) give?”, answered by maya: 1a (1a = None)

## Not done

- `modulo` still raises

Fixes #7

<sub>🔥 Lamplighter · run `cafe0123` · claude-sonnet-5-5 · $0.01 · ledger `ffffffffffffffff`</sub>\
""")


def test_a_run_from_before_there_was_a_field_for_it_claims_nothing_about_proof() -> None:
    story = working().happen("finish.called", outcome="done", title="T", summary="S", confidence="high")
    assert "Not proven" not in pull_text.body(story.state, template=None, closes=True)


def test_a_bypass_of_the_rules_is_said() -> None:
    story = proposed()
    story.state.created = story.state.created.model_copy(update={"protection": Protection(may_bypass=True)})
    assert "My App is on the **bypass list**" in pull_text.body(story.state, template=None, closes=True)


def test_the_commit() -> None:
    assert pull_text.commit_message(proposed().state, requester_id=42, requester="maya") == snapshot("""\
Return None when dividing by zero

`divide` returns None when the divisor is zero.

Refers to #7

Agent-Run: cafe0123456789ab
Agent-Model: claude-sonnet-5-5
Co-authored-by: maya <42+maya@users.noreply.github.com>\
""")


def test_the_first_thing_that_happens_is_the_reaction() -> None:
    effect = next_effect(working().state)
    assert effect is not None
    assert isinstance(effect, Reaction) and effect.key == "reaction:issue"
