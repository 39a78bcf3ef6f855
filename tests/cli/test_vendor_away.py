"""`run` before a terminal, with a vendor that will not answer: real processes, an exit code, and what to check."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import DEMO
from tests.rooms.agent.answers import Answers, error

pytestmark = pytest.mark.fresh

CLAUDE = {"LAMPLIGHTER_MODEL_PROVIDER": "anthropic", "ANTHROPIC_API_KEY": "sk-test-not-a-key"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            (429, error("rate_limit_error", "Used up"), {"retry-after": "86400"}),
            ("rate limited by its vendor (HTTP 429: Used up)", "asks to wait until", "Check the key, the base URL"),
        ),
        (
            (401, error("authentication_error", "invalid x-api-key"), {}),
            ("refused the key (HTTP 401): invalid x-api-key", "Check ANTHROPIC_API_KEY"),
        ),
    ],
    ids=["limited for a day", "a wrong key"],
)
def test_it_ends_visibly_and_says_what_to_check(lamplighter, project, answer, words):
    server = Answers(*answer)
    try:
        arguments = ("run", "--json", "--repo", project, "--issue", DEMO / "issue.md")
        done = lamplighter(*arguments, ANTHROPIC_BASE_URL=server.url, timeout=200, **CLAUDE)
    finally:
        server.close()
    assert done.returncode == 1, done.stderr
    result = json.loads(done.stdout)
    assert (result["outcome"], result["branch"], server.asked) == ("failed", None, 1)
    for word in words:
        assert word in f"{result['reason']} {result['next_step']}"
        assert word in done.stderr
    assert "Traceback" not in done.stderr
