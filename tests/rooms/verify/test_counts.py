from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.verify import Counts, parse_counts

PYTEST = """\
FAILED test_b.py::test_p[a b] - AssertionError: why - so
FAILED test_b.py::test_p[c::d - e] - AssertionError: why - so
FAILED test_a.py::T::test_err - KeyError
ERROR test_b.py::test_e - KeyError: 'k'
========== 4 failed, 2 passed, 1 skipped, 1 xfailed, 1 error in 0.81s ==========
"""
UNITTEST = """\
ERROR: test_err (test_a.T.test_err)
Traceback (most recent call last):
FAIL: test_bad (test_a.T.test_bad)
AssertionError: 1 != 2
Ran 4 tests in 0.000s

FAILED (failures=1, errors=1, skipped=1)
"""
JEST = """\
  ● sum › adds 1 + 2

    expect(received).toBe(expected)

Test Suites: 1 failed, 1 passed, 2 total
Tests:       1 failed, 2 skipped, 3 passed, 6 total
Snapshots:   0 total
"""
VITEST = """\
 FAIL  test/sum.test.ts > sum > adds
 Test Files  1 failed | 1 passed (2)
      Tests  1 failed | 3 passed (4)
"""
MOCHA = """\
  3 passing (12ms)
  1 pending
  2 failing

  1) Array
       #indexOf()
         should return -1:
     AssertionError
  2) top level:
     Error
"""
NODE = """\
ok 1 - fine
not ok 2 - bad one
    not ok 1 - inner
ok 3 - sk # SKIP
1..4
# tests 5
# pass 1
# fail 3
# cancelled 0
# skipped 1
# todo 0
"""
NODE_SPEC = "✔ ok (0.4ms)\n✖ bad (0.6ms)\nℹ tests 2\nℹ pass 1\nℹ fail 1\nℹ cancelled 0\nℹ skipped 0\nℹ todo 0\n"
CARGO = """\
test tests::adds ... ok
test tests::divides ... FAILED
test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out
"""
SUREFIRE = """\
[ERROR] Tests run: 3, Failures: 1, Errors: 0, Skipped: 1, Time elapsed: 0.05 s <<< FAILURE! -- in org.example.AppTest
[ERROR] org.example.AppTest.divides -- Time elapsed: 0.01 s <<< FAILURE!
[ERROR] Tests run: 3, Failures: 1, Errors: 0, Skipped: 1
"""
GO = """\
=== RUN   TestAdd
--- PASS: TestAdd (0.00s)
=== RUN   TestDiv
    --- FAIL: TestDiv/zero (0.00s)
--- FAIL: TestDiv (0.00s)
=== RUN   TestNet
--- SKIP: TestNet (0.00s)
FAIL\texample.org/broken [build failed]
"""
GRADLE = "AppTest > divides() FAILED\n    java.lang.AssertionError\n\n5 tests completed, 1 failed, 2 skipped\n"
XML = '<testsuites><testsuite name="a" tests="5" failures="1" errors="1" skipped="1"></testsuite></testsuites>'
TAP = "1..3\nok 1 - a\nnot ok 2 - b\nok 3 - c # SKIP no net\n"


