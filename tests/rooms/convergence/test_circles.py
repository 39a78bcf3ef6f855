"""Rounds that undo one another, files that go back and forth, tests that fail again; and what only looks like it."""

from __future__ import annotations

import hashlib

import pytest

from app.convergence import Failure, File, Round, circle, is_again, since_asked


def digest(text: str | None) -> str:
    return hashlib.sha256(text.encode()).hexdigest() if text is not None else ""


def round_of(asked: bool = False, title: str = "r", **files: tuple[str | None, str | None]) -> Round:
    """A round that made each file of the first text the second; None is no file."""
    made = {
        path: File(
            before=digest(old),
            after=digest(new),
            old=None if old is None else old.encode(),
            new=None if new is None else new.encode(),
        )
        for path, (old, new) in files.items()
    }
    return Round(title=title, asked=asked, files=made)


A, B, C = "one = 1\nx = a\n", "one = 1\nx = b\n", "one = 1\nx = c\n"
LONG = "".join(f"line {number}\n" for number in range(20))
LINES = "first = 1\nsecond = 2\nthird = 3\nfourth = 4\n"
OTHERS = "fifth = 5\nsixth = 6\nseventh = 7\n"


WITH = LONG + LINES
IMPORT = "import os\n" + LONG + OTHERS
TWO = LONG + "a = 1\nb = 2\n"
CASES: list[tuple[str, list[Round], Round, str]] = [
    ("back to what it was", [round_of(f=(A, B))], round_of(f=(B, A)), "back"),
    ("back by a detour", [round_of(f=(A, B)), round_of(f=(B, C))], round_of(f=(C, A)), "back"),
    ("added and deleted", [round_of(f=(None, A))], round_of(f=(A, None)), "back"),
    ("deleted and added", [round_of(f=(A, None))], round_of(f=(None, A)), "back"),
    ("most of its lines", [round_of(f=(LONG, WITH))], round_of(f=(WITH, LONG + "first = 1\n")), "undoes"),
    ("its lines, in another place", [round_of(f=(LONG, WITH))], round_of(f=(WITH, "x = 1\n" + LONG)), "undoes"),
    ("removed and there again", [round_of(f=(WITH, LONG))], round_of(f=(LONG, LINES + LONG)), "undoes"),
    ("one file of two is back", [round_of(f=(A, B), g=(LONG, WITH))], round_of(f=(B, A)), "back"),
    ("further on", [round_of(f=(A, B))], round_of(f=(B, C)), ""),
    ("another file", [round_of(f=(A, B))], round_of(g=(B, A)), ""),
    ("written in another way", [round_of(f=(LONG, WITH))], round_of(f=(WITH, LONG + LINES.replace(" ", ""))), ""),
    ("an import too many", [round_of(f=(LONG, IMPORT))], round_of(f=(IMPORT, LONG + OTHERS)), ""),
    ("one line moved within", [round_of(f=(A, B))], round_of(f=(B, "x = b\none = 1\n")), ""),
    ("some of it, and much else", [round_of(f=(LONG, TWO))], round_of(f=(TWO, WITH)), ""),
    ("indented", [round_of(f=(LONG, WITH))], round_of(f=(WITH, LONG + LINES.replace("f", "  f"))), ""),
    ("nothing before", [], round_of(f=(A, B)), ""),
]  # fmt: skip


@pytest.mark.parametrize(("before", "now", "how"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_round_that_takes_one_back_is_known(before, now, how):
    found = circle(before, now)
    assert (found.how if found else "") == how
    if found:
        assert found.of in before and found.paths == ("f",)


def test_without_contents_digests_still_tell():
    def bare(before: str, after: str) -> Round:
        return Round(title="r", files={"f": File(before=before, after=after)})

    found = circle([bare("1", "2")], bare("2", "1"))
    assert found and found.how == "back"
    assert circle([bare("1", "2")], bare("2", "3")) is None
    assert circle([round_of(f=("\0" + A, "\0" + B))], round_of(f=("\0" + B, "\0" + C))) is None


def test_a_persons_request_begins_anew():
    rounds = [
        round_of(title="1"),
        round_of(True, title="2"),
        round_of(title="3"),
        round_of(True, title="4"),
        round_of(title="5"),
    ]
    assert [one.title for one in since_asked(rounds)] == ["4", "5"]
    assert [one.title for one in since_asked([rounds[0], rounds[2]])] == ["1", "3"]
    assert since_asked([]) == []


@pytest.mark.parametrize(
    ("signature", "tests", "is_so"),
    [("s1", set(), True), ("s9", {"t1", "t9"}, True), ("s9", {"t9"}, False), ("s9", set(), False)],
)
def test_what_fails_again_is_known_by_its_signature_or_its_tests(signature, tests, is_so):
    before = Round(title="r", files={}, failures=(Failure(signature="s1", tests=frozenset({"t1", "t2"})),))
    assert is_again([Failure(signature=signature, tests=frozenset(tests))], [before]) == is_so
    assert not is_again([Failure(signature=signature, tests=frozenset(tests))], [])
