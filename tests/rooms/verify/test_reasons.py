"""A new test fails without the change for a reason that fits it, or it only asked for what was not there yet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.verify import CommandResult, Counts
from app.verify.named import Named, ending_of
from app.verify.reasons import asks_for_what_is_not_there, python_reasons, red_or_less
from tests.rooms.verify.printed_reasons import PRINTED


def unittests(*failures: tuple[str, str, str]) -> str:
    """As unittest prints failures: (test, the frames' files, the error)."""
    line = "=" * 70
    found = ""
    for test, frames, error in failures:
        stack = "".join(f'  File "{path}", line 3, in f\n    x\n' for path in frames.split())
        found += f"{line}\nERROR: {test} (test_a.T.{test})\n{'-' * 70}\nTraceback (most recent call last):\n"
        found += f"{stack}{error}\n\n"
    return found + f"{'-' * 70}\nRan 2 tests in 0.001s\n\nFAILED (errors=2)\n"


def pytests(*failures: tuple[str, str, str]) -> str:
    """As pytest prints them."""
    found = "=================================== FAILURES ===================================\n"
    for test, path, error in failures:
        found += f"___________________________________ {test} ___________________________________\n\n"
        found += f"    def {test}():\n>       x\nE       {error}\n\n{path}:3: {error.partition(':')[0]}\n"
    return found + "=========================== short test summary info ============================\n"


# What a test prints stands behind its failure, as long as it likes.
NOISE = f"----------- Captured stdout call -----------\nValueError: no {'matter ' * 4_000}\nKeyError: 'x'\n"
TEST, CODE = "/work/tests/test_a.py", "/work/tests/test_a.py /work/calc.py"
LIBRARY = "/work/tests/test_a.py /usr/lib/python3.11/unittest/case.py"
CASES = [
    (unittests(("test_x", TEST, "ImportError: cannot import name 'half' from 'calc'")), True),
    (unittests(("test_x", TEST, "AttributeError: module 'calc' has no attribute 'half'")), True),
    (unittests(("test_x", TEST, "TypeError: div() got an unexpected keyword argument 'zero'")), True),
    (unittests(("test_x", LIBRARY, "TypeError: div() takes 2 positional arguments but 3 were given")), True),
    (unittests(("test_x", TEST, "NameError: name 'div' is not defined")), True),
    (unittests(("test_x", TEST, "AssertionError: 1 != 2")), False),
    (unittests(("test_x", CODE, "ZeroDivisionError: division by zero")), False),
    (unittests(("test_x", CODE, "AttributeError: module 'numpy' has no attribute 'float'")), False),
    (unittests(("test_x", CODE, "AttributeError: 'NoneType' object has no attribute 'x'")), False),
    (unittests(("test_x", CODE, "ImportError: cannot import name 'Mapping' from 'collections'")), False),
    (unittests(("test_x", TEST, "TypeError: unsupported operand type(s) for /: 'int' and 'NoneType'")), False),
    (unittests(("test_x", TEST, "ImportError: no"), ("test_y", TEST, "AssertionError: 1 != 2")), True),
    (unittests(("test_y", TEST, "ImportError: no"), ("test_x", TEST, "AssertionError: 1 != 2")), False),
    (pytests(("test_x", "tests/test_a.py", "ImportError: cannot import name 'half' from 'calc'")), True),
    (pytests(("test_x", "calc.py", "AttributeError: module 'numpy' has no attribute 'float'")), False),
    (pytests(("test_x", "tests/test_a.py", "assert 1 == 2")), False),
    (
        pytests(("test_x", "tests/test_a.py", "AssertionError: no"), ("test_y", "tests/test_a.py", "NameError: x")),
        False,
    ),
    (pytests(("test_x", "tests/test_a.py", "NameError: x")) + NOISE, True),
    (pytests(("test_x", "calc.py", "ZeroDivisionError: x")) + NOISE, False),
    ("E       fixture 'zero' not found\n", True),
    ("FAILED (errors=1)\n", False),
    ("", False),
]


@pytest.mark.parametrize(("output", "is_absent"), CASES)
def test_what_only_the_change_brings_is_told_from_what_it_mends(output: str, is_absent: bool) -> None:
    assert asks_for_what_is_not_there(["tests/test_a.py"], "test_x", output) is is_absent


def test_a_page_of_output_hides_no_reason() -> None:
    output = pytests(("test_x", "tests/test_a.py", "NameError: x")) + NOISE
    counts = Counts(failed=1, failing=("tests/test_a.py::test_x",))
    result = CommandResult(
        command="pytest", purpose="proof", at="x", exit_code=1, seconds=1, counts=counts, tail=output[-2_000:]
    )
    test = Named(path="tests/test_a.py", name="test_x")
    assert ending_of(test, replace(result, output=output)) == "absent"
    assert ending_of(test, result) == "red"  # as the ledger has it


def test_what_passes_may_be_about_syntax() -> None:
    """Only the end of what is printed says why a run ended."""
    passes = "".join(f"ok {n} - says SyntaxError: Unexpected token\n" for n in range(100))
    fails = "not ok 101 - half\n  error: '1 == 2'\n  stack: |-\n    f (/work/test/a.test.js:2:25)\n"
    assert red_or_less(["test/a.test.js"], "", passes + fails + "# duration_ms 12\n" * 120) == "red"


def test_the_innermost_file_of_the_project_is_where_it_failed() -> None:
    output = unittests(("test_x", CODE + " /x/site-packages/y.py", "ValueError: no"))
    assert python_reasons(output) == [("ValueError: no", "/work/calc.py")]


@pytest.mark.parametrize(("path", "output", "expected"), PRINTED)
def test_a_failure_that_tried_nothing_is_no_red_test_in_any_language(path: str, output: str, expected: str) -> None:
    assert red_or_less([path], "", output) == expected
