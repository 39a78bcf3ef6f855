"""Whose failure it is: every rule, what it needs, and that unknown is said as unknown."""

from __future__ import annotations

from typing import get_args

import pytest

from app.failures import Class, Facts, Finding, Place, Signature, classify
from app.failures.classify import _RULES
from app.failures.records import Line

SIGNATURE = Signature(digest="0123456789abcdef", key="pytest: x")
MINE = ("shop/cart.py",)
GREEN = Facts(base="green", changed=MINE)


def finding(
    cause: str = "test", *places: str, tool: str = "pytest", key: str = "failed", lines: tuple[str, ...] = ()
) -> Finding:
    return Finding(
        source="log",
        cause=cause,  # type: ignore[arg-type]
        tool=tool,
        key=key,
        signature=SIGNATURE,
        places=tuple(Place(path=path, line=1) for path in places),
        lines=tuple(Line(number=at, text=text) for at, text in enumerate(lines, 1)),
    )


NONE = ("ERROR: Could not find a version that satisfies the requirement x (from versions: none)",)
CASES: list[tuple[str, Finding, Facts]] = [
    ("cancelled", finding("superseded"), Facts()),
    ("cancelled", finding("cancelled"), Facts(conclusion="cancelled")),
    ("cancelled", finding("unknown"), Facts(conclusion="cancelled")),
    ("unknown", finding("unknown"), Facts(conclusion="action_required")),
    ("infrastructure", finding("runner"), Facts(base="same")),
    ("infrastructure", finding("billing"), GREEN),
    ("external", finding("network", key="Could not resolve host: rates.example"), GREEN),
    ("external", finding("registry"), Facts(base="same")),
    ("ours", finding("network", "shop/cart.py"), GREEN),
    ("unknown", finding("network", key="connect ECONNREFUSED 127.0.0.1:5432"), Facts()),
    ("flaky", finding("test", "shop/cart.py"), Facts(base="green", changed=MINE, rerun="passed")),
    ("flaky", finding("test"), Facts(base="same", rerun="passed")),
    ("ours", finding("permission"), Facts(base="green", changed=(".github/workflows/ci.yml",))),
    ("base-is-red", finding("permission"), Facts(base="same", changed=(".github/workflows/ci.yml",))),
    ("ours", finding("dependency"), Facts(base="green", changed=("requirements/dev.txt",))),
    ("unknown", finding("dependency"), Facts(base="green", changed=("README.md",))),
    ("external", finding("dependency", lines=NONE), Facts(base="green", changed=("README.md",))),
    ("ours", finding("dependency", lines=NONE), Facts(base="green", changed=("requirements.txt",))),
    ("base-is-red", finding("test", "shop/cart.py"), Facts(base="same", changed=MINE)),
    ("infrastructure", finding("secret"), GREEN),
    ("unknown", finding("secret", tool="python"), GREEN),
    ("ours", finding("test", "shop/cart.py"), GREEN),
    ("ours", finding("test", "cart.py"), GREEN),  # from the folder in which the tool ran
    ("ours", finding("test", "/builds/shop/cart.py"), GREEN),  # or from the root of another machine
    ("unknown", finding("test", "shop/cart.py"), Facts(changed=MINE)),
    ("unknown", finding("test", "tests/test_cart.py"), GREEN),
    ("ours", finding("coverage"), GREEN),
    ("deterministic", finding("coverage"), Facts(base="green", changed=("docs/a.md", "README.rst"))),
    ("deterministic", finding("usage"), GREEN),
    ("ours", finding("usage"), Facts(base="green", changed=("tox.ini",))),
    ("deterministic", finding("test"), Facts(rerun="same")),
    ("deterministic", finding("memory"), Facts(rerun="same")),
    ("infrastructure", finding("memory", "shop/cart.py"), GREEN),
    ("infrastructure", finding("time-limit"), Facts(rerun="passed")),
    ("infrastructure", finding("unknown"), Facts(conclusion="startup_failure")),
    ("deterministic", finding("lint", "shop/other.py"), GREEN),
    ("deterministic", finding("type"), Facts()),
    ("unknown", finding("test"), Facts()),
    ("unknown", finding("test"), Facts(base="other", rerun="other")),
]


@pytest.mark.parametrize(("kind", "found", "facts"), CASES, ids=range(len(CASES)))
def test_the_first_rule_that_holds_says_it(kind: str, found: Finding, facts: Facts):
    verdict = classify(found, facts)
    assert verdict.kind == kind and verdict.why.endswith(".")


def test_every_rule_and_every_class_is_reached():
    said = {classify(found, facts).why for _, found, facts in CASES}
    assert {why for _, why, _ in _RULES} <= said
    assert {kind for kind, _, _ in CASES} == set(get_args(Class))
