"""The conversation over many steps: what is cleared, what stays cached, what it costs."""

from __future__ import annotations

from itertools import pairwise

import pytest

from app.agent import Budget
from app.agent.circles import Action, circle
from app.agent.scripted_model import Script, ScriptedModel, bash, fault, finish, say
from app.errors import UserError
from tests.rooms.agent.bench import Bench, Clock, MemoryStore, Tree


def cost(bench) -> float:
    """Input in plain-token units: a cache read counts 0.1, a cache write 1.25."""
    tokens = bench.ledger().state.tokens
    return (
        tokens["input_tokens"] + 0.1 * tokens["cache_read_input_tokens"] + 1.25 * tokens["cache_creation_input_tokens"]
    )


def long_work(bench, steps: int) -> None:
    bench.budget = Budget(usd=100, turns=500, minutes=500)
    bench.model.will(*[[say(f"Step {n}."), bash(f"seq {n} {n + 1200}")] for n in range(steps - 1)], finish("Done"))
    assert bench.work().kind == "finished"


def test_old_results_are_cleared_rarely_and_the_last_three_stay(bench):
    long_work(bench, 50)
    cuts = bench.events("context.trimmed")
    assert 3 <= len(cuts) <= 6
    results = [
        block["content"][0]["text"]
        for message in bench.model.requests[-1].messages
        if message["role"] == "user"
        for block in message["content"]
        if block["type"] == "tool_result"
    ]
    assert len(results) == 49
    assert all(len(text) > 3_000 for text in results[-3:])
    assert sum(text == "[cleared]" for text in results) >= 33


def test_fifty_steps_cost_far_less_than_keeping_everything(bench, tmp_path):
    long_work(bench, 50)
    (tmp_path / "other").mkdir()
    other = Bench(MemoryStore(), Tree(tmp_path / "other"), ScriptedModel(Script()), Clock())
    other.set(trim_above_tokens=10**9)
    long_work(other, 50)
    assert cost(bench) < 0.7 * cost(other)


def test_the_cache_is_written_anew_only_from_the_cut_on(bench):
    long_work(bench, 60)
    replied = [event.data["usage"] for event in bench.ledger().events if event.kind == "model.replied"]
    assert all(usage["cache_read_input_tokens"] > 2_000 for usage in replied[1:])
    prompt = [sum(v for k, v in usage.items() if k != "output_tokens") for usage in replied]
    assert max(prompt) < 22_000
    assert all(usage["cache_creation_input_tokens"] < 9_000 for usage in replied[1:])


def test_every_request_is_one_the_api_accepts(bench):
    long_work(bench, 40)
    for request in bench.model.requests:
        roles = [message["role"] for message in request.messages]
        assert roles[0] == "user" and all(a != b for a, b in pairwise(roles))
        marks = sum("cache_control" in block for message in request.messages for block in message["content"])
        assert 1 <= marks <= 3
        for before, after in pairwise(request.messages):
            uses = [block["id"] for block in before["content"] if block["type"] == "tool_use"]
            results = [block.get("tool_use_id") for block in after["content"]][: len(uses)]
            assert uses == results


def test_a_conversation_without_room_is_ended_not_sent(bench):
    bench.model_name = "claude-haiku-4-5"
    bench.set(window_share=0.1)
    bench.model.will(*[[say("word " * 4000), bash(f"echo {n}")] for n in range(20)])
    bench.budget = Budget(usd=100, turns=500, minutes=500)
    assert bench.work().kind == "context_exhausted"
    assert len(bench.model.requests) < 5


def act(name: str, failed: bool = True) -> Action:
    return Action(signature=name, failed=failed, summary=name)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("aa", False),
        ("aaa", True),
        ("baaa", True),
        ("aaab", False),
        ("ababab", True),
        ("babab", False),
        ("abcabcabc", True),
        ("abcdabcdabcd", False),
    ],
)
def test_circles_of_one_two_or_three(names, found):
    assert (circle([act(name) for name in names]) is not None) is found


def test_successful_repetition_has_more_patience():
    assert circle([act("a", failed=False)] * 5) is None
    assert circle([act("a", failed=False)] * 6) is not None
    assert circle([act("e", failed=False), act("t")] * 3) is not None


# ---------------------------------------------------------------- the script as a file


def test_a_script_survives_its_file(tmp_path):
    script = Script([bash("ls"), [say("x"), bash("pwd")], fault(529, times=2), finish("Done")])
    script.when("Crash").will(finish("Other"))
    script.save(tmp_path / "script.json")
    loaded = Script.load(tmp_path / "script.json")
    assert loaded.to_json() == script.to_json()


def test_another_process_plays_the_same_file(bench, tmp_path):
    path = tmp_path / "script.json"
    Script([bash("true")]).save(path)
    bench.model = ScriptedModel(path)
    with pytest.raises(UserError, match="no reply number 2"):
        bench.work()
    Script([bash("true"), finish("Done")]).save(path)
    bench.model = ScriptedModel(path)
    assert bench.work().kind == "finished"


def test_runs_can_have_their_own_words(bench):
    bench.model.will(finish("Default"))
    bench.model.when("Divide by zero").will(finish("Special"))
    bench.work()
    assert bench.events("finish.called")[0]["title"] == "Special"


@pytest.mark.parametrize("text", ["", "{", '"words"', '{"replies": 7}'])
def test_a_file_that_is_no_script_is_said(tmp_path, text):
    (tmp_path / "s.json").write_text(text)
    with pytest.raises(UserError):
        Script.load(tmp_path / "s.json")
