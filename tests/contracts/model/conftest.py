"""The two adapters of the Model port, both playing the same script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.agent.models.anthropic import AnthropicModel
from app.agent.models.scripted import Script
from app.agent.models.scripted_model import ScriptedModel
from tests.contracts.model.messages_api import MessagesApi
from tests.contracts.model.voice import KEY, Voice


@pytest.fixture
def api() -> Iterator[MessagesApi]:
    server = MessagesApi()
    yield server
    server.close()


@pytest.fixture(params=["scripted", "anthropic"])
def voice(request: pytest.FixtureRequest) -> Voice:
    if request.param == "scripted":
        script = Script()
        return Voice(ScriptedModel(script), script)
    server = request.getfixturevalue("api")
    return Voice(AnthropicModel(api_key=KEY, base_url=server.url), server.script)
