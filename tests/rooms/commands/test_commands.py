"""The grammar of `/agent …`, as a table of comments."""

from __future__ import annotations

import pytest

from app.commands.grammar import MAX_COMMANDS, parse
from app.jobs.job import Command


def heard(text: str, **options) -> tuple[Command, ...]:
    return parse(text, slug="lamplighter", **options)


def said(text: str, **options) -> list[tuple[str, str]]:
    return [(command.verb, command.text) for command in heard(text, **options)]


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        # who is spoken to
        ("/agent fix", [("fix", "")]),
        ("/Agent FIX", [("fix", "")]),
        ("@lamplighter fix", [("fix", "")]),
        ("@Lamplighter[bot] fix", [("fix", "")]),
        ("@lamplighter: fix", [("fix", "")]),
        ("@lamplighter, fix", [("fix", "")]),
        ("/agent\tfix", [("fix", "")]),
        ("/agent\u00a0fix", [("fix", "")]),
        ("/agent", [("help", "")]),
        ("@lamplighter", [("help", "")]),
        ("/agents fix", []),
        ("/agent-fix", []),
        ("/agent: fix", []),
        ("/agentfix", []),
        ("@lamplighter2 fix", []),
        ("@lamplighter-x fix", []),
        ("@lamplighter:fix", []),
        ("@someone fix", []),
        ("", []),
        ("   \n\n", []),
        # verbs and instructions
        ("/agent fix: the parser", [("fix", "the parser")]),
        ("/agent stop.", [("stop", "")]),
        ("/agent stop!", [("stop", "")]),
        ("/agent Answer 1b", [("answer", "1b")]),
        ("/agent answer 1b --really", [("answer", "1b --really")]),
        ("/agent use the existing parser", [("instruct", "use the existing parser")]),
        ("/agent   use   two   spaces", [("instruct", "use   two   spaces")]),
        ("/agent fixing is not fix", [("instruct", "fixing is not fix")]),
        ("/agent instruct me", [("instruct", "instruct me")]),
        # where on the page
        ("\n\n  \n/agent fix", [("fix", "")]),
        (" /agent fix", []),
        ("    /agent fix", []),
        ("\t/agent fix", []),
        ("Thanks!\n/agent fix", []),
        ("Please /agent fix", []),
        ("- /agent fix", []),
        ("/agent fix\n/agent status", [("fix", ""), ("status", "")]),
        ("/agent fix\r\n/agent status\r\n", [("fix", ""), ("status", "")]),
        ("/agent fix\r/agent status", [("fix", ""), ("status", "")]),
        ("/agent fix\u2028/agent status", [("fix", "/agent status")]),
        ("/agent fix\nkeep the signature\n\nand the name\n", [("fix", "keep the signature\n\nand the name")]),
        ("/agent answer\n1: b\n2: none\n/agent status", [("answer", "1: b\n2: none"), ("status", "")]),
        # what is not the author's own prose
        ("> /agent fix", []),
        ("> quoted\n/agent fix", [("fix", "")]),
        ("> quoted\n\n/agent fix", [("fix", "")]),
        ("   > /agent fix", []),
        ("```\n/agent fix\n```", []),
        ("```\n/agent fix\n```\n/agent status", [("status", "")]),
        ("~~~sh\n/agent fix\n~~~\n/agent status", [("status", "")]),
        ("````\n```\n/agent fix\n````\n/agent status", [("status", "")]),
        ("```\n~~~\n/agent fix\n```\n/agent status", [("status", "")]),
        ("```\n/agent fix", []),
        ("   ```\n/agent fix\n   ```", []),
        ("```x```\n/agent fix", []),  # inline code is prose, and prose came first
        ("<pre>\n/agent fix\n</pre>\n/agent status", [("status", "")]),
        ("<PRE class=x>\n/agent fix\n</PRE>", []),
        ("<!-- /agent fix -->", []),
        ("<!--\n/agent fix\n-->", []),
        ("<!--\n/agent fix\n-->\n/agent status", [("status", "")]),
        ("<!-- x -->\n/agent fix", [("fix", "")]),
        ("<!---->\n/agent fix", [("fix", "")]),
        ("<!-->\n/agent fix", [("fix", "")]),
        ("/agent fix\na\n<!--\nhidden\n-->\nb", [("fix", "a\n\nb")]),
        ("<!-- x -->/agent fix", [("fix", "")]),
        ("<!--\n--> /agent fix", []),
        ("<!-- never closed\n/agent fix", []),
        ("/agent fix <!-- hidden --> it", [("fix", "it")]),
        ("/agent fix\n<!-- hidden\n/agent stop\n-->\nshown", [("fix", "shown")]),
        ("/agent fix\nuse `<!--` here\n/agent status", [("fix", "use `<!--` here"), ("status", "")]),
        (
            "/agent fix like\n```\n/agent stop\n<!-- code -->\n```",
            [("fix", "like\n```\n/agent stop\n<!-- code -->\n```")],
        ),
        ("/agent fix\n> /agent stop", [("fix", "> /agent stop")]),
        ("/agent fix\n    /agent stop", [("fix", "/agent stop")]),
    ],
)
def test_comment_is_heard_as(comment, expected):
    assert said(comment) == expected


