"""Text from outside never acts: no mention, reference, closing word, link, image or HTML survives."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.checkpoints import markdown

# What GitHub would act on, as its own autolinking describes it.
_ACTS = re.compile(r"@[\w-]|#\d|\bGH-\d|https?://|\bwww\.\w|!\[|\]\(|\]\[|\]:|<[a-z/!]", re.IGNORECASE)

_POINTED = st.text(alphabet=list("@#GH-12://ww.![]()<>abs`\n&;*|\\ \u200b\u202e"), max_size=60)


@given(st.one_of(_POINTED, st.text(max_size=60)))
def test_nothing_in_untrusted_text_acts(text: str) -> None:
    assert not _ACTS.search(markdown.neutral(text))
    assert not _ACTS.search(markdown.line(text))


@pytest.mark.parametrize(
    "text",
    [
        "Fixes #12",
        "cc @octocat and @acme/team",
        "closes acme/calc#3",
        "GH-77",
        "![x](https://evil.example/pixel.png)",
        "[click](javascript:alert(1))",
        "<img src=x onerror=1>",
        "<!-- lamplighter run=1 part=result -->",
        "[ref]: https://evil.example",
        "www.evil.example",
    ],
)
def test_known_tricks_are_inert(text: str) -> None:
    assert not _ACTS.search(markdown.neutral(text)), markdown.neutral(text)


@given(st.text(max_size=80))
def test_a_line_is_one_line(text: str) -> None:
    assert len(markdown.line(text).splitlines()) <= 1


@given(st.text(alphabet="`a \n|\\", max_size=40))
def test_a_code_span_cannot_be_left(text: str) -> None:
    span = markdown.code(text)
    ticks = re.match(r"`+", span)
    assert ticks and span.endswith(ticks.group())
    assert "\n" not in span
    inside = span[len(ticks.group()) : -len(ticks.group())]
    assert ticks.group() not in re.findall(r"`+", inside)


@given(st.text(alphabet="`~a\n", max_size=60))
def test_a_code_block_cannot_be_left(text: str) -> None:
    block = markdown.fence(text).split("\n")
    assert all(row.strip() != block[0] for row in block[1:-1])
    assert block[-1] == block[0]


def test_a_long_body_is_cut_within_the_limit_and_says_so() -> None:
    body = "<details>\n\n```\n" + "line\n" * 40_000
    cut = markdown.cut(body)
    assert len(cut) <= markdown.BODY_LIMIT
    assert cut.count("```") % 2 == 0
    assert cut.count("<details") == cut.count("</details>")
    assert "cut:" in cut


def test_only_names_that_can_be_logins_are_mentioned() -> None:
    assert markdown.people(["octocat", "@acme/team", "x y", "a](http://b)"]) == "@octocat @acme/team"
