"""Reports that runners really wrote (tests/corpora/reports), and what is not one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.failures.counts import Counts
from app.reports.read import UnreadableReport, read
from app.reports.xml import MAX_BYTES

CORPUS = Path(__file__).parents[2] / "corpora" / "reports"
JEST = json.dumps({"testResults": [{"name": "a", "status": "passed", "assertionResults": []}]}).encode()
PYTEST_FAILING = (
    "tests/test_broken.py", "tests/test_a.py::test_p[a b]", "tests/test_a.py::test_p[c::d - e]",
    "tests/test_a.py::TestT::TestIn::test_deep", "tests/test_a.py::U::test_sub", "tests/test_a.py::U::test_u",
    "tests/test_a.py::test_e", "tests/test_a.py::test_teardown", "tests/test_a.py::test_subt",
    "tests/test_a.py::test_subt (2)",
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "file", "expected"),
    [
        ("pytest", "pytest.xml", Counts(passed=2, failed=7, skipped=2, errors=3, failing=PYTEST_FAILING, unloaded=1)),
        ("jest", "jest.json", Counts(passed=2, failed=1, skipped=2, errors=1, unloaded=1,
                                     failing=("sum › adds 1 + 2", "broken.test.js"))),
        ("vitest", "vitest.json", Counts(passed=2, failed=1, skipped=2, errors=1, unloaded=1,
                                         failing=("a.test.js > sum > adds 1 + 2", "broken.test.js"))),
        ("node", "node.xml", Counts(passed=3, failed=4, skipped=2, failing=("inner bad", "kid bad", "broken.test.js"))),
        ("bun", "bun.xml", Counts(passed=2, failed=1, skipped=2, failing=("sum > adds 1 + 2",))),
        ("deno", "deno.xml", Counts(passed=2, failed=1, skipped=1, failing=("bad",))),
        ("jvm", "surefire.xml", Counts(passed=2, failed=2, skipped=1, errors=1, failing=(
            "o.AppTest.par(int)[2]", "o.AppTest.errs", "o.AppTest.divides"))),
    ],
)  # fmt: skip
def test_a_report_that_was_really_written_is_counted(kind: str, file: str, expected: Counts) -> None:
    assert read(kind, [(CORPUS / file).read_bytes()], "/tree") == expected


def test_reports_of_several_modules_are_one() -> None:
    one = (CORPUS / "surefire.xml").read_bytes()
    assert read("jvm", [one, one], "/tree").passed == 4


@pytest.mark.parametrize(
    ("kind", "content", "why"),
    [
        ("pytest", b"", "it is not well-formed"),
        ("pytest", b"<testsuite><testcase name='a'/>", "it is not well-formed"),
        ("pytest", b"<html/>", "it is no report of tests"),
        ("pytest", b"<!DOCTYPE x><testsuite/>", "it declares entities"),
        ("pytest", b'<!DOCTYPE x [<!ENTITY a "aa">]><testsuite name="&a;"/>', "it declares entities"),
        ("pytest", b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><testsuite/>', "it declares entities"),
        ("pytest", b"<testsuite>" * 60, "it is nested too deeply"),
        ("pytest", b" " * (MAX_BYTES + 1), "it is too large"),
        ("jest", b" " * (MAX_BYTES + 1), "it is too large"),
        ("pytest", b"<testsuite>" + b'<testcase name=""/>' * 200_001 + b"</testsuite>", "it holds too many tests"),
        ("node", b"<testsuites><testcase name='a'/></testsuites>", "it ends without totals"),
        ("node", b"<testsuites><testcase name='a'><!-- pass 9 --><!-- fail 0 --></testcase></testsuites>",
         "it ends without totals"),
        ("jest", b"{}", "it is not what that runner writes"),
        ("jest", b"[]", "it is not what that runner writes"),
        ("jest", b"[" * 100_000, "it is not what that runner writes"),
        ("jest", JEST.replace(b"[]", b"5"), "it is not what that runner writes"),
        ("jest", JEST.replace(b"[]", b'[{"status": "superb"}]'), "it is not what that runner writes"),
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused_with_the_reason(kind: str, content: bytes, why: str) -> None:
    with pytest.raises(UnreadableReport, match=why):
        read(kind, [content], "/tree")


@pytest.mark.parametrize("inside", ["\x1b[31m", "\x00", "&#27;", "&#x1B;", "\ufffe", "\udcff"])
def test_characters_that_xml_forbids_spoil_no_report(inside: str) -> None:
    text = f'<?xml version="1.0" encoding="utf-16"?><testsuite><testcase name="a{inside}b" classname="c"/></testsuite>'
    assert read("jvm", [text.encode("utf-8", "surrogateescape")], "/tree") == Counts(passed=1)


@given(st.sampled_from(["pytest", "node", "jest", "jvm"]), st.binary() | st.text().map(str.encode))
def test_any_bytes_are_survived(kind: str, content: bytes) -> None:
    with pytest.raises(UnreadableReport):
        read(kind, [content], "/tree")
