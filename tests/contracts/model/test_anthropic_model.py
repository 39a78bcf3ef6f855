"""What only the real SDK over real HTTP can show."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.agent.models.anthropic import AnthropicModel
from app.agent.models.scripted import Script, bash, call, cut, fault, say
from app.agent.models.vendor import retry_after
from app.errors import TransientError, UserError
from app.ports.model import Clearing
from tests.contracts.model.voice import KEY, Voice, spoken
from tests.environment import environment


@pytest.fixture
def voice(api) -> Voice:
    return Voice(AnthropicModel(api_key=KEY, base_url=api.url), api.script)


def test_the_request_is_what_the_api_documents(voice, api):
    voice.will(bash("ls"))
    voice.say()
    [body] = api.requests
    assert body["stream"] is True and body["max_tokens"] == 1000 and body["model"] == "claude-sonnet-5-5"
    assert body["tools"][:2] == [
        {"type": "bash_20250124", "name": "bash"},
        {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"},
    ]
    assert "temperature" not in body
    [headers] = api.headers
    assert KEY in {headers.get("x-api-key"), headers.get("authorization", "").removeprefix("Bearer ")}
    assert headers["anthropic-version"]
    assert headers["x-stainless-retry-count"] == "0"


def test_the_sdk_does_not_retry_behind_our_back(voice, api):
    voice.will(fault(529, times=9))
    with pytest.raises(TransientError):
        voice.say()
    assert len(api.requests) == 1


def test_a_tool_input_that_is_no_json_is_marked_not_lost(voice):
    voice.will([say("Try"), {"type": "tool_use", "name": "bash", "raw": '{"command": "ls'}])
    answer = voice.say()
    assert answer.complete
    assert answer.content[-1]["input"] == {"malformed_json": '{"command": "ls'}


def test_a_call_without_arguments_has_an_empty_input(voice):
    voice.will({"type": "tool_use", "name": "bash", "raw": ""})
    assert spoken(voice.say())[0]["input"] == {}


def test_thinking_is_asked_for_by_name_and_keeps_its_signature(voice, api):
    voice.will([{"type": "thinking", "thinking": "Let me see"}, call("bash", command="ls")])
    first = voice.say()
    assert first.content[0]["thinking"] == "Let me see" and first.content[0]["signature"]
    binding = {"prefix_mismatch_behavior": "drop_block"}
    assert api.requests[0]["thinking"] == {"type": "adaptive", "display": "summarized", "block_binding": binding}
    assert api.headers[0]["anthropic-beta"] == "thinking-binding-controls-2026-08-01"
    voice.will(bash("true"))
    assert voice.say(first.content).input_transformations == []
    assert api.requests[1]["messages"][1]["content"] == first.content


@pytest.mark.parametrize("refused", ["block_binding", "context_management", "output_config", "thinking"])
def test_a_deployment_that_does_not_know_a_feature_is_asked_without_it(api, refused):
    api.refuses = [refused]
    voice = Voice(AnthropicModel(api_key=KEY, base_url=api.url), api.script)
    voice.will(bash("one"), bash("two"))
    clearing = Clearing(above_tokens=60_000, keep=8, at_least_tokens=20_000)
    first = voice.say(clearing=clearing, effort="high")
    voice.say(first.content, clearing=clearing, effort="high")
    assert len(api.requests) == 3  # one refusal, then never again
    for body in api.requests[1:]:
        assert refused not in body and refused not in body.get("thinking", {})


def test_an_error_inside_the_stream_is_a_cut_stream(voice):
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    voice.will({**cut(say("Half of it")), "event": error})
    answer = voice.say()
    assert not answer.complete and answer.extra["broken"] == "overloaded_error"


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "prompt is too long: 207791 tokens > 200000 maximum"),
        (400, "input length and `max_tokens` exceed context limit: 178959 + 64000 > 200000"),
        (413, "Request exceeds the maximum size"),
    ],
)
def test_a_prompt_that_does_not_fit_is_a_stop_reason(voice, api, status, message):
    api.message = message
    voice.will(fault(status))
    answer = voice.say()
    assert (answer.stop_reason, list(answer.content), answer.complete) == ("model_context_window_exceeded", [], True)


def test_a_vendor_that_is_not_there_is_transient():
    model = AnthropicModel(api_key=KEY, base_url="http://127.0.0.1:9")
    with pytest.raises(TransientError):
        Voice(model, Script()).say()


def test_no_key_at_all_is_said(api):
    with environment(ANTHROPIC_API_KEY=None, ANTHROPIC_AUTH_TOKEN=None), pytest.raises(UserError):
        Voice(AnthropicModel(base_url=api.url), api.script).say()


def test_bedrock_without_a_region_is_said(tmp_path):
    nowhere = {"AWS_REGION": None, "AWS_DEFAULT_REGION": None, "AWS_PROFILE": None}
    with environment(**nowhere, AWS_CONFIG_FILE=str(tmp_path / "none")):
        model = AnthropicModel(provider="bedrock")
        model.warm()
        with pytest.raises(UserError, match="region"):
            Voice(model, Script()).say()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"retry-after": "12"}, 12),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "soon"}, 0),
        ({"retry-after": "86400"}, 86_400),
        ({"retry-after": "9" * 400}, 7 * 86_400),
        ({"retry-after-ms": "inf"}, 7 * 86_400),
        ({"retry-after-ms": "nan"}, 0),
        ({"retry-after": "Sun, 22 Nov 9999 12:00:30 GMT"}, 7 * 86_400),
        ({"retry-after": "Sun, 22 Nov 2020 12:00:30 GMT"}, 0),
    ],
)
def test_retry_after_in_all_its_forms(headers, seconds):
    assert retry_after(headers, datetime(2026, 11, 22, 12, 0, tzinfo=UTC)) == seconds


def test_a_key_that_was_rotated_is_read_again(api):
    keys = iter(["sk-test-first-key", "sk-test-second-key"])
    voice = Voice(AnthropicModel(base_url=api.url, read_key=lambda again: next(keys)), api.script)
    voice.will(fault(401), say("Hello."))
    assert voice.say().complete
    sent = [headers.get("x-api-key") or headers["authorization"].split()[1] for headers in api.headers]
    assert sent == ["sk-test-first-key", "sk-test-second-key"]


def test_a_refused_key_that_is_still_the_newest_is_refused_for_good(api):
    voice = Voice(AnthropicModel(base_url=api.url, read_key=lambda again: KEY), api.script)
    voice.will(fault(401, times=9))
    with pytest.raises(UserError, match="refused the key"):
        voice.say()
    assert len(api.requests) == 1
