"""Which failures are worth another run of their jobs."""

from __future__ import annotations

import pytest

from app.failures.chance import may_pass_again, passed_again


@pytest.mark.parametrize(
    ("kind", "cause", "is_worth_it"),
    [
        ("flaky", "test", True),
        ("external", "registry", True),
        ("infrastructure", "runner", True),
        ("infrastructure", "memory", True),
        ("infrastructure", "secret", False),
        ("infrastructure", "permission", False),
        ("infrastructure", "billing", False),
        ("infrastructure", "unknown", False),
        ("unknown", "test", True),
        ("unknown", "cancelled", False),
        ("ours", "test", False),
        ("deterministic", "lint", False),
        ("base-is-red", "test", False),
        ("cancelled", "superseded", False),
    ],
)
def test_what_may_pass_or_tell_more(kind, cause, is_worth_it):
    assert may_pass_again(kind, cause) == is_worth_it


@pytest.mark.parametrize(
    ("cause", "kind"), [("test", "flaky"), ("timeout", "flaky"), ("registry", "external"), ("runner", "infrastructure")]
)
def test_what_passed_on_the_same_commit_is_chance_unless_somebody_else_is_known(cause, kind):
    assert passed_again(cause, "0" * 16, "it failed").kind == kind
