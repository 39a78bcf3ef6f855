"""Stories of limits: what the vendor may answer, and what the budget allows."""

from __future__ import annotations

import pytest

from app.agent import Budget
from app.agent.models.scripted import bash, call, create, cut, fault, finish, reply, say
from app.errors import UserError
from tests.rooms.agent.bench import last_user, texts


@pytest.mark.parametrize(
    ("lost", "why"),
    [
        (reply(), "it was empty"),
        (reply(say("\n\n")), "nothing but thoughts"),
        (reply({"type": "thinking", "thinking": "Hm."}), "nothing but thoughts"),
        (reply(call("bash", command="ls"), {"type": "thinking", "thinking": "Hm."}), "middle of a thought"),
        (reply({"type": "tool_use", "name": "bash", "raw": '{"command": "rm -rf'}), "not valid JSON"),
        (
            reply(bash("ls"), {"type": "tool_use", "name": "bash", "raw": "[]"}, stop_reason="max_tokens"),
            "not valid JSON",
        ),
    ],
)
def test_a_reply_the_api_would_not_take_back_is_left_out_whole_and_the_model_is_told(bench, tree, lost, why):
    bench.model.will(bash("echo one"), lost, bash("echo two"), finish("Done"))
    assert bench.work().kind == "finished"
    told = bench.events("notice.given")
    assert [event["about"] for event in told] == ["nudge"] and why in told[0]["text"]
    result, notice = bench.model.requests[2].messages[-1]["content"]
    assert "one" in texts([result]) and notice["text"] == told[0]["text"]
    assert tree.commands == ["echo one", "echo two"]
    assert bench.ledger().state.turns == 4


def test_blanks_beside_thinking_are_sent_back_as_they_came(bench):
    thought = {"type": "thinking", "thinking": "Two ways."}
    bench.model.will([thought, say("\n\n"), bash("true")], finish("Done"))
    assert bench.work().kind == "finished"
    [_, reply_, _] = bench.model.requests[-1].messages
    assert "\n\n" in [block.get("thinking", block.get("text")) for block in reply_["content"]]


def test_a_command_that_prints_blanks_only_is_taken(bench):
    bench.model.will(bash("printf ' \\n \\n'"), bash("printf '\\t'; exit 3"), finish("Done"))
    assert bench.work().kind == "finished"
    assert "(no output)" in texts(last_user(bench)) or "exit code 3" in texts(last_user(bench))


def test_a_call_cut_at_the_output_limit_is_never_executed(bench, tree):
    bench.model.will(reply(create("big.py", "half"), stop_reason="max_tokens"), finish("Done"))
    assert bench.work().kind == "finished"
    assert not (tree.base / "big.py").exists()
    assert "smaller pieces" in texts(last_user(bench))
    assert bench.model.requests[-1].messages[-2]["content"][-1]["input"]["file_text"] == "half"


def test_pause_turn_goes_on(bench):
    bench.model.will(reply(say("wait"), stop_reason="pause_turn"), finish("Done"))
    assert bench.work().kind == "finished"
    assert bench.events("notice.given") == []


def test_a_refusal_ends_the_run_until_someone_says_more(bench):
    bench.model.will(reply(say("I can't"), stop_reason="refusal"), finish("Done"))
    assert bench.work().kind == "refused"
    assert bench.work().kind == "refused"
    bench.append("steer.received", by="alice", text="It is only arithmetic.")
    assert bench.work().kind == "finished"


def test_an_overflow_asks_for_more_to_be_cleared_and_tries_again(bench):
    bench.model.will(
        *[bash(f"seq {n} 700") for n in range(30)],
        reply(stop_reason="model_context_window_exceeded"),
        finish("Done"),
    )
    bench.budget = Budget(usd=50, turns=50, minutes=60)
    assert bench.work().kind == "finished"
    assert [event["cleared"] for event in bench.events("model.called")][-2:] == [0, 29]
    assert bench.model.requests[-1].clearing.keep == 1


