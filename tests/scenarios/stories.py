"""What a model says in the stories: short plays that several scenarios share."""

from __future__ import annotations

from pathlib import Path

from app.agent.models.scripted import Script, ask, bash, create, edit, finish, question

REGRESSION = """import unittest

from calc import divide


class DividesByZero(unittest.TestCase):
    def test_by_zero_is_none(self):
        self.assertIsNone(divide(1, 0))
"""


CALC = '''"""Arithmetic."""


def divide(a, b):
    return a / b
'''

TEST_CALC = """import unittest

from calc import divide


class Divides(unittest.TestCase):
    def test_divides(self):
        self.assertEqual(divide(6, 3), 2)
"""

# Without `site`: what somebody hooked into this machine's Python takes longer to start than the tests take.
TESTS = "python3 -S -m unittest -q"

CONFIG = f"""setup: []
verify: ["{TESTS}"]
"""

# Its start, most of it imports that a passing test never uses, took a quarter of the stories' CPU.
RUNNER = Path(__file__).with_name("project_runner.py").read_text("utf-8")

# A small project with one bug, whose tests need nothing installed.
PROJECT = {"calc.py": CALC, "test_calc.py": TEST_CALC, "unittest.py": RUNNER, ".github/lamplighter.yml": CONFIG}

SMALL_FIX = edit("calc.py", "    return a / b\n", "    if b == 0:\n        return None\n    return a / b\n")


def fix(model: Script, *, confidence: str = "high") -> Script:
    """What a good model does: reproduce with a test, change little, run the tests, finish."""
    return model.will(
        create("test_by_zero.py", REGRESSION),
        bash(TESTS),
        SMALL_FIX,
        bash(TESTS),
        finish(
            "Return None when dividing by zero",
            "`divide` returns None when the divisor is zero.",
            confidence=confidence,
            assumptions=["None rather than an exception, as the issue asks"],
        ),
    )


def question_then_fix(model: Script) -> Script:
    """Asks what zero should give, then does it."""
    model.will(
        bash("cat calc.py"),
        ask(
            question(
                "What should `divide(1, 0)` give?",
                "None",
                "ZeroDivisionError as today",
                consequences=["callers must check for None", "nothing changes but the message"],
            )
        ),
    )
    return fix(model)
