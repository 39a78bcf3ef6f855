"""One setting of one or two numbers; a mistake is named, and nothing is kept shorter for it."""

from __future__ import annotations

import pytest

from app.settings.retention_days import LEAST, LEDGERS, REST, read


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("", (REST, LEDGERS)),
        ("60", (60, LEDGERS)),
        ("30 400", (30, 400)),
        ("30,400", (30, 400)),  # as the stack's output says it, where a blank parts two settings
        ("7 7", (7, 7)),
        ("500", (500, 500)),
    ],
)
def test_days_for_the_rest_and_for_ledgers(text, days):
    mistakes: list[str] = []
    assert read("DAYS", text, mistakes) == days
    assert mistakes == []


@pytest.mark.parametrize("text", ["x", "-1", "30 400 1", "30.5", "٣٠", "9999999", str(LEAST - 1), "30 20", "1e3"])
def test_mistake_is_named(text):
    mistakes: list[str] = []
    read("DAYS", text, mistakes)
    assert len(mistakes) == 1 and mistakes[0].startswith(f"DAYS={text!r}")
