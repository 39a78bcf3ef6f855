"""What a suite does not import holds nothing that it should have played."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import NEVER_ON_AWS

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("folder", NEVER_ON_AWS)
def test_no_test_for_aws_lies_where_its_suite_does_not_look(folder):
    files = sorted((TESTS / folder).rglob("*.py"))
    assert files
    marked = "mark." + "aws"
    assert [path for path in files if marked in path.read_text("utf-8")] == []
