"""How long a run gathers: one setting of two numbers, and what it means for a run."""

from __future__ import annotations

import pytest

from app.settings.quiet import Quiet

NAME = "LAMPLIGHTER_QUIET_SECONDS"


@pytest.mark.parametrize(
    ("text", "quiet"),
    [
        ("", (20.0, 30.0)),
        ("1 2", (1.0, 2.0)),
        ("0,600", (0.0, 600.0)),
    ],
)
def test_for_reviews_and_for_checks(text, quiet):
    mistakes: list[str] = []
    assert Quiet.read({NAME: text}, NAME, mistakes) == quiet
    assert mistakes == []


@pytest.mark.parametrize("text", ["x", "1", "1 2 3", "-1 1", "1.5 1", "٣ 1", "1 601", "99999 1"])
def test_mistake_is_named_and_changes_nothing(text):
    mistakes: list[str] = []
    assert Quiet.read({NAME: text}, NAME, mistakes) == Quiet()
    assert len(mistakes) == 1 and mistakes[0].startswith(f"{NAME}={text!r}")


@pytest.mark.parametrize(("gathers", "seconds"), [("review", 1.0), ("checks:abc", 2.0), ("asked", 0.0), ("", 0.0)])
def test_by_what_is_gathered(gathers, seconds):
    assert Quiet(review=1.0, checks=2.0).after(gathers) == seconds
