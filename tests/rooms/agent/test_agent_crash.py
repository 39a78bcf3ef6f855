"""The worker dies anywhere and another goes on: at most one call is repeated, the tree is what the model believes."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.agent import replay_tools
from app.agent.beginning import beginning
from app.agent.models.scripted import (
    Script,
    ask,
    bash,
    create,
    cut,
    edit,
    finish,
    report_breaking_change,
    say,
)
from app.agent.models.scripted_model import ScriptedModel
from tests.rooms.agent.bench import Bench, Clock, MemoryStore, Tree


class Killed(BaseException):
    """kill -9, as far as one process can play it."""


class DyingStore(MemoryStore):
    """Dies before or after its n-th append."""

    def __init__(self, when: str, number: int) -> None:
        super().__init__()
        self.when, self.left = when, number

    def append(self, *args: object) -> None:
        self.left -= 1
        if self.left == 0 and self.when == "before":
            raise Killed
        super().append(*args)  # type: ignore[arg-type]
        if self.left == 0 and self.when == "after":
            raise Killed


def script() -> Script:
    return Script(
        [
            [say("Reading."), bash("ls"), bash("seq 3000")],
            [create("calc.py", "def div(a, b):\n    return a / b\n"), report_breaking_change("div returns 0")],
            cut(say("Let me")),
            ask("Return 0?"),
            [edit("calc.py", "a / b", "a / b if b else 0"), bash("echo run >> log.txt; cat calc.py")],
            say("Done, I think."),
            [bash("rm log.txt"), finish("Guard the division")],
        ]
    )


def story(bench: Bench, base: Path) -> list[str]:
    """Work to the end, answering the question, restoring the workspace from the start after each death."""
    ends: list[str] = []
    while not ends or ends[-1] != "finished":
        try:
            if ends and ends[-1] == "killed":
                place = base / f"machine{len(ends)}"
                place.mkdir()
                bench.tree = Tree(place)
                replay_tools(bench.ledger(), bench.tree, after_seq=0)
            ends.append(bench.work().kind)
            if ends[-1] == "asked" and bench.ledger().state.open_question:
                bench.append("question.answered", by="bob", text="yes")
        except Killed:
            ends.append("killed")
    return ends


def play(store: MemoryStore, base: Path) -> Bench:
    place = base / "machine0"
    place.mkdir(parents=True)
    clock = Clock()
    bench = Bench(store, Tree(place), ScriptedModel(script(), clock=clock), clock)
    story(bench, base)
    return bench


def files(tree: Tree) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in tree.base.iterdir() if path.name != "__pycache__"}


def said(bench: Bench) -> list:
    """Without signatures: each machine's tree has a path of its own, and what is thought is bound to the opening."""
    replies = [bench.ledger().read(e["content"]) for e in bench.events("model.replied")]
    return [[{k: v for k, v in block.items() if k != "signature"} for block in reply] for reply in replies]


def test_nothing_is_lost_wherever_the_worker_dies(tmp_path):
    whole = play(MemoryStore(), tmp_path / "whole")
    appends = len(whole.kinds())
    assert files(whole.tree) == {"calc.py": b"def div(a, b):\n    return a / b if b else 0\n"}
    for number in range(2, appends + 1):
        for when in ("before", "after"):
            bench = play(DyingStore(when, number), tmp_path / f"{when}{number}")
            where = f"killed {when} append {number}"
            assert files(bench.tree) == files(whole.tree), where
            assert not any(e.get("input_transformations") for e in bench.events("model.replied")), where
            assert said(bench) == said(whole), where
            assert len(bench.model.requests) <= len(whole.model.requests) + 1, where
            for once in ("question.asked", "breaking.reported", "finish.called"):
                assert len(bench.events(once)) == 1, where
            results = [e["tool_use_id"] for e in bench.events("tool.ran")]
            assert len(results) == len(set(results)), where


def test_a_call_that_died_is_charged(bench):
    bench.append("attempt.started", attempt=1)
    bench.append("model.called", call=1, model="claude-sonnet-5-5", estimate_tokens=10_000, max_tokens=1)
    bench.model.will(finish("Done"))
    assert bench.work().kind == "finished"
    [failed] = bench.events("model.failed")
    assert failed["cost_usd"] == pytest.approx(0.025)


def test_a_second_worker_asks_with_the_same_words(bench):
    bench.model.will(bash("seq 2000"), [bash("echo one"), bash("echo two")], finish("Done"))
    bench.work()
    first = bench.model.requests[-1]
    again = bench.agent()
    assert again.step().kind == "finished"
    assert [m["content"] for m in again.transcript.messages()[:-1]] == [
        [{k: v for k, v in b.items() if k != "cache_control"} for b in m["content"]] for m in first.messages
    ]
    assert beginning(bench.ledger(), bench.task, bench.tree.root).system == first.system


def test_replay_tells_the_model_what_came_out_differently(bench, tmp_path):
    bench.model.will(bash("test ! -e stamp && touch stamp"), bash("cat /nowhere"), finish("Done"))
    bench.work()
    elsewhere = tmp_path / "other"
    elsewhere.mkdir()
    tree = Tree(elsewhere)
    tree.write_file("stamp", b"")
    replay = replay_tools(bench.ledger(), tree, after_seq=0)
    assert replay.replayed == 2
    assert replay.differences == (
        "ran test ! -e stamp && touch stamp (exit 0): this time ran test ! -e stamp && touch stamp (exit 1)",
    )
    assert "check what you rely on" in bench.events("notice.given")[-1]["text"]


def test_replay_repeats_only_what_came_after_the_snapshot(bench, tree):
    bench.model.will(bash("seq 3000 > before; cat before"), bash("true"), bash("touch after"), finish("Done"))
    bench.work()
    seqs = [event.seq for event in bench.ledger().events if event.kind == "tool.ran"]
    tree.commands.clear()
    (tree.home / "outputs" / "1-0.txt").unlink()
    assert replay_tools(bench.ledger(), tree, after_seq=seqs[1]).replayed == 1
    assert "touch after" in tree.commands and "true" not in tree.commands
    assert (tree.home / "outputs" / "1-0.txt").read_bytes().endswith(b"\n3000\n")


def test_replay_of_a_run_that_has_not_begun_does_nothing(bench, tree):
    assert replay_tools(bench.ledger(), tree, after_seq=0).replayed == 0
    assert bench.events("notice.given") == []
