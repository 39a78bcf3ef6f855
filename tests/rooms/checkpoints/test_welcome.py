"""The onboarding issue, read like a person: reviewed as text, and true in every case of protection."""

from __future__ import annotations

from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from app.checkpoints import welcome
from app.checkpoints.welcome import Welcome

USUAL = Welcome(
    installed_by="maya",
    prefix="/agent",
    trigger_label="agent-fix",
    branch="main",
    has_commits=True,
    protected=True,
    approvals=1,
    run_usd=2.0,
    day_usd=20.0,
    configured=False,
)


def test_what_it_says():
    assert welcome.issue(USUAL) == snapshot("""\
<!-- lamplighter onboarding -->
I am a background coding agent. maya gave me access to this repository. **Nothing happens until somebody asks me.**

### Ask me
Put the label `agent-fix` on an issue, or comment `/agent fix` on it. That takes write access here. Then I

1. read the issue and work on a copy, in a sandbox without secrets;
2. ask you when something is unclear, and wait;
3. run your tests before and after the change;
4. open a **draft pull request**. I never merge, never approve, and never push to `main`.

I do more when you comment:
- `/agent ci` Find out why checks failed, and repair it.
- `/agent rebase` Merge the base branch in and resolve conflicts; no history is rewritten.
- `/agent rehearse` Set up and test once, without a model, and say what came of it.

### Who has the last word
✅ `main` takes no change without one approval by a person (those who may bypass its rules excepted).

### What it costs
At most $2.00 a run and $20.00 a day in this repository. `.github/lamplighter.yml` can change that; nothing is required.
For your editor: `# yaml-language-server: $schema=lamplighter.schema.json` (what `lamplighter schema` prints).

### Switch me off
- **this repository:** put `agent:off` on *this* issue. Work stops; taking it off ends that.
- **one issue or pull request:** put `agent:off` there.
- **for good:** an owner takes the repository out of the App, under *Settings → GitHub Apps*.

`/agent help` says what else I understand. You may close this issue: nothing depends on it being open.\
""")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"may_bypass": True}, "⚠️ **My App is one of them**: take it off the ruleset's bypass list"),
        ({"may_bypass": None}, "Whether I am one of them is not shown to me"),
        ({"approvals": 2}, "✅ `main` takes no change without 2 approvals by a person"),
        ({"approvals": 0}, "⚠️ `main` is protected, but asks for nobody's approval"),
        ({"approvals": None}, "❔ `main` is protected, but only an administrator can see"),
        ({"approvals": 0, "protected": False}, "⚠️ `main` is **not protected** and asks for nobody's approval"),
        ({"has_commits": False}, "There is no commit here yet"),
        ({"off": ("fix",)}, "switches fixes off"),
        ({"configured": True}, "is set in `.github/lamplighter.yml`"),
        ({"mistakes": "line 3: no"}, "### To mend first\nline 3: no"),
    ],
)
def test_what_it_says_otherwise(change, words):
    assert words in welcome.issue(replace(USUAL, **change))


def test_names_from_outside_stay_names():
    said = welcome.issue(replace(USUAL, installed_by="@acme/all <b>", branch="x`](https://evil.example) @all"))
    assert "@acme" not in said
    assert "<b>" not in said
    assert "`` x`](https://evil.example) @all ``" in said  # inside code nothing acts


def test_it_is_short_enough_for_a_phone():
    text = welcome.issue(USUAL)
    assert len(text.splitlines()) <= 40
    assert len(text) < 2_000


def test_marker_is_what_makes_it_ours():
    assert welcome.is_ours(welcome.issue(USUAL))
    assert not welcome.is_ours("Lamplighter is here")
