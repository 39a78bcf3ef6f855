"""The emulated account of one test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws.end_to_end.ministack import Ministack


@pytest.fixture
def ministack(tmp_path: Path) -> Iterator[Ministack]:
    folder = tmp_path / "ministack"
    folder.mkdir()
    emulator = Ministack(folder, {})
    yield emulator
    emulator.close()
