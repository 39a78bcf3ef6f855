"""Runs that somebody, or another run, stopped: nothing failed, whatever the tools had printed."""

from __future__ import annotations

from case import Case

_STOP = "##[error]The operation was canceled."
_NEWER = "Canceling since a higher priority waiting request for ci-refs/pull/7/merge exists"
PRINTED = {
    "quiet": ("collected 12 items", "tests/test_cart.py ...."),
    "words": ("ERROR: 0 errors so far", "0 failed, 12 passed", "##[warning]1 test is slow"),
    "pytest": ("tests/test_cart.py::test_total FAILED", "=================================== FAILURES ==================================="),
    "jest": ("FAIL test/cart.test.js", "  ● cart › adds prices"),
    "terminated": ("make: *** [Makefile:3: check] Terminated", "Terminated"),
}
CASES = tuple(
    Case(name=f"cancelled-{name}", cause="cancelled", key="The operation was canceled", verdict="cancelled", outcome="cancelled", run="make test", step="Run tests", lines=(*lines, _STOP), facts={"conclusion": "cancelled"})
    for name, lines in PRINTED.items()
) + tuple(
    Case(name=f"superseded-{name}", cause="superseded", key="higher priority waiting request", verdict="cancelled", outcome="cancelled", run="make test", step="Run tests", lines=(*lines, _STOP), annotations=({"path": ".github", "line": 1, "level": "failure", "message": _NEWER},), facts={"conclusion": "cancelled"})
    for name, lines in PRINTED.items()
)  # fmt: skip
