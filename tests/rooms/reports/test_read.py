"""Reports that runners really wrote (tests/corpora/reports), and what is not one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.failures.counts import Counts
from app.reports.go import printed
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
        ("mocha", "mocha.xml", Counts(passed=2, failed=2, skipped=2, failing=(
            "sum › adds 1 + 2", 'sum deep › "before all" hook for "never"'))),
        ("playwright", "playwright.xml", Counts(passed=1, failed=1, skipped=1, failing=(
            "a.spec.js › group › bad one",))),
        ("phpunit", "phpunit.xml", Counts(passed=2, failed=2, skipped=3, errors=1, failing=(
            r"Shop\ShopTest::testDivides", r"Shop\ShopTest::testErr", r'Shop\ShopTest::testP with data set "two"'))),
        ("rspec", "rspec.json", Counts(passed=1, failed=1, skipped=2, failing=("Sum adds 1 + 2",))),
        ("nextest", "nextest.xml", Counts(passed=2, failed=1, failing=("shop tests::divides",))),
        ("ctest", "ctest.xml", Counts(passed=1, failed=1, skipped=3, failing=("bad_one",))),
        ("trx", "dotnet.trx", Counts(passed=1, failed=2, skipped=2, errors=1, failing=(  # by its schema, not by a run
            'Shop.Tests.CartTests.Divides(by: "0")', "Shop.Tests.CartTests.Hangs"))),
        ("tap", "ava-tap.txt", Counts(passed=2, failed=1, skipped=2, failing=("bad one",))),
    ],
)  # fmt: skip
def test_a_report_that_was_really_written_is_counted(kind: str, file: str, expected: Counts) -> None:
    assert read(kind, [(CORPUS / file).read_bytes()], "/tree") == expected


DECLARED = b"func TestDiv\nfunc TestBad\nfunc TestSkip\nfunc ExampleDiv\nfunc TestA\nfunc TestB\n"
GO_FAILING = ("TestBad", "TestBad/zero", "TestE", "TestP", "TestP/sub", "example.org/m/bad")


@pytest.mark.parametrize("version", ["1.19", "1.27"])
def test_events_of_go_are_counted_by_package_and_by_what_the_tree_declares(version: str) -> None:
    """One of its tests prints `=== RUN` and `--- PASS` of another, for which Go makes the same events as for a test."""
    events = (CORPUS / f"go-{version}.json").read_bytes()
    expected = Counts(passed=4, failed=3, skipped=1, errors=1, failing=GO_FAILING, unloaded=1)
    assert read("go", [b"", DECLARED + events], "/tree") == expected
    assert b'"Test":"TestFake"' in events
    assert read("go", [b"", events], "/tree").passed == 0


def go_events(*lines: str) -> bytes:
    """`calc TestA run`, `calc pass`."""
    words = [line.split() for line in lines]
    made = [{"Package": word[0], "Action": word[-1]} | ({"Test": word[1]} if len(word) == 3 else {}) for word in words]
    return "".join(json.dumps(event) + "\n" for event in made).encode()


TWICE = ("a TestA run", "a TestA pass", "a TestA run", "a TestA pass", "a pass")


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (TWICE, Counts(passed=1)),
        (("a skip",), Counts()),  # no test files
        (("a pass",), Counts()),  # no tests to run
        (("a fail",), Counts(errors=1, failing=("a",))),  # it left in TestMain
        (("a TestA run", "a fail"), Counts(failed=1, failing=("TestA",))),  # it left in a test
        (("a TestA run", "a TestB run", "a TestB pass", "a TestA pass", "a pass"), Counts(passed=1)),
        (("a TestA run", "a TestA pause", "a TestB run", "a TestB pause", "a TestA cont", "a TestB cont",
          "a TestB pass", "a TestA pass", "a pass"), Counts(passed=2)),
        (("a TestA run", "a TestA fail", "a fail", "b TestA run", "b TestA pass", "b pass"),
         Counts(passed=1, failed=1, failing=("TestA (a)",))),
        (("a TestInit run", "a TestInit pass", "a TestA run", "a TestA pass", "a pass"), Counts(passed=1)),
        (("a TestA pass", "a pass"), Counts()),
    ],
)  # fmt: skip
def test_what_go_says_of_a_test_is_held_against_how_go_works(events: tuple[str, ...], expected: Counts) -> None:
    assert read("go", [b"", DECLARED + go_events(*events)], "/tree") == expected


def test_events_are_printed_as_go_prints_its_tests() -> None:
    text = printed((CORPUS / "go-1.27.json").read_bytes()).decode()
    assert text.startswith("# example.org/m/bad [example.org/m/bad.test]\nbad/bad_test.go:3:28: undefined: undefined\n")
    assert "--- FAIL: TestBad (0.00s)\n    --- FAIL: TestBad/zero (0.00s)\n" in text
    assert printed(b"{\nno event\n") == b"{\nno event\n"


def test_a_spec_that_could_not_be_loaded_has_its_name() -> None:
    said = "\nAn error occurred while loading ./spec/b_spec.rb.\nFailure/Error: x\n"
    report = {"examples": [], "messages": [said], "summary": {"errors_outside_of_examples_count": 1}}
    expected = Counts(errors=1, failing=("./spec/b_spec.rb",), unloaded=1)
    assert read("rspec", [json.dumps(report).encode()], "/tree") == expected


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
        ("trx", b"<testsuite/>", "it is no report of tests"),
        ("trx", b"<!DOCTYPE x><TestRun/>", "it declares entities"),
        ("node", b"<testsuites><testcase name='a'/></testsuites>", "it ends without totals"),
        ("node", b"<testsuites><testcase name='a'><!-- pass 9 --><!-- fail 0 --></testcase></testsuites>",
         "it ends without totals"),
        ("go", b"{}", "it is not what that runner writes"),
        ("jest", b"{}", "it is not what that runner writes"),
        ("rspec", b"{}", "it is not what that runner writes"),
        ("tap", b"ok 1 - a\n", "it ends without a plan"),
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


@given(st.sampled_from(["pytest", "node", "jest", "jvm", "trx"]), st.binary() | st.text().map(str.encode))
def test_any_bytes_are_survived(kind: str, content: bytes) -> None:
    with pytest.raises(UnreadableReport):
        read(kind, [content], "/tree")
