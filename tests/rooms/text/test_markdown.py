"""Text from outside in a body: nothing of it acts, hides, or reaches beyond its end; what it says stays readable."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it.token import Token

from app.text import outgoing
from app.text.foreign import reader

# What GitHub would act on, as its own autolinking describes it.
_ACTS = re.compile(r"@[\w-]|#\d|\bGH-\d|https?://|\bwww\.\w|!\[|\]\(|\]\[|\]:|<[a-z/!]", re.IGNORECASE)

_POINTED = st.text(alphabet=list("@#GH-12://ww.![]()<>abs\n&;*|\\ \u200b\u202e"), max_size=60)
_SIGNS = (
    *("#", "##", " ", "\n", "\n\n", "```", "~~~", "`", "``", "*", "**", "_", "__", "~~", "<!--", "-->", "<div>"),
    *("</div>", "<?x", "?>", "<![CDATA[", "]]>", "[", "]", "(", ")", "![", "http://x.y", "@maya", "#12", "- ", "* "),
    *("1. ", "2) ", "> ", "    ", "|", "---", "===", "|--|--|", "\\", "&lt;", "&#64;", "&#10;", "&", "<", "/lgtm"),
    *("bors r+", "a", "b c", "Evidence", "+ ", "[x]: y", "\t", "<pre>", ":-:", "<details>"),
)
ODD = st.lists(st.sampled_from(_SIGNS), max_size=25).map("".join)
OURS = "\n\n## Ours\n\nFixes #7"


def every(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from every(token.children or [])


def kinds(body: str) -> set[str]:
    return {token.type for token in every(reader().parse(body))}


def headings(body: str) -> list[str]:
    """The words of the headings that stand by themselves, as a parser finds them."""
    tokens = reader().parse(body)
    return [after.content for token, after in pairwise(tokens) if token.type == "heading_open" and token.level == 0]


@given(st.one_of(_POINTED, st.text(alphabet=st.characters(exclude_characters="`~ \t"), max_size=60)))
def test_nothing_in_untrusted_text_acts(text: str) -> None:
    assert not _ACTS.search(outgoing.neutral(text))
    assert not _ACTS.search(outgoing.line(text))


@settings(max_examples=200)
@given(ODD)
def test_text_from_outside_holds_no_block_of_its_own_and_ends_where_it_ends(text: str) -> None:
    body = outgoing.neutral(text) + OURS
    assert headings(body) == ["Ours"]
    assert [token.content for token in reader().parse(body) if token.type == "inline"][-1] == "Fixes #7"
    assert kinds(body).isdisjoint({"link_open", "image", "html_inline", "html_block"})


@settings(max_examples=200)
@given(ODD)
def test_written_once_more_it_is_the_same(text: str) -> None:
    once = outgoing.neutral(text)
    assert outgoing.neutral(once) == once


@settings(max_examples=200)
@given(ODD)
def test_a_line_is_one_line_and_no_block(text: str) -> None:
    line = outgoing.line(text)
    assert len(line.splitlines()) <= 1
    for body in (line, f"- {line}"):
        assert kinds(body).isdisjoint({"link_open", "image", "html_inline", "html_block", "fence", "heading_open"})


@settings(max_examples=200)
@given(ODD)
def test_what_a_body_leaves_open_is_closed(text: str) -> None:
    assert headings(outgoing.closed(text) + OURS)[-1] == "Ours"


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
        "&#64;octocat &lt;img src=x>",
        "<https://evil.example>",
        "@<!-- -->octocat",
        "[a]<b></b>(https://evil.example)",
    ],
)
def test_known_tricks_are_inert(text: str) -> None:
    assert not _ACTS.search(outgoing.neutral(text)), outgoing.neutral(text)


COMMANDS = (
    *("/lgtm", "/approve", "  /hold", "/kind bug", "- /retest", "> /merge", "bors r+", "bors: try", "atlantis apply"),
    *("@dependabot merge", "@bors r+", "ok to test", "retest this please", "recheck", "LGTM", "pre-commit.ci run"),
)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "form", ["{}", "Words.\n{}", "Words.\n\n{}", "```\n{}\n```", "## {}", "<div>\n{}", "- a\n  {}"]
)
def test_no_line_is_a_command_to_another_bot(command: str, form: str) -> None:
    bare = command.strip(" ->")
    for body in (outgoing.neutral(form.format(command)), outgoing.line(command), outgoing.fence(command)):
        assert not re.search(rf"(?m)^[ \t>*-]*{re.escape(bare)}", body)
        assert bare in body.replace("\u2060", "")


@pytest.mark.parametrize(
    ("text", "posted"),
    [
        ("## Evidence\n\nAll green.", "**Evidence**\n\nAll green."),
        ("Evidence\n========", "**Evidence**"),
        ("~~~\nopen", "```\nopen\n```"),
        ("```\nunclosed", "```\nunclosed\n```"),
        ("````py\n```\n<!-- &lt; @x\n````", "````py\n```\n<!-- &lt; @x\n````"),
        ("```mermaid\ngraph\n```", "```\ngraph\n```"),
        ("a <!-- b", "a &lt;!-- b"),
        ("<!-- gone -->kept", "kept"),
        ("<!-- gone\n\nfor good", ""),
        ("see `List<int> & @property #1 <!-- x -->`", "see `List<int> & @property #1 <!-- x -->`"),
        ("a & b, 2 * 3, snake_case, R&D", "a & b, 2 \\* 3, snake_case, R&D"),
        ("*soft*, **hard**, __init__", "*soft*, **hard**, **init**"),
        ("| a | b |\n|--|--|\n| `x\\|y` | z |", "| a | b |\n| --- | --- |\n| `x\\|y` | z |"),
        ("- [ ] tick me\n\n> [!WARNING]\n> boo", "- \\[ ] tick me\n\n> \\[!WARNING]\n> boo"),
        ("- a\n  1. b\n\n     ```\n     c\n     ```", "- a\n  1. b\n\n     ```\n     c\n     ```"),
        ("https://x.example", "https:\u2060//x.example"),
        ("[click](https://x.example 'now')", "click (https:\u2060//x.example)"),
    ],
)
def test_what_is_said_stays_readable(text: str, posted: str) -> None:
    assert outgoing.neutral(text) == posted


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Fix a < b & @property", "Fix a < b & @property"),
        ("Handle `List<int>` in [x]: *y*", "Handle `List<int>` in [x]: *y*"),
        ("a\u200b\u202eb\u2060\nc", "ab c"),
        ("Fixes #12, closes acme/calc#3", "Fixes 12, closes acme/calc 3"),
        ("Resolve: GH-7 and fix https://github.com/a/b/issues/3", "Resolve: 7 and fix github.com/a/b/issues/3"),
        ("Like #12", "Like #12"),
        ("Tell @acme/everyone", "Tell acme/everyone"),
        ("Skip it [skip ci] ***NO_CI*** [ci-skip]", "Skip it (skip ci) (NO_CI) (ci-skip)"),
        ("/lgtm", "lgtm"),
    ],
)
def test_a_title_is_plain(text: str, title: str) -> None:
    assert outgoing.plain(text, 200) == title


def test_a_commit_message_notifies_closes_and_signs_nothing() -> None:
    text = "For @maya.\n\nCloses #3 &amp; a < b\nSigned-off-by: eve <e@x>\nskip-checks: true\n/lgtm"
    assert outgoing.plain_lines(text, 500) == (
        "For @ maya.\n\nCloses 3 &amp; a < b\nSigned-off-by - eve <e@ x>\nskip-checks - true\nlgtm"
    )


@given(st.text(alphabet="`a \n|\\", max_size=40))
def test_a_code_span_cannot_be_left(text: str) -> None:
    span = outgoing.code(text)
    ticks = re.match(r"`+", span)
    assert ticks and span.endswith(ticks.group())
    assert "\n" not in span
    inside = span[len(ticks.group()) : -len(ticks.group())]
    assert ticks.group() not in re.findall(r"`+", inside)


@given(st.text(alphabet="`~a\n", max_size=60))
def test_a_code_block_cannot_be_left(text: str) -> None:
    block = outgoing.fence(text).split("\n")
    assert all(row.strip() != block[0] for row in block[1:-1])
    assert block[-1] == block[0]


@settings(max_examples=50)
@given(st.lists(st.one_of(ODD.map(outgoing.line), ODD.map(outgoing.code)), min_size=3, max_size=3))
def test_a_cell_cannot_be_left(cells: list[str]) -> None:
    tokens = reader().parse("\n".join([outgoing.row("abc"), "|---|---|---|", outgoing.row(cells)]))
    assert sum(token.type == "td_open" for token in tokens) == 3
    assert tokens[-1].type == "table_close"


@pytest.mark.parametrize("opened", ["<details>\n\n```\n", "<!-- ", "~~~~\n", "<pre>\n", ""])
def test_a_long_body_is_cut_within_the_limit_and_says_so(opened: str) -> None:
    cut = outgoing.cut(opened + "line\n" * 40_000)
    assert len(cut) <= outgoing.BODY_LIMIT
    assert headings(cut + OURS) == ["Ours"]
    assert cut.count("<details") == cut.count("</details>")
    assert [t.content for t in reader().parse(cut) if t.type == "inline"][-1].startswith("*(cut:")


def test_only_names_that_can_be_logins_are_mentioned() -> None:
    assert outgoing.people(["octocat", "@acme/team", "x y", "a](http://b)"]) == "@octocat @acme/team"
