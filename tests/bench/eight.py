"""Eight runs at once on one machine, against one alone: real server, real workers, every one to its pull request."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from app.agent.models.scripted import Script, bash, create, edit, finish, reply
from app.simulator.state import Issue, Pull, Repository
from tests.bench.measure import Row, Scale, secs
from tests.bench.site import Site, at
from tests.waiting import until

TITLE = "Runs at once (label to draft pull request; the model takes a second a reply)"
MODEL_SECONDS = 1.0
CALC = '"""Arithmetic."""\n\n\ndef divide(a, b):\n    return a / b\n'
TESTS = "import unittest\n\nfrom calc import divide\n\n\nclass Divides(unittest.TestCase):\n"
BEFORE = f"{TESTS}    def test_divides(self):\n        self.assertEqual(divide(6, 3), 2)\n"
REGRESSION = f"{TESTS}    def test_by_zero(self):\n        self.assertIsNone(divide(1, 0))\n"
CONFIG = 'setup: []\nverify: ["python3 -m unittest -q"]\nlimits: {open_pull_requests: 100}\n'


def play() -> Script:
    """A fix as a good model makes it: a failing test, the smallest change, the tests, the end."""
    steps = (
        create("test_by_zero.py", REGRESSION),
        bash("python3 -m unittest -q"),
        edit("calc.py", "    return a / b\n", "    if b == 0:\n        return None\n    return a / b\n"),
        bash("python3 -m unittest -q"),
        finish("Return None when dividing by zero", "`divide` returns None when the divisor is zero."),
    )
    return Script([reply(step, delay_seconds=MODEL_SECONDS) for step in steps])


def rows(place: Path, scale: Scale) -> list[Row]:
    script = place / "replies.json"
    play().save(script)
    env = {"LAMPLIGHTER_MODEL_PROVIDER": "scripted", "LAMPLIGHTER_MODEL_SCRIPT": str(script)}
    with Site(place, env) as site:
        files = {"calc.py": CALC, "test_calc.py": BEFORE, ".github/lamplighter.yml": CONFIG}
        repo = site.github.repository("bench/calc", files=files, labels=["agent-fix"])
        alone = _race(site, repo, 1)
        together = _race(site, repo, scale.runs_at_once)
    return [_row("work done", alone, together, 0), _row("all pull requests open", alone, together, 1)]


def _row(what: str, alone: Sequence[list[float]], together: Sequence[list[float]], column: int) -> Row:
    one, many = max(end[column] for end in alone), max(end[column] for end in together)
    count = len(together)
    note = f"one after another would be {count:.2f} ×"
    if column:
        note = f"GitHub's limits let one installation write once a second: {count} runs share that; {note}"
    else:
        note += f"; first done after {secs(min(end[column] for end in together))}"
    return Row(what=f"{count} runs, {what}", ours=secs(many), floor=f"{secs(one)} for one", ratio=many / one, note=note)


def _race(site: Site, repo: Repository, count: int) -> list[list[float]]:
    """Seconds from the first label to the end of each run's work and to its pull request."""
    maya = site.github.maintainer
    issues = [maya.open_issue(repo, f"Divide by zero {number}", body="It raises.") for number in range(count)]
    known = {pull.number for pull in _pulls(site, repo)}
    started = time.time()
    for issue in issues:
        maya.label(issue, "agent-fix")
    seen: dict[int, float] = {}

    def all_open() -> bool:
        for pull in _pulls(site, repo):
            if pull.number not in known:
                seen.setdefault(pull.number, time.time() - started)
        return len(seen) >= count or _is_lost(site, issues)

    until(all_open, "not every run came to its pull request", seconds=240, pause=0.05)
    states = [site.wait_ended(issue) for issue in issues]
    wrong = [f"{state.outcome}: {state.reason}" for state in states if state.outcome != "proposed"]
    if wrong:
        raise RuntimeError(f"{len(wrong)} of {count} runs made no pull request: {wrong[0]}")
    ends = [at(next(e.at for e in site.store.events(s.run_id) if e.kind == "run.ended")) - started for s in states]
    return [list(pair) for pair in zip(sorted(ends), sorted(seen.values()), strict=True)]


def _is_lost(site: Site, issues: Sequence[Issue]) -> bool:
    states = [site.state(issue) for issue in issues]
    return any(state is not None and state.outcome not in {None, "", "proposed"} for state in states)


def _pulls(site: Site, repo: Repository) -> list[Pull]:
    with site.github.world.lock:
        return list(repo.pulls)