def test_prefix_is_configurable_and_the_mention_always_works():
    assert said("/robot fix", prefix="/robot") == [("fix", "")]
    assert said("/agent fix", prefix="/robot") == []
    assert said("@lamplighter fix", prefix="/robot") == [("fix", "")]
    assert parse("@night-shift fix", slug="night-shift")[0].verb == "fix"


@pytest.mark.parametrize(
    ("comment", "text", "flags"),
    [
        ("/agent fix --model deep", "", {"model": "deep"}),
        ("/agent fix --model=deep it", "it", {"model": "deep"}),
        ("/agent fix it --MODEL deep now", "it now", {"model": "deep"}),
        ('/agent fix --model "deep" it', "it", {"model": "deep"}),
        ("/agent fix --model='deep'", "", {"model": "deep"}),
        ("/agent fix —model deep", "", {"model": "deep"}),
        ("/agent fix –model deep", "", {"model": "deep"}),
        ("/agent fix ‑‑model “deep”", "", {"model": "deep"}),
        ("/agent fix --budget $1.50 --model fast", "", {"budget": "1.50", "model": "fast"}),
        ("/agent fix --budget 3", "", {"budget": "3"}),
        ("/agent fix --budget 123456789", "", {"budget": "123456789"}),
        ("/agent fix -- --model deep", "--model deep", {}),
        ("/agent fix the `--model` option", "the `--model` option", {}),
        ("/agent fix —but carefully", "—but carefully", {}),
        ("/agent fix a - b -- c", "a - b c", {}),
        ("/agent fix -x ---- --", "-x ----", {}),
        ('/agent fix the "--model deep" text', 'the "--model deep" text', {}),
        ("/agent fix don't --model deep", "don't", {"model": "deep"}),
        ("/agent speed it up --model deep", "speed it up", {"model": "deep"}),
        ("/agent fix it\n--model deep", "it\n--model deep", {}),
    ],
)
def test_flags_and_what_is_left_as_text(comment, text, flags):
    [command] = heard(comment)
    assert (command.text, command.flags, command.error) == (text, flags, None)


