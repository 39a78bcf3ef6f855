"""The grammar of `/agent …`, for any text at all."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.commands.grammar import parse
from app.commands.verbs import VERBS
from app.jobs.job import Command


def heard(text: str, **options) -> tuple[Command, ...]:
    return parse(text, slug="lamplighter", **options)


SOUP = st.lists(
    st.sampled_from(
        [
            *(
                "/agent",
                "@lamplighter",
                " ",
                "\n",
                "\r\n",
                "fix",
                "answer",
                "stop",
                "--",
                "--model",
                "=",
                '"',
                "'",
                "“",
                "”",
            ),
            *(
                "```",
                "~~~",
                "`",
                ">",
                "<!--",
                "-->",
                "<pre>",
                "</pre>",
                "—",
                "x",
                "\t",
                "    ",
                "\u2028",
                "@",
                "💡",
                "\x00",
            ),
        ]
    ),
    max_size=60,
).map("".join)


@given(st.text() | SOUP)
@example("/agent fix --model \udcff")
def test_nothing_raises_and_errors_cannot_break_out_of_a_comment(text):
    for command in heard(text):
        assert command.verb in {*VERBS, "instruct"}
        if command.error is not None:
            assert "\n" not in command.error and "@" not in command.error
            assert command.error.count("`") % 2 == 0
            assert len(command.error) < 200


@given(SOUP)
def test_what_is_quoted_or_in_a_fence_is_never_a_command(text):
    assert heard("\n".join(f"> {line}" for line in text.replace("\r", "").split("\n"))) == ()
    assert heard("~~~~~\n" + text.replace("~", "") + "\n~~~~~") == ()
    assert heard("<!--\n" + text.replace("-->", "") + "\n-->") == ()


@given(st.sampled_from(sorted(VERBS)), st.text(alphabet="abc 123.,", max_size=50))
def test_every_verb_is_known_with_any_text(verb, text):
    [command] = heard(f"/agent {verb} {text}")
    assert (command.verb, command.text) == (verb, text.strip())


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "/agent ",
            "/agent fix\n",
            "<!--",
            "-->",
            "<!-- -->",
            "`",
            "```\n",
            "~~~\n",
            "> ",
            "--model ",
            "--model=",
            '"',
            "“x",
            "“x ",
            "'x ",
            "—x=“y ",
        ),
        *(
            "— ",
            "-",
            " ",
            "\n",
            "\r",
            "a",
            "@lamplighter ",
            "--x=“",
            "<pre>\n",
            "`<!--",
            "`<!-- ",
            "\u00a0",
            "--a",
            "/agent --model '",
        ),
    ],
)
@pytest.mark.parametrize("start", ["", "/agent fix ", "/agent "])
@pytest.mark.timeout(60)  # of which a third of a second is needed; the square of the length would take minutes
def test_time_does_not_grow_with_the_square_of_the_length(unit, start):
    heard(start + unit * 128_000)
