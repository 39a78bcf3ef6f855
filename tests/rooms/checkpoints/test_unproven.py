"""What a person reads of a change that tests do not vouch for."""

from __future__ import annotations

from inline_snapshot import snapshot

from app.checkpoints import check_run_text, pull_text, render
from app.claims import Claims, Round
from tests.rooms.checkpoints.test_words import opened, proposed, working

DOUBTFUL = Claims(
    base=Round(ending="red", how="exit code 1", passed=9, ran=21, failing=tuple(f"t.py::test_{n}" for n in range(12))),
    head=Round(ending="green", passed=9, ran=9),
    steered=("t.py",),
    originals=Round(
        ending="red", how="exit code 1", passed=9, ran=21, failing=tuple(f"t.py::test_{n}" for n in range(12))
    ),
)


def test_the_evidence_of_a_change_that_tests_do_not_vouch_for() -> None:
    state = proposed(DOUBTFUL, "tests-changed", "uncertain").state
    body = pull_text.body(state, template=None, closes=True)
    evidence = body.split("## Evidence")[1].split("\n## ")[0]
    said = evidence.split("|\n\n")[1].split("\n\nFailing")[0]
    assert said == snapshot("""\
- 9 tests pass.
- 12 fewer tests ran than before.
- The tests as they were fail with the change as they did before it: `t.py::test_0`, `t.py::test_1` and 10 more.
- **No test shows that this change does what it should.**\
""")
    first = "\n".join(f"- `t.py::test_{n}`" for n in range(10))
    rest = "<details><summary>and 2 more</summary>\n\n- `t.py::test_10`\n- `t.py::test_11`\n\n</details>"
    for when in ("before the change", "as they were, with the change"):
        assert f"Failing {when}:\n\n{first}\n\n{rest}\n" in evidence


def test_headline_check_and_confidence_of_a_change_that_tests_do_not_vouch_for() -> None:
    state = opened(proposed(DOUBTFUL, "tests-changed", "uncertain"))
    body = pull_text.body(state, template=None, closes=True)
    assert "- Confidence: **low**, not proven: tests do not vouch for it. The model's own word was **low**" in body
    said = render.result(state, "result")
    assert "### 🟡 @maya pull request #8 is not proven: look at it with care" in said
    assert "No test shows that this change does what it should." in said
    assert check_run_text.proposed(state)[0] == "Pull request opened, not proven: #8"


def test_a_stage_s_note_shows_no_markup() -> None:
    note = "1 test passes. **No test shows it.**"  # as the claims have it, for where bold is shown
    told = working().happen("stage.started", stage="verify").happen("stage.ended", stage="verify", ok=True, note=note)
    assert "| 1 test passes. No test shows it. |" in render.status(told.state)


def test_a_change_of_comments_closes_no_issue() -> None:
    claims = Claims(base=Round(ending="green", ran=1), head=Round(ending="green", ran=1), comments_only=True)
    body = pull_text.body(proposed(claims, "uncertain").state, template=None, closes=True)
    assert "Refers to #" in body and "Fixes #" not in body
    assert "Only comments were changed" in body
