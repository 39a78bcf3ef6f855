"""What guards the branch and is not run is said before anything is spent, and with the result."""

from __future__ import annotations

from app.checkpoints import pull_text, render
from tests.rooms.checkpoints.test_unproven import DOUBTFUL, proposed
from tests.rooms.checkpoints.test_words import working

NEEDS = [f"job `{name}` of `.github/workflows/ci.yml` needs {what}" for name, what in
         [("mac", "macOS"), ("e2e", "a browser"), ("db", "Docker"), ("old", "another toolchain")]]  # fmt: skip


def test_the_status_names_the_first_and_counts_the_others() -> None:
    told = render.status(working().happen("tests.known", why="x", not_here=NEEDS).state)
    assert f"Not run here, so not looked at: {'; '.join(NEEDS[:3])}; and 1 more." in told
    assert len(told.splitlines()) <= 40
    assert "Not run here" not in render.status(working().happen("tests.known", why="x").state)


def test_the_pull_request_names_all() -> None:
    story = proposed(DOUBTFUL, "uncertain").happen("tests.known", why="x", not_here=NEEDS)
    body = pull_text.body(story.state, template=None, closes=True)
    not_done = body.split("## Not done")[1].split("\n## ")[0]
    assert [line for line in not_done.splitlines() if "Not run here" in line] == [
        f"- Not run here: {text}" for text in NEEDS
    ]


LOCK = "npm ci || { npm install && echo 'lamplighter: the lock of npm does not install here'; }"
RAN = {"purpose": "setup", "at": "base", "exit_code": 0, "seconds": 1.0, "output": {"blob": "0" * 64, "size": 1}}


def test_a_set_up_that_is_other_than_asked_for_is_said_and_nobody_else_can_say_so() -> None:
    tail = "added 3\nlamplighter: all is well\nlamplighter: the lock of npm does not install here\n"
    said = "Set up otherwise than the project asks: the lock of npm does not install here."
    assert said in render.status(working().happen("command.ran", command=LOCK, tail=tail, **RAN).state)
    assert "Set up otherwise" not in render.status(
        working().happen("command.ran", command="npm ci", tail=tail, **RAN).state
    )
    story = proposed(DOUBTFUL, "uncertain").happen("command.ran", command=LOCK, tail=tail, **RAN)
    body = pull_text.body(story.state, template=None, closes=True)
    assert "- Set up otherwise: the lock of npm does not install here\n" in body and "all is well" not in body
