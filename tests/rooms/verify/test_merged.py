"""A merge may fail where one of its sides failed already, and nowhere else."""

from __future__ import annotations

import pytest

from app.claims import Claims, Round, marks, sentences
from app.failures.counts import Counts
from app.verify import CommandResult
from app.verify.compare import compare
from app.verify.merged import against_both

NAMELESS = 1


def result(*failing: str, unnamed: int = 0, exit_code: int | None = None, command: str = "pytest") -> CommandResult:
    failed = len(failing) + unnamed
    counts = Counts(passed=3, failed=failed, failing=failing)
    code = exit_code if exit_code is not None else int(failed > 0)
    return CommandResult(command=command, purpose="verify", at="x", exit_code=code, seconds=1.0, counts=counts)


LINT = result(command="lint")


@pytest.mark.parametrize(
    ("branch", "base", "merged", "ok"),
    [
        ([result()], [result("t1")], [result("t1")], True),
        ([result("t2")], [result("t1")], [result("t1", "t2")], True),
        ([result("t2")], [result("t1")], [result("t1", "t3")], False),
        ([result()], [result()], [result("t1")], False),
        ([result()], [result(unnamed=NAMELESS)], [result(unnamed=NAMELESS)], False),
        ([result()], [result("t1", unnamed=NAMELESS)], [result("t1")], False),
        ([result()], [result("t1", exit_code=127)], [result("t1")], False),
        ([result(), LINT], [result("t1"), LINT], [result("t1"), LINT], True),
        ([result(), LINT], [result(), result("t1", command="lint")], [result("t1"), LINT], False),
    ],
)  # fmt: skip
def test_what_fails_on_neither_side_is_the_merges_fault(branch, base, merged, ok):
    before = compare(branch, merged)
    assert not before.ok
    found = against_both(before, branch, base, merged)
    assert found.ok == ok
    assert found.status == ("no_worse" if ok else "failed") and found.note


def test_a_merge_has_nothing_of_its_own_to_prove():
    passing = Round(ending="green", passed=4, ran=4)
    claims = Claims(base=Round(ending="green", passed=5, ran=5), head=passing, merges=True)
    assert sentences(claims) == ["4 tests pass.", "1 fewer test ran than before."]
    assert marks(claims) == set()
