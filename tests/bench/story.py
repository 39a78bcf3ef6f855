"""The script both agents play for the token count: a project, and what a model does in it step by step."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MODULES = 24
_LINES = 270
_CASES = 128
_NAMES = ("total", "weight", "offset", "reader", "parser", "window", "budget", "margin", "label", "cursor")


@dataclass(frozen=True, kw_only=True)
class Move:
    """What the model says, and the command it runs.

    Outputs are as uneven as in real work: whole files and test runs of 6 to 8 KB, searches and edits of a few hundred
    bytes; 3 KB on average. The peer sends about 1,250 k tokens in 50 steps, as in the project's first comparison.
    """

    said: str
    command: str


def plant(tree: Path) -> None:
    """A project of some twenty modules and a test suite that prints a line a test."""
    pack = random.Random(7)
    (tree / "src").mkdir(parents=True)
    for number in range(MODULES):
        lines = [f'"""Module {number}."""', ""]
        while len(lines) < _LINES:
            name = f"{pack.choice(_NAMES)}_{len(lines)}"
            lines += ["", f"def {name}(value, other={pack.randrange(100)}):"]
            lines += [f"    step = value * {pack.randrange(50)} + other", f"    return step - {pack.randrange(9)}", ""]
        (tree / "src" / f"module{number}.py").write_text("\n".join(lines) + "\n")
    numbers = range(_CASES)
    cases = "\n".join(
        f"    def test_case_{i:03d}(self):\n        self.assertEqual({i} + 1, {i + 1})\n" for i in numbers
    )
    (tree / "test_all.py").write_text(f"import unittest\n\n\nclass Everything(unittest.TestCase):\n{cases}")


def moves(count: int) -> Iterator[Move]:
    """`count` steps: read, search, look closely, change, run the tests, and so on through the modules."""
    kinds = (_read, _search, _look, _change, _test)
    for number in range(count):
        yield kinds[number % len(kinds)](number // len(kinds))


def _read(turn: int) -> Move:
    name = f"src/module{turn % MODULES}.py"
    return Move(said=f"I will read {name} to see how it computes its steps.", command=f"cat -n {name}")


def _search(turn: int) -> Move:
    word = _NAMES[turn % len(_NAMES)]
    return Move(
        said=f"Where is {word} defined elsewhere? The same mistake may be in more than one module.",
        command=f"grep -n 'def {word}' src/*.py | head -n 20",
    )


def _look(turn: int) -> Move:
    name = f"src/module{turn % MODULES}.py"
    return Move(said="The middle of it once more, closely.", command=f"sed -n '{90 + turn},{120 + turn}p' {name}")


def _change(turn: int) -> Move:
    name = f"src/module{turn % MODULES}.py"
    return Move(
        said=f"The step is computed without its guard; I add one line to the first function of {name}.",
        command=f"sed -i '0,/    return step/s//    step += {turn}  # guarded\\n    return step/' {name} && "
        f"head -n 9 {name}",
    )


def _test(_turn: int) -> Move:
    return Move(said="Now the tests.", command="python3 -m unittest -v test_all 2>&1 | sed 's/in [0-9.]*s/in time/'")
