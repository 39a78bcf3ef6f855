"""Since which commit a check fails, and how few commits are looked at for it."""

from __future__ import annotations

import pytest

from app.admission.since_when import Past, Since


def past(text: str, **more) -> tuple[Past, list[str]]:
    """Of a line such as "red - green", the newest first; `-` has no such check. With the commits that were read."""
    words, read = text.split(), []

    def states(sha: str):
        read.append(sha)
        word = words[int(sha)]
        return {} if word == "-" else {"test": word}

    return Past([str(number) for number in range(len(words))], states, **more), read


@pytest.mark.parametrize(
    ("line", "red", "green"),
    [
        ("red", "0", ""),
        ("red green", "0", "1"),
        ("red red green red", "1", "2"),
        ("red - pending silent green", "0", "4"),
        ("red - red - green", "2", "4"),
        ("red red", "1", ""),
        ("red - -", "0", ""),
    ],
)
def test_since(line, red, green):
    assert past(line)[0].since(["test"]) == Since(red=red, green=green)


def test_of_a_matrix_the_first_that_failed_counts():
    states = {"1": {"a": "green", "b": "red"}, "2": {"a": "green", "b": "green"}}
    assert Past(["0", "1", "2"], states.__getitem__).since(["a", "b"]) == Since(red="1", green="2")


def test_a_long_line_is_looked_at_in_part_and_each_commit_once():
    line, read = past(" ".join(["red"] * 30))
    assert line.since(["test"]) == line.since(["test", "other"]) == Since(red="7")
    assert read == [str(number) for number in range(1, 8)]


def test_without_time_or_a_line_nothing_is_read():
    line, read = past("red red green", has_time=lambda: False)
    assert (line.since(["test"]), read) == (Since(red="0"), [])
    assert past("")[0].since(["test"]) is None
