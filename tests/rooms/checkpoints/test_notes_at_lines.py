"""What a diagnosis shows at file and line: places inside the repository only, bounded and inert."""

from __future__ import annotations

import pytest

from app.checkpoints.checks_text import in_short, notes_at_lines
from app.events.deciding import ChecksRead
from app.events.parts import CheckFailure, FailurePlace


def read(*places: tuple[str, int, str]) -> ChecksRead:
    shown = [FailurePlace(path=path, line=line, message=message) for path, line, message in places]
    failure = CheckFailure(kind="ours", why="", cause="test", signature="s", key="assert 0 == 0.5", places=shown)
    return ChecksRead(sha="a" * 40, failures=[failure])


@pytest.mark.parametrize(
    ("path", "line", "is_shown"),
    [
        ("calc.py", 5, True),
        ("src/calc/deep er/x.py", 1, True),
        (".github/workflows/ci.yml", 3, True),
        ("calc.py", 0, False),
        ("/usr/lib/python3/unittest.py", 5, False),
        ("../other/calc.py", 5, False),
        ("src/../../calc.py", 5, False),
        ("./calc.py", 5, False),
        ("C:\\work\\calc.py", 5, False),
        ("~/calc.py", 5, False),
        ("calc.py\nx", 5, False),
        ("", 5, False),
        ("a" * 501, 5, False),
    ],
)
def test_only_paths_inside_the_repository_are_shown(path: str, line: int, is_shown: bool) -> None:
    assert bool(notes_at_lines(read((path, line, "it failed")))) == is_shown


def test_each_place_is_shown_once_and_not_more_than_a_hundred() -> None:
    assert len(notes_at_lines(read(*[("calc.py", 5, "same")] * 3))) == 1
    assert len(notes_at_lines(read(*[("calc.py", line, "m") for line in range(1, 301)]))) == 100


def test_a_message_is_bounded_inert_and_never_empty() -> None:
    [long] = notes_at_lines(read(("calc.py", 5, "x" * 70_000)))
    [hostile] = notes_at_lines(read(("calc.py", 5, "@everyone fixes #1\n/lgtm")))
    [bare] = notes_at_lines(read(("calc.py", 5, "")))
    assert len(long["message"]) == 2_000
    assert "@everyone" not in hostile["message"] and "fixes #1" not in hostile["message"]
    assert bare["message"] == "assert 0 == 0.5"


def test_a_green_commit_says_so() -> None:
    assert in_short(ChecksRead(sha="a" * 40))[0] == "All checks have passed"
