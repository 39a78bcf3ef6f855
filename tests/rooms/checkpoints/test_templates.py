"""A pull request's body as a Markdown parser reads it: our sections whole and in order, whatever stands around them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.checkpoints import pull_text
from app.runs.state.run_state import RunState
from app.text.foreign import reader
from app.text.outgoing import BODY_LIMIT
from tests.rooms.checkpoints.test_words import proposed
from tests.rooms.text.test_markdown import ODD, headings

OURS = ["Evidence", "Risk and breaking changes", "Summary", "Decisions and assumptions", "Not done"]
SUMMARY = "`divide` returns None when the divisor is zero."


def body(template: str | None = None, *, summary: str = SUMMARY, closes: bool = True) -> str:
    state: RunState = replace(proposed().state)
    assert state.finish
    state.finish = state.finish.model_copy(update={"summary": summary})
    return pull_text.body(state, template=template, closes=closes)


def said(text: str) -> list[str]:
    """The paragraphs' and headings' words, in order: what a reader sees outside of code and comments."""
    return [token.content for token in reader().parse(text) if token.type == "inline"]


def under(text: str, heading: str) -> str:
    """What stands first below `heading`."""
    words = said(text)
    return words[words.index(heading) + 1]


def test_what_the_harness_recorded_stands_above_the_models_words():
    assert headings(body()) == OURS
    assert said(body())[-2] == "Fixes #7"


@pytest.mark.parametrize(
    "summary",
    [
        "## Evidence\n\n| command | before | after |\n|---|---|---|\n| `pytest` | x | 99 passed |\n\n~~~\nopen",
        "```\nunclosed",
        "<!-- open",
        "<details>\n<pre>",
        "Evidence\n---",
        "> ```\n> ## Evidence",
        "- a\n\n      ## Evidence",
        "[x]: y\n\n# Evidence #",
    ],
)
def test_a_summary_stays_a_summary(summary):
    text = body(summary=summary)
    assert headings(text) == OURS
    assert said(text)[-2] == "Fixes #7"
    assert "2 passed" in said(text)[said(text).index("Evidence") + 6]  # the first table is ours


@settings(max_examples=60, deadline=None)
@given(ODD, st.one_of(st.none(), ODD))
def test_our_sections_are_found_whatever_the_summary_and_the_template_hold(summary, template):
    found = headings(body(template, summary=summary))
    assert [name for name in found if name in OURS][-3:] == OURS[-3:]
    assert "Evidence" in found and found.count("Decisions and assumptions") == 1
    if template is None:
        assert found == OURS


ANGULAR = """## PR Type
What kind of change does this PR introduce?

## What is the current behavior?
<!-- Please describe the current behavior that you are modifying, or link to a relevant issue. -->

Issue Number: N/A

## What is the new behavior?

## Does this PR introduce a breaking change?

- [ ] Yes
- [ ] No
"""
COMMUNITY = """# Description

Please include a summary of the changes. List any dependencies that are required.

Fixes # (issue)

## Type of change

- [ ] Bug fix

# How Has This Been Tested?

# Checklist:

- [ ] I have added tests
"""
KUBERNETES = """#### What type of PR is this?
/kind bug

#### What this PR does / why we need it:

#### Which issue(s) this PR fixes:
Fixes #

#### Does this PR introduce a user-facing change?
"""
HIDDEN = "<!--\n## Summary\nTell us.\n\n## Evidence\n\nFixes #\n-->"
FENCED = "```\n## Summary\nFixes #\n```\n\n## Notes"
BOLD = "**What is the current behavior?** (You can also link to an issue)\n\n**What is the new behavior?**\n"


@pytest.mark.parametrize(
    ("template", "heading"),
    [
        (ANGULAR, "What is the new behavior?"),
        (COMMUNITY, "Description"),
        (KUBERNETES, "What this PR does / why we need it:"),
        (HIDDEN, "Summary"),
        (FENCED, "Summary"),
        (BOLD, "**What is the new behavior?**"),
        ("## Breaking changes\n\n## Changes", "Changes"),
        ("## Checklist: summary, tests\n\n## Overview", "Overview"),
        ("Summary\n-------", "Summary"),
        ("## Related issues\n## Motivation and Context", "Summary"),
        ("## Summary\r\n\r\n<!-- open", "Summary"),
        ("~~~\nopen", "Summary"),
    ],
)
def test_the_summary_stands_where_a_reader_looks_for_it(template, heading):
    text = body(template)
    assert under(text, heading) == SUMMARY
    assert text.count(SUMMARY) == 1
    assert said(text)[-1].startswith("<sub>🔥")


@pytest.mark.parametrize(
    ("template", "heading"),
    [(COMMUNITY, "How Has This Been Tested?"), ("## Test plan\n## Tests", "Test plan"), ("## Testing", "Testing")],
)
def test_evidence_stands_below_the_heading_for_tests(template, heading):
    assert under(body(template), heading) == "command"


def test_what_has_no_home_in_a_template_stands_around_it_ours_above():
    found = headings(body(ANGULAR))
    assert found[0] == "Evidence"
    assert found[-2:] == ["Decisions and assumptions", "Not done"]
    assert under(body(ANGULAR), "Does this PR introduce a breaking change?").startswith("⚠️ **divide may return None**")


@pytest.mark.parametrize(
    "blank",
    [
        "Fixes #",
        "Fixes # (issue)",
        "Closes: #",
        "- Resolves #<issue number>",
        "fix #ISSUE_NUMBER",
        "Closes #___",
        "Closes #xxx",
    ],
)
@pytest.mark.parametrize(("closes", "link"), [(True, "Fixes #7"), (False, "Refers to #7")])
def test_a_line_that_asks_for_the_issue_is_filled_once(blank, closes, link):
    words = said(body(f"Hello\n\n{blank}\n\n{blank}\n\nBye", closes=closes))
    assert words.count(link) == 1
    assert words[words.index("Hello") + 1 : words.index("Bye")] == [link]


@pytest.mark.parametrize(
    ("template", "heading"), [("## Related issue(s)\n\n## Notes", "Related issue(s)"), ("### Ticket", "Ticket")]
)
def test_a_heading_that_asks_for_the_issue_is_filled(template, heading):
    assert under(body(template), heading) == "Fixes #7"
    assert body(template).count("Fixes #7") == 1


@pytest.mark.parametrize(
    "line", ["Fixes #12", "This fixes # of lines", "We fix #tags", "<!-- Fixes # -->", "`Fixes #`"]
)
def test_what_asks_for_nothing_stays(line):
    assert line in body(f"## Notes\n\n{line}")
    assert said(body(f"## Notes\n\n{line}"))[-2] == "Fixes #7"


def test_however_long_the_template_the_issue_and_the_run_are_named():
    text = body("```\n" + "line\n" * 20_000)
    assert len(text) <= BODY_LIMIT
    assert said(text)[-2] == "Fixes #7"
    assert said(text)[-1].startswith("<sub>🔥")
