"""A run under way, and what it stands on."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.agent.scripted_model import Script, ScriptedModel
from tests.rooms.agent.bench import Bench, Clock, MemoryStore, Tree
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
def bench(store: MemoryStore, tree: Tree, model: ScriptedModel, clock: Clock) -> Bench:
    return Bench(store, tree, model, clock)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")
