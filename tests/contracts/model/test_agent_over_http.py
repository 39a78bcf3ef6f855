"""The loop with the real SDK over a real socket: what a third party's client of the API would see."""

from __future__ import annotations

import pytest

from app.agent.models.anthropic import AnthropicModel
from app.agent.models.scripted import bash, create, cut, edit, fault, finish, reply, say
from tests.contracts.model.voice import KEY
from tests.rooms.agent.bench import Bench, Clock, MemoryStore, Tree


@pytest.fixture
def bench(api, tmp_path) -> Bench:
    model = AnthropicModel(api_key=KEY, base_url=api.url)
    model.warm()
    return Bench(MemoryStore(), Tree(tmp_path), model, Clock())  # type: ignore[arg-type]


def test_a_bad_day_at_the_vendor_ends_well(bench, api):
    api.will(
        fault(429, retry_after_seconds=20),
        [say("Look."), bash("ls"), create("calc.py", "def div(a, b):\n    return a / b\n")],
        fault(529, times=3),
        fault("connection"),
        {"type": "tool_use", "name": "bash", "raw": '{"command": "rm -rf'},
        cut(say("Now I will"), edit("calc.py", "a / b", "a // b")),
        reply(edit("calc.py", "a / b", "half of it"), stop_reason="max_tokens"),
        edit("calc.py", "a / b", "a / b if b else 0"),
        say("Thinking aloud."),
        finish("Guard the division"),
    )
    assert bench.work().kind == "finished"
    assert bench.tree.read_file("calc.py") == b"def div(a, b):\n    return a / b if b else 0\n"
    assert [e["is_error"] for e in bench.events("tool.ran")] == [False, False, True, False]
    assert len(bench.events("model.failed")) == 6
    assert sum(bench.clock.slept) >= 20 + 1 + 2 + 4


def test_every_request_is_well_formed(bench, api):
    api.will(*[[say(f"Step {n}."), bash(f"seq {n} {n + 1500}")] for n in range(30)], finish("Done"))
    assert bench.work().kind == "finished"
    for body in api.requests:
        fields = {"model", "system", "tools", "messages", "max_tokens", "stream"}
        assert set(body) == fields | {"thinking", "output_config", "context_management"}
        blocks = [*body["tools"], *body["system"], *(b for m in body["messages"] for b in m["content"])]
        assert 2 <= sum("cache_control" in block for block in blocks) <= 4
        assert body["messages"][0]["role"] == "user" and body["messages"][-1]["role"] == "user"
        assert all(block["text"].strip() for block in blocks if block.get("type") == "text")
    reads = [event["usage"]["cache_read_input_tokens"] for event in bench.events("model.replied")]
    assert all(read > 1_000 for read in reads[1:])


def test_a_dead_worker_costs_the_vendor_one_call(bench, api):
    api.will(bash("echo one >> log"), bash("echo two >> log"), finish("Done"))

    def die(*_args, **_kwargs):
        raise KeyboardInterrupt

    shell, bench.tree.shell = bench.tree.shell, die
    with pytest.raises(KeyboardInterrupt):
        bench.work()
    bench.tree.shell = shell
    assert bench.work().kind == "finished"
    assert len(api.requests) == 3
    assert bench.tree.read_file("log") == b"one\ntwo\n"