@pytest.mark.parametrize(
    ("comment", "error"),
    [
        ("/agent fix --modle deep", "`/agent fix` has no flag `--modle`. Did you mean `--model`?"),
        (
            "/agent fix --verbose",
            "`/agent fix` has no flag `--verbose`. It knows `--model`, `--budget`. Put text with dashes in backticks.",
        ),
        (
            "/agent stop --now",
            "`/agent stop` has no flag `--now`. It takes no flags. Put text with dashes in backticks.",
        ),
        ("/agent be quick --modle x", "`/agent` has no flag `--modle`. Did you mean `--model`?"),
        ("/agent fix --model", "`--model` needs a value, as in `--model deep`."),
        ("/agent fix --model=", "`--model` needs a value, as in `--model deep`."),
        ('/agent fix --model ""', "`--model` needs a value, as in `--model deep`."),
        ("/agent fix --model --budget 3", "`--model` needs a value, as in `--model deep`."),
        ("/agent fix --model a --model b", "`--model` is given twice."),
        ("/agent fix --model 'a b'", "`--model` takes one word of at most 40 letters, digits and `-._:/`."),
        ("/agent fix --model depe", "I know no model `depe`. Did you mean `--model deep`?"),
        ("/agent fix --model `id`", "`--model` takes one word of at most 40 letters, digits and `-._:/`."),
        ("/agent fix --budget 0", "`--budget` takes an amount in US dollars above 0, as in `--budget 1.50`."),
        ("/agent fix --budget 1e9", "`--budget` takes an amount in US dollars above 0, as in `--budget 1.50`."),
        ("/agent fix --budget 1234567890", "`--budget` takes an amount in US dollars above 0, as in `--budget 1.50`."),
        ("/agent fix --budget -3", "`--budget` takes an amount in US dollars above 0, as in `--budget 1.50`."),
        ("/agent fix --budget ٣", "`--budget` takes an amount in US dollars above 0, as in `--budget 1.50`."),
        ("/agent stpo", "`stpo` is not a command. Did you mean `/agent stop`?"),
        ("/agent Satus", "`Satus` is not a command. Did you mean `/agent status`?"),
        ("/agent best—off", "`bestoff` is not a command. Did you mean `/agent best-of`?"),
        ("/agent best-of", "`/agent best-of` is not built yet. `/agent help` lists what works."),
        ("/agent best–of 3", "`/agent best-of` is not built yet. `/agent help` lists what works."),
        ("/agent fix --x`@everyone`", "`/agent fix` has no flag `--xeveryone`."),
    ],
)
def test_mistake_is_said_in_one_line(comment, error):
    [command] = heard(comment)
    assert command.error is not None
    assert command.error.startswith(error)
    assert "\n" not in command.error


def test_flags_of_a_mistaken_command_do_nothing():
    [command] = heard("/agent fix --model deep --what x")
    assert command.flags == {}


def test_wrong_place_says_so():
    assert heard("/agent ci")[0].error == "`/agent ci` works on pull requests only, and this is an issue."
    assert heard("/agent ci", on_pull_request=True)[0].error is None
    for verb in ("fix", "answer", "stop", "retry", "status", "help"):
        for place in (True, False):
            assert heard(f"/agent {verb} x", on_pull_request=place)[0].error is None


def test_lone_word_far_from_any_verb_is_an_instruction():
    assert heard("/agent hurry")[0].error is None


@pytest.mark.parametrize(
    ("said", "verb"),
    [
        ("fixx please", "fix"),
        ("Fixx, please", "fix"),
        ("stpo it", "stop"),
        ("stpo\nbecause", "stop"),
        ("retyr with the parser", "retry"),
        ("anser 1b", "answer"),
        ("stauts?", "status"),
        ("fixx --budget 3", "fix"),
    ],
)
def test_near_verb_before_other_words_is_a_slip(said, verb):
    [command] = heard(f"/agent {said}")
    assert command.error is not None
    assert f"Did you mean `/agent {verb}`?" in command.error


@pytest.mark.parametrize(
    "said",
    ["thanks, great work!", "use the existing parser", "step 2 is wrong", "tests are missing", "start with the parser",
     "fixing is not enough", "try it again", "please fix it", "best would be None", "top of the file", "!!! now"],
)  # fmt: skip
def test_english_before_other_words_is_no_slip(said):
    [command] = heard(f"/agent {said}")
    assert (command.verb, command.error) == ("instruct", None)


def test_more_commands_than_anybody_means():
    commands = heard("".join(f"/agent fix it in place {number}\n" for number in range(50)))
    assert len(commands) == MAX_COMMANDS + 1
    assert "the rest was not read" in str(commands[-1].error)


def test_the_same_again_is_one_command():
    texts = [command.text for command in heard("/agent fix a\n/agent fix b\n/agent FIX a\n/agent fix a\nmore\n")]
    assert texts == ["a", "b", "a\nmore"]
