"""What steers the tests cannot be used to lie, and who is honest is not accused."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.checks import ChangeSet, marks
from app.checks.weakened import check_tests
from app.projects import Plan
from app.verify import Verification
from app.workspace import Ignore, changes, collect
from tests.rooms.verify.honest_cases import HONEST
from tests.rooms.verify.lying_cases import LYING
from tests.rooms.verify.room import Room
from tests.rooms.verify.steering_cases import Case


def played(case: Case, folder: Path) -> tuple[Verification, set[str]]:
    """The verification, and the marks of the scan of the same change."""
    room = Room(folder / "tree", case.base, Plan(verify=(case.verify,)), seconds=case.seconds)
    room.write(case.change)
    found = changes(room.before, room.sandbox.manifest(), Ignore(tracked=room.before))
    scanned = ChangeSet.of(found, old=room.old, new=collect(room.sandbox, found))
    return room.verify(), marks(check_tests(scanned))


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_change_is_not_accused(name: str, tmp_path: Path) -> None:
    found, scanned = played(HONEST[name], tmp_path)
    assert found.ok, found.note
    assert found.marks | scanned == set(), found.note
    assert HONEST[name].says in found.note


@pytest.mark.parametrize("name", LYING)
def test_a_change_that_would_make_tests_lie_is_refused_or_marked(name: str, tmp_path: Path) -> None:
    case = LYING[name]
    found, scanned = played(case, tmp_path)
    assert found.ok is not case.refused, found.note
    if not case.refused:
        assert found.marks | scanned == case.marks, found.note
    assert case.says in found.note
    assert bool(found.claims and found.claims.unreached) is case.asked
