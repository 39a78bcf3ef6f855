"""What a person reads when the model's vendor gives no reply: on the thread, and before a terminal.

Real SDK, real HTTP, a clock that is held. The service waits and says why and until when; where a person sits, the run
ends after a minute with what to check. What the vendor itself refuses ends both.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.agent.models.anthropic import AnthropicModel
from app.agent.stops import ATTENDED_PATIENCE_SECONDS
from app.checkpoints import render
from app.errors import UserError
from app.events.waits import WaitForOutage
from app.work.attempt_end import fail, without_model
from tests.rooms.agent.answers import Answers, error

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)  # of the held clock
TEN_MINUTES, DAY = 600, 86_400
LOGIN = "<html><body>Please log in to the guest network</body></html>"

# status, body, headers; what is said; how long the service waits at least (seconds from the start to the park's end)
WAITS = {
    "limited for a day": (
        (429, error("rate_limit_error", "Your daily tokens are used up"), {"retry-after": "86400"}),
        "The model is rate limited by its vendor (HTTP 429: Your daily tokens are used up).",
        DAY,
    ),
    "limited until a date": (
        (429, error("rate_limit_error", "Slow down"), {"retry-after": "Fri, 01 Jan 2100 00:00:00 GMT"}),
        "The model is rate limited by its vendor (HTTP 429: Slow down).",
        7 * DAY,
    ),
    "overloaded": (
        (529, error("overloaded_error", "Overloaded"), {}),
        "The model's vendor is overloaded (HTTP 529: Overloaded).",
        TEN_MINUTES,
    ),
    "a fault": (
        (500, error("api_error", "Internal server error"), {}),
        "The model's vendor has a fault (HTTP 500: Internal server error).",
        TEN_MINUTES,
    ),
    "a proxy's page to log in": (
        (200, LOGIN, {}),
        "Something else answers in the place of the model's vendor (PLACE: HTTP 200, text/html).",
        TEN_MINUTES,
    ),
    "a proxy forbids": (
        (403, "<html>Blocked by policy</html>", {}),
        "Something else answers in the place of the model's vendor (PLACE: HTTP 403, text/html).",
        TEN_MINUTES,
    ),
    "a proxy wants to know who": (
        (407, "<html>Proxy authentication required</html>", {}),
        "Something else answers in the place of the model's vendor (PLACE: HTTP 407, text/html).",
        TEN_MINUTES,
    ),
    "a gateway without anybody behind it": (
        (502, "<html>Bad gateway</html>", {}),
        "Something else answers in the place of the model's vendor (PLACE: HTTP 502, text/html).",
        TEN_MINUTES,
    ),
    "another API": (
        (404, {"detail": "Not Found"}, {}),
        "Something else answers in the place of the model's vendor (PLACE: HTTP 404, application/json).",
        TEN_MINUTES,
    ),
    "hung up on": ((0, "", {}), "The model's vendor is not reachable (PLACE: Server disconnected", TEN_MINUTES),
    "refused": ("http://127.0.0.1:9", "is not reachable (127.0.0.1:9: the connection is refused).", TEN_MINUTES),
    "no such name": (
        "http://vendor.invalid",
        "is not reachable (vendor.invalid: the name cannot be resolved).",
        TEN_MINUTES,
    ),
    "no TLS there": ("https://PLACE", "is not reachable (PLACE: TLS fails: ", TEN_MINUTES),
}

ENDS = {
    "a wrong key": (
        (401, error("authentication_error", "invalid x-api-key"), {}),
        "The model's vendor refused the key (HTTP 401): invalid x-api-key. Check ANTHROPIC_API_KEY",
    ),
    "a key that may not": (
        (403, error("permission_error", "Your key may not use this"), {}),
        "The model's vendor refused the key (HTTP 403): Your key may not use this. Check ANTHROPIC_API_KEY",
    ),
    "an unknown model": (
        (404, error("not_found_error", "model: claude-sonnet-9"), {}),
        "not known to its vendor: model: claude-sonnet-9. Check LAMPLIGHTER_MODEL_FAST, _DEFAULT, _DEEP",
    ),
    "no credit": (
        (400, error("invalid_request_error", "Your credit balance is too low"), {}),
        "The model's vendor refused the request (HTTP 400): Your credit balance is too low.",
    ),
    "a gateway's own words": (
        (401, {"error": {"message": "No such team", "type": "auth_error", "code": "401"}}, {}),
        "The model's vendor refused the key (HTTP 401): No such team.",
    ),
}


@pytest.fixture
def ask(bench, monkeypatch):
    """Play the run against an answer as the worker does, and give its status comment, its result and the answerer."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    made: list[Answers] = []

    def ask(answer, *, attended: bool):
        server = Answers(*((0, "", {}) if isinstance(answer, str) else answer))
        made.append(server)
        url = answer.replace("PLACE", server.place) if isinstance(answer, str) else server.url
        bench.model = AnthropicModel(api_key="sk-test-not-a-key", base_url=url)
        if attended:
            bench.set(patience_seconds=ATTENDED_PATIENCE_SECONDS)
        try:
            without_model(bench.ledger(), bench.work(), attended=attended)
        except UserError as refused:
            fail(bench.ledger(), refused)
        return bench.ledger().state, server.place

    yield ask
    for server in made:
        server.close()


def status(state) -> str:
    return render.status(state).replace("\u2060", "")


@pytest.mark.parametrize("case", WAITS)
def test_the_service_waits_and_says_why_and_until_when(ask, clock, case):
    answer, said, seconds = WAITS[case]
    state, place = ask(answer, attended=False)
    assert (state.phase, state.wait) == ("parked", WaitForOutage())
    until = datetime.fromisoformat(state.park_until)
    assert until >= START + timedelta(seconds=seconds - 100)
    assert until <= START + timedelta(seconds=max(seconds, 2 * TEN_MINUTES))
    comment = status(state)
    assert said.replace("PLACE", place) in comment
    assert f"goes on by itself at {until:%Y-%m-%d %H:%M} UTC; nothing is spent until then." in comment
    assert sum(clock.slept) <= TEN_MINUTES


@pytest.mark.parametrize("case", WAITS)
def test_where_a_person_sits_the_run_ends_after_a_minute_with_what_to_check(ask, clock, case):
    answer, said, seconds = WAITS[case]
    state, place = ask(answer, attended=True)
    assert (state.phase, state.outcome) == ("ended", "failed")
    assert said.replace("PLACE", place) in state.reason
    for word in ("key", "ANTHROPIC_BASE_URL", "network", "doctor --online"):
        assert word in state.next_step
    if seconds >= DAY:
        assert f"It asks to wait until {START + timedelta(seconds=seconds):%Y-%m-%d %H:%M} UTC." in state.reason
    assert sum(clock.slept) <= ATTENDED_PATIENCE_SECONDS


@pytest.mark.parametrize("attended", [False, True], ids=["service", "terminal"])
@pytest.mark.parametrize("case", ENDS)
def test_what_the_vendor_refuses_ends_at_once_with_what_to_check(ask, clock, case, attended):
    answer, said = ENDS[case]
    state, _place = ask(answer, attended=attended)
    assert (state.phase, state.outcome) == ("ended", "failed")
    assert said in state.reason
    assert clock.slept == []


def test_a_wait_shows_while_it_lasts(ask, bench):
    seen: list[str] = []

    def look() -> bool:
        seen.append(bench.ledger().state.doing)
        return False

    bench.on_step = look
    ask(WAITS["overloaded"][0], attended=True)
    assert "the model did not answer, trying again: the model's vendor is overloaded (HTTP 529: Overloaded)" in seen
