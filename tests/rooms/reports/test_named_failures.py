"""The names of failing tests, from each reader's report to the pull request's text, before and after the change."""

from __future__ import annotations

import json
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.checkpoints import pull_text
from app.claims import Claims
from app.failures.counts import Counts
from app.reports.read import read
from app.verify.rounds import round_of
from app.verify.run import CommandResult
from tests.rooms.checkpoints.test_words import proposed
from tests.rooms.reports.test_read import DECLARED

CORPUS = Path(__file__).parents[2] / "corpora" / "reports"
WRITTEN = {
    "pytest": "pytest.xml", "node": "node.xml", "jest": "jest.json", "vitest": "vitest.json", "mocha": "mocha.xml",
    "playwright": "playwright.xml", "tap": "ava-tap.txt", "bun": "bun.xml", "deno": "deno.xml", "go": "go-1.27.json",
    "jvm": "surefire.xml", "rspec": "rspec.json", "phpunit": "phpunit.xml", "ctest": "ctest.xml",
    "nextest": "nextest.xml", "trx": "dotnet.trx",
}  # fmt: skip
WEIRD = {
    "code": "a `b` ``c`` `",
    "a table": "a | b || c",
    "several lines": "a\nb\r\n\n# c\n- [ ] d",
    "people": "@maya and @acme/all",
    "references": "fixes #12, acme/calc#3, GH-4",
    "HTML": "</details><img src=x onerror=a><!-- -->",
    "a link": "[a](https://evil.example) ![b](https://evil.example/p)",
    "a long one": "x" * 10_000,
    "right to left": "a \u202e olleh \u2066 b \u200b\u200fc",
    "nothing to see": "\u200b \u2060",
    "control characters": "a\x00\x1b[31mb\x07",
}


def body_of(counts: Counts) -> str:
    result = CommandResult(command="make test", purpose="verify", at="head", exit_code=1, seconds=1, counts=counts)
    claims = Claims(base=round_of([result]), head=round_of([result]))
    return pull_text.body(proposed(claims, "uncertain").state, template=None, closes=True)


def items(body: str, after: str) -> list[Token]:
    """What is in the list behind a line, each as the one token that is shown of it."""
    rest = body.partition(f"{after}:\n\n")[2].partition("\n\n")[0]
    shown = [token for token in MarkdownIt("commonmark").parse(rest) if token.type == "inline"]
    assert len(shown) == rest.count("\n") + 1
    return [child for token in shown for child in token.children or []]


@pytest.mark.parametrize("kind", WRITTEN)
def test_the_failing_tests_of_each_runner_stand_in_the_pull_request(kind: str) -> None:
    content = (CORPUS / WRITTEN[kind]).read_bytes()
    counts = read(kind, [b"", DECLARED + content] if kind == "go" else [content], "/tree")
    assert counts.failing
    for after in ("Failing before the change", "Failing with the change"):
        assert [token.content for token in items(body_of(counts), after)] == list(counts.failing[:10])


def reports_of(name: str) -> dict[str, list[bytes]]:
    """A failure of this name, as each format holds it; of Go a part of a test; lines are TAP's own."""
    xml = quoteattr(name.replace("\x00", "&#0;").replace("\x1b", "&#27;").replace("\x07", "&#7;"), {"\n": "&#10;"})
    junit = f"<testsuites><testsuite><testcase name={xml}><failure/></testcase></testsuite></testsuites>".encode()
    jest = {"status": "failed", "title": name, "ancestorTitles": []}
    rspec = {
        "examples": [{"status": "failed", "full_description": name}],
        "summary": {"errors_outside_of_examples_count": 0},
    }
    told = (("TestA", "run"), (f"TestA/{name}", "run"), (f"TestA/{name}", "fail"), ("TestA", "fail"))
    events = [{"Package": "m", "Test": test, "Action": action} for test, action in told]
    return {
        "ctest": [junit],
        "trx": [f'<TestRun><UnitTestResult testName={xml} outcome="Failed"/></TestRun>'.encode()],
        "jest": [json.dumps({"testResults": [{"name": "a", "status": "failed", "assertionResults": [jest]}]}).encode()],
        "rspec": [json.dumps(rspec).encode()],
        "go": [b"", "\n".join(map(json.dumps, events)).encode()],
        "tap": [f"1..1\nnot ok 1 - {' '.join(name.split())}\n".encode()],
    }


@pytest.mark.parametrize("kind", ["ctest", "trx", "jest", "rspec", "go", "tap"])
@pytest.mark.parametrize("name", WEIRD)
def test_a_name_is_shown_as_code_and_does_nothing(name: str, kind: str) -> None:
    counts = read(kind, reports_of(WEIRD[name])[kind], "/tree")
    assert counts.failed == 1
    body = body_of(counts)
    for after in ("Failing before the change", "Failing with the change"):
        token = items(body, after)[-1]
        assert token.type == "code_inline"
        assert len(token.content) <= 120
        assert not set(token.content) & set("\n\r\x00\x1b\x07\u200b\u200f\u202e\u2066\u2060")


def test_what_is_beyond_the_first_ten_is_folded() -> None:
    counts = Counts(failed=250, failing=tuple(f"t{n}" for n in range(200)))
    body = body_of(counts)
    assert [token.content for token in items(body, "Failing with the change")] == [f"t{n}" for n in range(10)]
    folded = (
        body.partition("<details><summary>and 240 more</summary>\n\n")[2].partition("\n\n</details>")[0].split("\n")
    )
    assert folded == [*(f"- `t{n}`" for n in range(10, 100)), "- 150 without a name"]
