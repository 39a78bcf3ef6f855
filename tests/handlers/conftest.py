"""An account of AWS in this process, and handlers imported anew into it, as a cold start would."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pytest

from app import log
from tests.clock import HeldClock

EVENTS = Path(__file__).parents[2] / "events" / "lambda"


def sample(name: str) -> dict:
    """An event of events/lambda."""
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def aws(clock):
    from tests.aws.emulator import emulated

    with emulated(clock) as account:
        yield account


@pytest.fixture
def face(aws):
    from tests.aws.face import Face

    face = Face(aws)
    yield face
    face.close()


@pytest.fixture
def cold_start(monkeypatch):
    """`cold_start("webhook", NAME=value)`: the handler module, imported with this environment."""

    def start(name: str, **env: str):
        for key, value in env.items():
            monkeypatch.setenv(key, value)
        sys.modules.pop(f"handlers.{name}", None)
        return importlib.import_module(f"handlers.{name}")

    sinks = list(log._sinks)
    yield start
    log._sinks[:] = sinks
    for name in [name for name in sys.modules if name.startswith("handlers.")]:
        del sys.modules[name]
