"""Sentences follow records: all ways in which tests can end, before and after, and what may be said of them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any, get_args

import pytest

from app.claims import Claims, Ending, Reach, Round, TestEnding, TestProof, marks, sentences
from app.failures.counts import Counts
from app.verify.counted import unread
from app.verify.run import CommandResult

ENDINGS: tuple[Ending, ...] = get_args(Ending)
FAILS = {"red", "killed", "contradictory"}
GOOD = ("pass with the change as well", "fails without the change and passes", "without the change and passes with it")


def a_round(ending: Ending, passed: int = 3) -> Round:
    if ending == "green":
        return Round(ending=ending, passed=passed, ran=passed)
    if ending in {"red", "contradictory"}:
        return Round(ending=ending, how="exit code 1", passed=passed - 1, ran=passed, failing=("t.py::test_a",))
    how = "a time-out after 15 s" if ending == "killed" else "exit code 2"
    return Round(ending=ending, how=how, passed=0, ran=0)


@pytest.mark.parametrize(("before", "after"), list(itertools.product((*ENDINGS, "absent"), (*ENDINGS, "absent"))))
def test_a_new_test_is_said_to_prove_only_what_it_showed(before: TestEnding, after: TestEnding) -> None:
    test = TestProof(name="t.py::test_new", before=before, after=after, how="a time-out after 15 s")
    claims = Claims(base=a_round("green"), head=a_round("green", 4), tests=(test,))
    said = " ".join(sentences(claims))
    proves = before in FAILS and after == "green"
    assert claims.proven is proves
    assert ("without the change and passes with it." in said and "proves nothing" not in said) is proves
    assert ("No test shows" in said) is not proves
    assert marks(claims) == (set() if proves else {"uncertain"})
    assert ("hangs without" in said) is (before == "killed" and after == "green")
    if after != "green":
        assert "passes with" not in said


@pytest.mark.parametrize(("base", "head", "originals"), list(itertools.product(ENDINGS, ENDINGS, (*ENDINGS, None))))
def test_old_tests_are_said_to_pass_only_where_a_record_says_so(
    base: Ending, head: Ending, originals: Ending | None
) -> None:
    claims = Claims(
        base=a_round(base), head=a_round(head), originals=a_round(originals) if originals else None, steered=("t.py",)
    )
    said = sentences(claims)
    text = " ".join(said)
    assert ("tests as they were pass with the change" in text) is (originals == "green")
    assert ("as they did before it" in text) is (originals == "red" and base in {"red", "contradictory"})
    assert said[0].startswith("3 tests pass") is (head == "green")
    assert ("failed before" in said[0]) is (
        (head == "green" and base in {"red", "contradictory"} and originals in {None, "green"})
        or (head == "red" and base in {"red", "contradictory"})
    )
    if originals is not None and originals != head:
        assert "tests-changed" in marks(claims)
    if base == "green":
        assert "uncertain" in marks(claims)
    assert Claims.from_event(claims.as_event()) == claims


def test_one_is_one_and_many_are_many() -> None:
    tests = [TestProof(name=f"t.py::test_{n}", before="red", after="green") for n in range(5)]
    base, head = a_round("green"), a_round("green", 8)
    assert sentences(Claims(base=base, head=head, tests=tuple(tests[:1])))[1] == (
        "The new test fails without the change and passes with it."
    )
    assert sentences(Claims(base=base, head=head, tests=tuple(tests)))[1] == (
        "The new tests fail without the change and pass with it."
    )
    mixed = (*tests, TestProof(name="t.py::test_x", before="green", after="green"))
    assert sentences(Claims(base=base, head=head, tests=mixed))[1:] == [
        "The new test `t.py::test_x` passes without the change as well, so it does not prove it.",
        "The new tests `t.py::test_0`, `t.py::test_1` and 3 more fail without the change and pass with it.",
    ]


@pytest.mark.parametrize(
    ("count", "how", "said"),
    [
        (
            1,
            {"worded": "green"},
            "test passes with the old code as well when that holds the new one's text, so it does not",
        ),
        (
            2,
            {"worded": "green"},
            "tests pass with the old code as well when that holds the new one's text, so they do not",
        ),
        (1, {"reworded": "red"}, "test fails when the change's code has a comment more, so it does not"),
        (2, {"reworded": "red"}, "tests fail when the change's code has a comment more, so they do not"),
    ],
)
def test_what_goes_by_the_text_of_the_code_proves_nothing(count: int, how: dict[str, Any], said: str) -> None:
    tests = tuple(TestProof(name=f"t.py::test_{n}", before="red", after="green", **how) for n in range(count))
    claims = Claims(base=a_round("green"), head=a_round("green", 4), tests=tests)
    assert not claims.proven and marks(claims) == {"uncertain"}
    assert sentences(claims)[1] == f"The new {said} prove it."
    assert Claims.from_event(claims.as_event()) == claims


def test_of_two_red_tests_the_one_that_turned_is_counted() -> None:
    base = Round(ending="red", passed=5, ran=7, failing=("a", "b"))
    head = Round(ending="red", passed=6, ran=7, failing=("b",))
    claims = Claims(base=base, head=head)
    assert sentences(claims) == ["1 test that failed before the change still fails; none fails that passed."]
    assert claims.fixed == ("a",)
    turned = Claims(base=base, head=Round(ending="green", passed=7, ran=7))
    assert sentences(turned) == ["7 tests pass; 2 of them failed before: `a`, `b`."]


@pytest.mark.parametrize(
    ("base", "head", "said"),
    [
        (9, 7, "2 fewer tests ran than before."),
        (9, 8, "1 fewer test ran than before."),
        (9, None, "The output no longer tells how many tests ran; before the change it told of 9."),
        (9, 9, None),
        (None, 3, None),
    ],
)
def test_fewer_tests_and_lost_counts_are_said_and_marked(base: int | None, head: int | None, said: str | None) -> None:
    claims = Claims(base=Round(ending="green", ran=base), head=Round(ending="green", ran=head))
    assert (said in sentences(claims)) if said else (claims.differs is False)
    assert ("tests-changed" in marks(claims)) is (said is not None)


def test_a_name_breaks_out_of_nothing() -> None:
    name = "t.py::test_[`@maya`\n## Evidence]"
    base = Round(ending="red", passed=0, ran=1, failing=(name,))
    (said, *_) = sentences(Claims(base=base, head=Round(ending="green", passed=1, ran=1)))
    assert said == "1 test passes; 1 of them failed before: `t.py::test_['@maya' ## Evidence]`."


@pytest.mark.parametrize("proven", [True, False])
def test_what_was_not_tested_is_said_and_never_certain(proven: bool) -> None:
    test = TestProof(name="t.py::test_new", before="red" if proven else "green", after="green")
    claims = Claims(base=a_round("green"), head=a_round("green", 4), tests=(test,), untested=("web", "tools/x"))
    assert "What it changes in `web`, `tools/x` was not tested" in " ".join(sentences(claims))
    assert marks(claims) == {"uncertain"}
    assert Claims.from_event(claims.as_event()) == claims


REACHES = {
    Reach(paths=("a.py",), ending="reached"): "The tests reach `a.py`: with it broken on purpose they fail.",
    Reach(paths=("a.py", "b.py"), ending="unreached"): "**The tests that ran do not reach `a.py`, `b.py`**: they pass "
    "with them broken on purpose.",
    Reach(
        paths=("a.go",), ending="unmeasured", why="time"
    ): "Whether the tests reach `a.go` was not measured: the time for that was over.",
    Reach(paths=("a.go",), ending="unmeasured", why="build"): "Whether the tests reach `a.go` was not measured: broken "
    "on purpose, it could not be built.",
    Reach(paths=("a.go",), ending="unmeasured", why="output"): "Whether the tests reach `a.go` was not measured: what "
    "was printed does not tell.",
}


@pytest.mark.parametrize("proven", [True, False])
@pytest.mark.parametrize("reach", REACHES)
def test_what_the_tests_do_not_reach_is_said_and_never_certain(reach: Reach, proven: bool) -> None:
    test = TestProof(name="t.py::test_new", before="red" if proven else "green", after="green")
    claims = Claims(base=a_round("green"), head=a_round("green", 4), tests=(test,), reach=(reach,))
    assert REACHES[reach] in sentences(claims)
    assert marks(claims) == (set() if proven and reach.ending != "unreached" else {"uncertain"})
    assert Claims.from_event(claims.as_event()) == claims


@pytest.mark.parametrize(
    ("base", "failing", "flaky", "first"),
    [
        ((), ("a",), ("a",), "2 tests pass, and 1 does not each time."),
        ((), ("a", "b"), ("a", "b"), "1 test passes, and 2 do not each time."),
        (("a",), ("a", "b"), ("b",), "1 test that failed before the change still fails; none fails that passed."),
    ],
)
def test_a_flaky_test_counts_as_neither(
    base: tuple[str, ...], failing: tuple[str, ...], flaky: tuple[str, ...], first: str
) -> None:
    before = Round(ending="red" if base else "green", passed=3 - len(base), ran=3, failing=base)
    after = Round(ending="red", passed=3 - len(failing), ran=3, failing=failing)
    proof = TestProof(name="t.py::test_new", before="red", after="green")
    claims = Claims(base=before, head=after, tests=(proof,), flaky=flaky)
    said = sentences(claims)
    assert said[0] == first
    assert said[1].endswith(("it is flaky and proves nothing.", "they are flaky and prove nothing."))
    assert "uncertain" in marks(claims)


def test_comments_are_no_fix() -> None:
    claims = Claims(base=a_round("green"), head=a_round("green"), comments_only=True)
    assert sentences(claims)[1:] == [
        "Only comments were changed: what runs is as it was.",
        "**No test shows that this change does what it should.**",
    ]
    assert marks(claims) == {"uncertain"}


@pytest.mark.parametrize(
    ("commands", "said"),
    [
        (("make check",), "The output of `make check` was not read: how many tests it ran is unknown."),
        (("a", "b", "c"), "The output of `a`, `b` and 1 more was not read: how many tests they ran is unknown."),
        ((), None),
    ],
)
def test_output_that_nobody_could_read_is_said(commands: tuple[str, ...], said: str | None) -> None:
    claims = Claims(base=a_round("green"), head=Round(ending="green"), unread=commands)
    assert [text for text in sentences(claims) if "was not read" in text] == ([said] if said else [])
    assert Claims.from_event(claims.as_event()) == claims


@pytest.mark.parametrize(
    ("command", "is_unread"),
    [("make check", True), ("./run", True), ("npm test", True), ("ruff check .", False), ("mypy .", False)],
)
def test_a_linter_runs_no_tests_that_could_be_counted(command: str, is_unread: bool) -> None:
    result = CommandResult(command=command, purpose="verify", at="head", exit_code=0, seconds=1.0)
    assert unread([result]) == ((command,) if is_unread else ())
    assert unread([replace(result, counts=Counts(passed=1))]) == ()
    assert unread([replace(result, exit_code=1)]) == ()


@pytest.mark.parametrize(
    ("base", "originals", "head", "count"),
    [(3, None, 3, 0), (3, None, 2, 1), (3, 2, 9, 1), (3, 3, 2, 1), (3, 4, 9, 0), (3, 0, 5, 3), (None, None, 1, 0)],
)
def test_new_tests_do_not_make_up_for_old_ones(base: int | None, originals: int | None, head: int, count: int) -> None:
    rounds = [None if ran is None else Round(ending="green", ran=ran, passed=ran) for ran in (originals, head)]
    was = Round(ending="green", ran=base, passed=base)
    claims = Claims(base=was, originals=rounds[0], head=rounds[1] or was)
    assert claims.fewer == count and claims.differs is (count > 0)
    assert any("fewer test" in said for said in sentences(claims)) is (count > 0)


def test_what_ran_together_is_said_to() -> None:
    tests = tuple(TestProof(name=name, before="red", after="green", together=True) for name in ("a.js", "b.js"))
    said = sentences(Claims(base=a_round("green"), head=a_round("green", 4), tests=tests))
    assert said[1] == "The new tests, run together, fail without the change and pass with it."
