from __future__ import annotations

from pathlib import Path

import pytest

from tests.rooms.workspace.folders import FolderSandbox, MemoryStore, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def sandbox(tmp_path: Path) -> FolderSandbox:
    tree = tmp_path / "sandbox"
    tree.mkdir()
    return FolderSandbox(tree)