def test_an_overflow_with_nothing_to_clear_ends_the_run(bench):
    bench.model.will(bash("echo only"), reply(stop_reason="model_context_window_exceeded"))
    assert bench.work().kind == "context_exhausted"


def test_a_cut_stream_is_charged_not_executed_and_repeated(bench, tree):
    bench.model.will(cut(create("half.py", "x")), create("whole.py", "x"), finish("Done"))
    assert bench.work().kind == "finished"
    assert not (tree.base / "half.py").exists() and (tree.base / "whole.py").exists()
    [failed] = bench.events("model.failed")
    assert failed["cost_usd"] > 0


def test_an_overloaded_vendor_is_waited_for(bench, clock):
    bench.model.will(fault(529, times=4), fault(429, retry_after_seconds=30), finish("Done"))
    assert bench.work().kind == "finished"
    assert 1 + 2 + 4 + 8 + 30 <= sum(clock.slept) <= 1.3 * (1 + 2 + 4 + 8 + 30)
    assert max(clock.slept) <= 2


def test_a_vendor_that_stays_away_parks_the_run(bench, clock):
    bench.model.will(fault(529))
    stop = bench.work()
    assert stop.kind == "model_unavailable" and stop.retry_after_seconds >= 300
    assert sum(clock.slept) <= 600


def test_a_cancellation_is_noticed_while_waiting(bench, clock):
    bench.model.will(fault(529, times=50), finish("Done"))

    def cancel_later() -> bool:
        if sum(clock.slept) > 20 and not bench.events("cancel.requested"):
            bench.append("cancel.requested", by="alice", reason="label removed")
        return False

    bench.on_step = cancel_later
    stop = bench.work()
    assert (stop.kind, stop.detail) == ("cancelled", "label removed")
    assert sum(clock.slept) < 25


def test_a_refused_key_passes_through_as_a_user_error(bench):
    bench.model.will(fault(401))
    with pytest.raises(UserError):
        bench.work()
    assert bench.kinds()[-1] == "model.failed"


def test_turns_end_the_run(bench):
    bench.budget = Budget(usd=5, turns=5, minutes=60)
    bench.model.will(*[bash(f"echo {n}") for n in range(9)])
    stop = bench.work()
    assert (stop.kind, stop.which) == ("out_of_budget", "turns")
    assert len(bench.model.requests) == 5
    [notice] = bench.events("notice.given")
    assert "4 of 5 turns" in notice["text"]


def test_minutes_end_the_run_and_bound_a_command(bench, clock, tree):
    bench.budget = Budget(usd=5, turns=50, minutes=1 / 60)
    bench.model.will(bash("sleep 20"), finish("Done"))
    ran = tree.run

    def timed(command, *, timeout_seconds=None, network=False):
        result = ran(command, timeout_seconds=timeout_seconds)
        clock.sleep(timeout_seconds or 0)
        return result

    tree.run = timed
    stop = bench.work()
    assert (stop.kind, stop.which) == ("out_of_budget", "minutes")
    [result] = bench.events("tool.ran")
    assert result["summary"] == "ran sleep 20 (killed: time)" and result["is_error"]


def test_dollars_are_never_overspent(bench):
    bench.budget = Budget(usd=0.25, turns=500, minutes=60)
    bench.model.will(*[reply(bash(f"seq {n} {n + 900}"), say("word " * 2000)) for n in range(200)])
    stop = bench.work()
    assert (stop.kind, stop.which) == ("out_of_budget", "usd")
    assert 0.15 < bench.ledger().state.cost_usd <= 0.25
    assert min(request.max_tokens for request in bench.model.requests) < 32_000


def test_a_budget_that_cannot_pay_one_call_makes_none(bench):
    bench.budget = Budget(usd=0.001, turns=5, minutes=5)
    assert bench.work().which == "usd"
    assert bench.model.requests == []


def test_a_raised_budget_goes_on(bench):
    bench.budget = Budget(usd=0.001, turns=5, minutes=5)
    bench.model.will(finish("Done"))
    bench.work()
    bench.append("budget.raised", by="alice", run_usd=3.0)
    assert bench.work().kind == "finished"
