"""A signature stays when the same thing fails again elsewhere, and changes with what failed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.failures.records import Failure
from app.failures.signature import normalised, signature

SAME = [
    ("tests/test_a.py:12: in test_x", "tests/test_a.py:993: in test_x"),
    ("src/cart.ts(2,9): error TS2322: no", "src/cart.ts(77,1): error TS2322: no"),
    ("connect ECONNREFUSED 127.0.0.1:5999", "connect ECONNREFUSED 127.0.0.1:41231"),
    ("connect to localhost:8080 failed", "connect to localhost:18080 failed"),
    ("no /home/runner/work/shop/shop/src/a.py", "no src/a.py"),
    ("no /home/runner/work/shop/shop/src/a.py", "no /__w/shop/shop/src/a.py"),
    (r"no D:\a\shop\shop\src", r"no src"),
    ("open /tmp/tmpab12cd/x.json", "open /tmp/pytest-of-runner/pytest-3/x.json"),
    ("/opt/hostedtoolcache/Python/3.11.9/x64/bin/python: no", "/opt/hostedtoolcache/Python/3.12.1/x64/bin/python: no"),
    ("<Cart object at 0x7f3a12bc>", "<Cart object at 0x10ffee00>"),
    ("commit 3f786850e387550fdab836ed7e6dc881de23001b", "commit 89e6c98d92887913cadf06b2adb97f26cde4849b"),
    ("id 0b6f3a52-6b0c-4b62-9f0b-7f6a3a0a9c11", "id 11112222-3333-4444-5555-666677778888"),
    ("timed out after 1.01s", "timed out after 15 s"),
    ("at 2026-11-29T10:11:12.123Z", "at 2025-01-02 23:59:59"),
    ("process 4121 exited", "process 77 exited"),
    ("worker 'gw0' crashed", "worker 'gw1' crashed"),
    ("needs node v20.11.1", "needs node v22.3.0"),
]
OTHER = [
    ("assert 4 == 3", "assert 5 == 3"),
    ("No module named 'a'", "No module named 'b'"),
    ("error TS2322: no", "error TS2552: no"),
    ("KeyError: 'PUBLISH_TOKEN'", "KeyError: 'OTHER_TOKEN'"),
    ("in src/cart.py", "in src/basket.py"),
    ("expected 1 argument", "expected 2 arguments"),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_what_changes_from_run_to_run_does_not_count(one: str, two: str):
    assert normalised(one) == normalised(two)


@pytest.mark.parametrize(("one", "two"), OTHER)
def test_what_failed_counts(one: str, two: str):
    assert normalised(one) != normalised(two)


_LINE = st.integers(1, 99_999)
_HASH = st.text("0123456789abcdef", min_size=12, max_size=40).filter(
    lambda text: not text.isdigit() and not text.isalpha()
)
_CLOCK = st.datetimes().map(lambda at: at.isoformat(sep="T", timespec="milliseconds"))
_FOLDER = st.sampled_from(["/home/runner/work/shop/shop/", "/__w/shop/shop/", ""])


@settings(max_examples=20, deadline=None)
@given(data=st.data(), word=st.sampled_from(["cart", "basket"]))
def test_a_message_of_all_of_them_is_one(data: st.DataObject, word: str):
    def message() -> str:
        draw = data.draw
        seconds = draw(st.floats(0.001, 900).map(lambda n: f"{n:.2f}s"))
        return (
            f"{draw(_CLOCK)} {draw(_FOLDER)}src/{word}.py:{draw(_LINE)}: in <Cart at {hex(draw(_LINE))}> "
            f"of {draw(_HASH)} on 127.0.0.1:{draw(st.integers(1024, 65535))} after {seconds}, pid={draw(_LINE)}"
        )

    one, two = (
        signature("pytest", "test", [Failure(message=message(), name="test_x", line=data.draw(_LINE))])
        for _ in range(2)
    )
    other = signature("pytest", "test", [Failure(message=message().replace(word, "shop"), name="test_x")])
    assert one == two != other


def test_order_and_repetition_do_not_count():
    a, b = Failure(message="a", name="x"), Failure(message="b", name="y")
    assert signature("t", "test", [a, b]) == signature("t", "test", [b, a, a])
    assert (
        len(
            {
                signature("t", "test", [a]),
                signature("t", "test", [b]),
                signature("t", "lint", [a]),
                signature("u", "test", [a]),
            }
        )
        == 4
    )
    assert signature("pytest", "test", [a, b]).key == "pytest: x a (+1)"
