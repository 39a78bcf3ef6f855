"""A run under way, and what it stands on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.agent.models.scripted import Script
from app.agent.models.scripted_model import ScriptedModel
from tests.rooms.agent.bench import Bench, Clock, MemoryStore, Tree, grows
from tests.rooms.workspace.folders import Project


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


@pytest.fixture
def model(clock: Clock) -> ScriptedModel:
    return ScriptedModel(Script(), clock=clock)


@pytest.fixture
def bench(store: MemoryStore, tree: Tree, model: ScriptedModel, clock: Clock) -> Iterator[Bench]:
    """Whatever happened in a story, its conversation only grew, and the vendor dropped none of the thinking."""
    made = Bench(store, tree, model, clock)
    yield made
    assert grows(model.requests)  # those of another model are held to the same by the server it talks to
    replies = [event.data for ledger in store.ledgers.values() for event in ledger if event.kind == "model.replied"]
    assert not any(reply.get("input_transformations") for reply in replies)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")
