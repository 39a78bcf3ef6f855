"""What every Model does, whoever is behind it."""

from __future__ import annotations

import pytest

from app.agent.models.scripted import bash, cut, fault, finish, reply, say
from app.errors import TransientError, UserError
from app.ports.model import Clearing
from tests.contracts.model.voice import spoken


def test_text_and_calls_come_as_the_api_gives_them(voice):
    voice.will([say("Looking."), bash("ls")])
    answer = voice.say()
    thought, call = answer.content
    assert (thought["type"], thought["thinking"]) == ("thinking", "Looking.") and thought["signature"]
    assert (call["type"], call["name"], call["input"]) == ("tool_use", "bash", {"command": "ls"})
    assert call["id"].startswith("toolu_")
    assert (answer.stop_reason, answer.complete, answer.model) == ("tool_use", True, "claude-sonnet-5-5")
    assert answer.request_id


def test_text_is_streamed_to_who_listens(voice):
    voice.will(say("One two three"))
    heard: list[str] = []
    voice.say(on_text=heard.append)
    assert "".join(heard).endswith("One two three")
    voice.will([say("Between calls"), bash("ls")])
    voice.say([{"type": "text", "text": "One two three"}], on_text=heard.append)
    assert "".join(heard).endswith("Between calls")


def test_the_conversation_moves_on(voice):
    voice.will(bash("one"), bash("two"), finish("Done"))
    first = voice.say()
    second = voice.say(first.content)
    third = voice.say(first.content, second.content)
    assert [spoken(reply)[0]["name"] for reply in (first, second, third)] == ["bash", "bash", "finish"]
    assert len({spoken(reply)[0]["id"] for reply in (first, second, third)}) == 3


def test_usage_counts_the_cache(voice):
    voice.will(bash("one"), bash("two"))
    first = voice.say()
    second = voice.say(first.content)
    assert set(first.usage) == {
        "input_tokens",
        "output_tokens",
        "cache_read_input_tokens",
        "cache_creation_input_tokens",
        "thinking_tokens",
    }
    assert 0 < first.usage["thinking_tokens"] <= first.usage["output_tokens"]
    assert first.usage["cache_creation_input_tokens"] > 1000 and first.usage["cache_read_input_tokens"] == 0
    assert second.usage["cache_read_input_tokens"] >= first.usage["cache_creation_input_tokens"]
    assert first.usage["output_tokens"] > 1


@pytest.mark.parametrize("reason", ["max_tokens", "pause_turn", "refusal", "model_context_window_exceeded", "odd_one"])
def test_every_stop_reason_comes_through(voice, reason):
    voice.will(reply(say("Well"), stop_reason=reason))
    assert voice.say().stop_reason == reason


def test_an_empty_reply_is_a_reply(voice):
    voice.will(reply())
    answer = voice.say()
    assert (list(answer.content), answer.stop_reason, answer.complete) == ([], "end_turn", True)


def test_a_cut_stream_is_incomplete_and_has_its_price(voice):
    voice.will(cut(say("half a sentence, " * 40), bash("rm -rf build")), bash("ls"))
    answer = voice.say()
    assert not answer.complete
    assert answer.usage["output_tokens"] > 1
    assert sum(answer.usage.values()) > 1000
    assert spoken(voice.say())[0]["input"] == {"command": "ls"}


@pytest.mark.parametrize("status", [429, 500, 529])
def test_what_passes_is_transient_and_says_how_long(voice, status):
    voice.will(fault(status, retry_after_seconds=7), say("Here"))
    with pytest.raises(TransientError) as caught:
        voice.say()
    assert caught.value.retry_after_seconds == 7
    assert spoken(voice.say())[0]["text"] == "Here"


def test_a_broken_connection_is_transient(voice):
    voice.will(fault("connection"), say("Here"))
    with pytest.raises(TransientError):
        voice.say()
    assert voice.say().complete


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_does_not_pass_is_for_a_person(voice, status):
    voice.will(fault(status))
    with pytest.raises(UserError) as caught:
        voice.say()
    assert str(status) in str(caught.value) or "not known" in str(caught.value)


CHANGED = {
    "an earlier result": lambda m: m[2]["content"][0].update(content=[{"type": "text", "text": "[cleared]"}]),
    "the opening": lambda m: m[0]["content"][0].update(text="Mend another bug."),
    "an earlier call's input": lambda m: m[1]["content"][-1].update(input={}),
    "a dropped block": lambda m: m[2]["content"].append({"type": "text", "text": "By the way."}),
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=list(CHANGED))
def test_thinking_behind_anything_that_changed_is_dropped_and_reported(voice, change):
    voice.will(bash("one"), bash("two"), bash("three"))
    first = voice.say()
    second = voice.say(first.content)
    assert voice.say(first.content, second.content).input_transformations == []
    third = voice.say(first.content, second.content, change=change)
    assert "prefix_binding_mismatch" in {entry["reason"] for entry in third.input_transformations}


BROKEN = {
    "Invalid `signature`": lambda m: m[1]["content"][0].update(thinking="Something else."),
    "without `tool_result` blocks": lambda m: m.pop(2) and m.insert(2, {"role": "user", "content": "Go on."}),
    "non-whitespace text": lambda m: m[2]["content"][0].update(content=[{"type": "text", "text": " \n"}]),
    "non-empty content": lambda m: m.append({"role": "user", "content": []}),
    "unexpected `tool_use_id`": lambda m: m[2]["content"].append(
        {"type": "tool_result", "tool_use_id": "toolu_other", "content": "ok"}
    ),
    "must end with a user message": lambda m: m.append({"role": "assistant", "content": "I will"}),
    "maximum of 4 blocks": lambda m: m[0]["content"].extend(
        {"type": "text", "text": str(n), "cache_control": {"type": "ephemeral"}} for n in range(4)
    ),
}


@pytest.mark.parametrize(("words", "change"), BROKEN.items(), ids=list(BROKEN))
def test_what_the_api_refuses_is_refused_in_its_words(voice, words, change):
    voice.will([bash("one"), bash("other")], bash("two"))
    first = voice.say()
    with pytest.raises(UserError, match="HTTP 400") as caught:
        voice.say(first.content, change=change)
    assert words in str(caught.value)


def test_old_results_are_cleared_by_the_vendor_and_it_says_so(voice):
    voice.will(bash("one"), bash("two"), bash("three"))
    first = voice.say()
    clearing = Clearing(above_tokens=100, keep=1, at_least_tokens=0)
    second = voice.say(first.content, clearing=clearing)
    assert second.applied_edits == []
    third = voice.say(first.content, second.content, clearing=clearing)
    assert [edit["cleared_tool_uses"] for edit in third.applied_edits] == [1]
