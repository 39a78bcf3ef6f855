"""The conversation over many steps: what is cleared, what stays cached, what it costs."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from app.agent import Budget, Task
from app.agent.loop_detector import Action, circle
from app.agent.models.scripted import Script, bash, create, fault, finish, say
from app.agent.models.scripted_model import ScriptedModel
from app.errors import UserError
from tests.rooms.agent.bench import Bench, Clock, MemoryStore, Tree

INPUT = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


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


def test_old_results_are_cleared_rarely_and_in_large_pieces(bench):
    long_work(bench, 100)
    cleared = [event["cleared"] for event in bench.events("model.called")]
    assert cleared == sorted(cleared) and cleared[0] == 0
    pieces = sorted(set(cleared))
    assert 3 <= len(pieces) <= 5 and all(after - before >= 15 for before, after in pairwise(pieces))
    edits = [event["applied_edits"][0] for event in bench.events("model.replied") if event.get("applied_edits")]
    assert [edit["cleared_tool_uses"] for edit in edits] == [count for count in cleared if count]
    assert all(edit["cleared_input_tokens"] > 15_000 for edit in edits)


def test_the_prompt_stays_near_the_trigger_and_the_cache_is_written_anew_only_at_a_cut(bench):
    long_work(bench, 100)
    replied = [event.data["usage"] for event in bench.ledger().events if event.kind == "model.replied"]
    prompts = [sum(v for k, v in usage.items() if k in INPUT) for usage in replied]
    assert 50_000 < max(prompts) < 66_000
    assert all(usage["cache_read_input_tokens"] > 2_000 for usage in replied[1:])
    assert sum(usage["cache_creation_input_tokens"] > 4_000 for usage in replied) <= 4


def test_a_long_run_costs_far_less_than_without_clearing(bench, tmp_path):
    long_work(bench, 110)
    (tmp_path / "other").mkdir()
    other = Bench(MemoryStore(), Tree(tmp_path / "other"), ScriptedModel(Script()), Clock())
    other.set(clear_above_tokens=10**9)
    long_work(other, 110)
    assert cost(bench) < 0.8 * cost(other)


@pytest.mark.parametrize("turns", [12, 60])
@pytest.mark.parametrize("change_hands_after", [None, 1, 5])
def test_the_same_bytes_are_sent_on_every_call_whoever_works(bench, tree, turns, change_hands_after):
    """The law itself (grows, nothing dropped) is held by the fixture; here it is given something to hold."""
    bench.budget = Budget(usd=100, turns=500, minutes=500)
    bench.model.will(
        *[[say(f"Step {n}."), bash(f"seq {n} {n + 900}"), create(f"f{n}.py", "x\n" * n)] for n in range(turns - 1)],
        finish("Done"),
    )
    steps = 0

    def change_hands() -> bool:
        nonlocal steps
        steps += 1
        return change_hands_after is not None and steps % (change_hands_after * 7) == 0

    bench.on_step = change_hands
    ends = [bench.work().kind]
    while ends[-1] == "interrupted":
        ends.append(bench.work().kind)
    assert ends[-1] == "finished" and (len(ends) > 1) == (change_hands_after is not None)
    assert len(bench.model.requests) == turns
    thoughts = [b for m in bench.model.requests[-1].messages for b in m["content"] if b["type"] == "thinking"]
    assert len(thoughts) == turns - 1 and all(thought["signature"] for thought in thoughts)


def test_a_newer_prompt_and_another_tree_change_nothing_of_a_run_under_way(bench, tmp_path):
    bench.model.will(bash("true"), bash("true"), finish("Done"))
    bench.on_step = lambda: bool(bench.events("tool.ran"))
    assert bench.work().kind == "interrupted"
    (tmp_path / "elsewhere").mkdir()
    bench.tree, bench.task = Tree(tmp_path / "elsewhere"), Task(playbook="fix", repository="acme/renamed")
    bench.on_step = lambda: False
    assert bench.work().kind == "finished"
    moved = [event["text"] for event in bench.events("notice.given")]
    assert moved == [
        f"The work tree is at {bench.tree.root} now; where an earlier message names another place, read this one."
    ]


def test_a_run_that_was_trimmed_by_an_older_worker_goes_on(bench, store):
    bench.budget = Budget(usd=100, turns=500, minutes=500)
    bench.model.will(*[bash(f"seq {n} 1200") for n in range(40)], finish("Done"))
    bench.on_step = lambda: len(bench.events("tool.ran")) >= 30
    assert bench.work().kind == "interrupted"
    bench.append("context.trimmed", through_call=20)
    bench.on_step = lambda: False
    assert bench.work().kind == "finished"
    assert [event["cleared"] for event in bench.events("model.called")][30] == 20


class Uncleared(ScriptedModel):
    """A vendor that knows nothing of clearing."""

    def reply(self, request, on_text=None):
        return super().reply(replace(request, clearing=None), on_text)


def test_a_vendor_that_does_not_clear_ends_clearly_when_its_window_is_full(bench, clock):
    bench.model = Uncleared(Script(), clock=clock)
    bench.model_name = "claude-sonnet-4-5"
    bench.budget = Budget(usd=100, turns=500, minutes=500)
    bench.model.will(*[[say("word " * 4000), bash(f"seq {n} {n + 1200}")] for n in range(60)])
    stop = bench.work()
    assert stop.kind == "context_exhausted" and "200,000 tokens" in stop.detail
    assert 15 < len(bench.model.requests) < 40


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