def counts(passed: int, failed: int, skipped: int, errors: int, *failing: str) -> Counts:
    return Counts(passed=passed, failed=failed, skipped=skipped, errors=errors, failing=failing)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (  # of a plugin's own kind of test
            "FAILED t.py::[mypy]int_typing - no\nFAILED t.py::test_a[1] - x\n= 2 failed, 3 passed in 1s =\n",
            counts(3, 2, 0, 0, "t.py::[mypy]int_typing", "t.py::test_a[1]"),
        ),
        (PYTEST, counts(2, 4, 2, 1, "test_b.py::test_p[a b]", "test_b.py::test_p[c::d - e]", "test_a.py::T::test_err",
                        "test_b.py::test_e")),
        ("3 passed in 0.01s\n", counts(3, 0, 0, 0)),
        ("\x1b[32m\x1b[1m3 passed\x1b[0m\x1b[32m in 0.01s\x1b[0m\n", counts(3, 0, 0, 0)),
        ("==== 10 passed, 3 warnings in 61.20s (0:01:01) ====\r\n", counts(10, 0, 0, 0)),
        ("no tests ran in 0.00s\n", counts(0, 0, 0, 0)),
        (UNITTEST, counts(1, 1, 1, 1, "test_err test_a.T.test_err", "test_bad test_a.T.test_bad")),
        ("Ran 12 tests in 0.5s\n\nOK (skipped=2)\n", counts(10, 0, 2, 0)),
        (JEST, counts(3, 1, 2, 0, "sum › adds 1 + 2")),
        (VITEST, counts(3, 1, 0, 0, "test/sum.test.ts > sum > adds")),
        (MOCHA, counts(3, 2, 1, 0, "Array › #indexOf() › should return -1", "top level")),
        (NODE, counts(1, 3, 1, 0, "bad one", "inner")),
        (NODE_SPEC, counts(1, 1, 0, 0, "bad")),
        (CARGO, counts(4, 1, 1, 0, "tests::divides")),
        (SUREFIRE, counts(1, 1, 1, 0, "org.example.AppTest.divides")),
        (GRADLE, counts(2, 1, 2, 0, "AppTest > divides()")),
        (XML, counts(2, 1, 1, 1)),
        (GO, replace(counts(1, 1, 1, 1, "TestDiv", "TestDiv/zero", "example.org/broken"), unloaded=1)),
        (TAP, counts(1, 1, 1, 0, "b")),
        ("3 passed in 0.01s\nTests:       1 passed, 1 total\n", counts(1, 0, 0, 0)),
        ("999 passed in 0.1s\n===== 3 passed in 0.01s =====\n", counts(3, 0, 0, 0)),
        ("===== 3 passed in 0.01s =====\n999 passed in 0.1s\n", counts(3, 0, 0, 0)),
        ("Tests:       999 passed, 999 total\n===== 3 passed in 0.01s =====\n", counts(3, 0, 0, 0)),
        ("Ran 999 tests in 0.1s\n\nOK\n.\nRan 3 tests in 0.5s\n\nOK\n", counts(3, 0, 0, 0)),
        ("Ran 3 tests in 0.5s\n\nOK\nRan 999 tests in 0.1s\n\nOK\n", counts(3, 0, 0, 0)),
        ("Ran 3 tests in 0.5s\n\nOK\n999 passed in 0.1s\n", counts(3, 0, 0, 0)),
        ("# pass 999\n# fail 0\n# tests 2\n# pass 2\n# fail 0\n", counts(2, 0, 0, 0)),
        ("===== 1 failed in 0.01s =====\n===== 3 passed in 0.01s =====\n", counts(0, 1, 0, 0)),
        ("ok  \texample.org/x\t0.01s\n", None),
        ("All good!\n", None),
        ("5 passed the exam in 3 days\n", None),
        ("", None),
    ],
)  # fmt: skip
def test_what_runners_print_is_counted(output: str, expected: Counts | None) -> None:
    assert parse_counts(output) == expected


def test_a_tally_over_a_cut_output_is_no_count() -> None:
    assert parse_counts(GO, whole=False) is None
    assert parse_counts(PYTEST, whole=False) == parse_counts(PYTEST)


@given(st.text() | st.lists(st.sampled_from((PYTEST + GO + MOCHA + SUREFIRE + UNITTEST).split("\n"))).map("\n".join))
def test_any_output_is_survived(output: str) -> None:
    found = parse_counts(output)
    assert found is None or min(found.numbers().values()) >= 0


@pytest.mark.parametrize("digits", [19, 400, 5_000])
def test_a_number_that_no_test_run_has_is_no_count(digits: int) -> None:
    """A test may print it; Python reads no number of five thousand digits, and the ledger takes none of twenty."""
    assert parse_counts(f"===== {'9' * digits} passed in 0.01s =====\n") is None
    assert parse_counts(f"===== 1 passed in 0.01s =====\n{'9' * digits}\n") == Counts(passed=1)


def test_a_long_hostile_line_takes_no_time() -> None:
    for line in ("1 passed, " * 50_000, "1) " + "a\n       " * 20_000, " " * 200_000, "FAILED a::" + "[" * 100_000):
        parse_counts(f"  3 passing (1ms)\n{line}\n")


OLD_TAP = """\
ok test/parse.js ...................................... 46/46
not ok test/proto.js .................................. 18/20
    TAP version 13
    ok 1 should be equal
    1..20
    # tests 20
    # pass  18
    # fail  2

total ................................................. 64/66

not ok
"""


def test_the_old_tap_is_counted_by_its_total_and_names_no_test():
    assert parse_counts(OLD_TAP) == Counts(passed=64, failed=2)
