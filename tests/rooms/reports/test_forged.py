"""A change whose code writes what the runner should: a summary, a report, both, or an exit code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from app.projects import Plan
from tests.rooms.verify.room import BASE, PYTEST, Room

WRONG = "def div(a, b):\n    return 0\n"
GREEN = {
    "calc.py": BASE["calc.py"],
    "tests/test_calc.py": "from calc import div\n\n\ndef test_div():\n    assert div(4, 2) == 2\n",
    "conftest.py": "",
}
# Through every open descriptor, because pytest has turned the usual ones elsewhere.
ENDS_EARLY = """
import os

for fd in range(1, 30):
    try:
        os.write(fd, b"==== 1 passed in 0.01s ====\\n")
    except OSError:
        pass
os._exit(0)
"""
FORGED = """
import os, re
def forge():
    path = re.search("junit-xml=([^']+)", os.environ["PYTEST_ADDOPTS"])[1]
    with open(path, "w") as file:
        file.write('<testsuite>' + '<testcase name="a" classname="b"/>' * {passed} + '</testsuite>')
forge()
"""
AT_THE_END = (
    FORGED
    + """
import atexit
def again():
    forge()
    {code}
atexit.register(again)
"""
)


@dataclass(frozen=True, kw_only=True)
class Forgery:
    code: str  # of `calc.py`
    says: str
    ok: bool = True


FORGERIES = {
    "an early end behind a printed summary": Forgery(code=WRONG + ENDS_EARLY, says="only printed lines to go by"),
    "an early end behind a report": Forgery(
        code=WRONG + FORGED.format(passed=1) + "os._exit(0)\n", says="no longer tells how many tests ran"),
    "a report written over with more": Forgery(
        code=BASE["calc.py"] + AT_THE_END.format(passed=999, code=""), says="1 test passes"),
    "a report written over, and an exit code": Forgery(
        code=WRONG + AT_THE_END.format(passed=1, code="os._exit(0)"), says="exit code 0, though 1 failed", ok=False),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_proves_nothing(name: str, tmp_path: Path) -> None:
    room = Room(tmp_path / "tree", GREEN, Plan(verify=(PYTEST,)))
    room.write({"calc.py": FORGERIES[name].code})
    found = room.verify()
    assert found.ok is FORGERIES[name].ok
    assert FORGERIES[name].says in found.note
    if found.ok:
        assert "uncertain" in found.marks
        assert "No test shows that this change does what it should" in found.note
