"""Findings without a log, and findings put together."""

from __future__ import annotations

import pytest

from app.failures import Annotation, Finding, Job, explained, merge, read_annotations, read_log, read_status
from tests.rooms.failures.test_runner_log import FAILED, log

EXIT = Annotation(message="Process completed with exit code 1.", path=".github", line=14)
SUPERSEDED = Annotation(
    message="Canceling since a higher priority waiting request for ci-main exists", path=".github", line=1
)
BILLING = Annotation(
    message="The job was not started because recent account payments have failed or your spending "
    "limit needs to be increased."
)
CANCELLED = log(
    ["##[group]Run make", "##[endgroup]", "FAILED a.py::test_x - assert 1", "##[error]The operation was canceled."]
)


def finding(text: str = "", *, job: str = "") -> Finding:
    [found] = read_log(text or log(FAILED), job=Job(name=job))
    return found


# ------------------------------------------------------------ annotations


def test_an_annotation_tells_place_and_message():
    [found] = read_annotations(
        [
            EXIT,
            Annotation(message="total is 4\nnot 3", path="shop/cart.py", line=7),
            Annotation(message="slow", level="warning", path="a.py"),
        ],
        job="lint",
        link="https://ci.example/1",
    )
    assert (found.source, found.cause, found.key, found.jobs, found.link) == (
        "annotations",
        "unknown",
        "total is 4 not 3",
        ("lint",),
        "https://ci.example/1",
    )
    assert [(place.path, place.line) for place in found.places] == [("shop/cart.py", 7)]
    assert [line.text for line in found.lines] == ["total is 4", "not 3"]


@pytest.mark.parametrize("annotations", [[], [EXIT], [Annotation(message="slow", level="warning"), EXIT]])
def test_an_exit_code_alone_tells_nothing(annotations: list[Annotation]):
    assert read_annotations(annotations) == ()


def test_a_job_that_never_started_says_why():
    [found] = read_annotations([BILLING], job="test")
    assert (found.cause, found.tool, found.lines[0].text[:19]) == ("billing", "", "The job was not sta")


def test_output_is_read_like_a_step_that_failed():
    summary = "```\n" + "\n".join(FAILED[6:-1]) + "\n```"
    [found] = read_annotations([EXIT], title="Tests failed", summary=summary, link="https://ci.example/2")
    assert (found.source, found.tool, found.key, found.link) == (
        "output",
        "pytest",
        "assert 4 == 3",
        "https://ci.example/2",
    )
    assert found.signature == finding().signature


def test_output_in_words_is_its_title():
    [found] = read_annotations([], title="2 new smells", summary="Quality is <b>below</b> what was agreed\u202e.")
    assert (found.key, found.cause, found.lines[0].text) == (
        "2 new smells",
        "unknown",
        "Quality is <b>below</b> what was agreed.",
    )
    for away in ("deploy: 503 Service Unavailable", "ERROR: HTTP error 503 while getting https://pkg.example/x.whl"):
        [found] = read_annotations([], title="Preview", summary=away)
        assert found.cause == "registry"


def test_a_status_is_a_sentence_and_a_link():
    found = read_status("ci/legacy", "Build #17 failed in 3m 2s", link="https://ci.example/17")
    assert (found.source, found.cause, found.key, found.jobs) == (
        "status",
        "unknown",
        "Build #17 failed in 3m 2s",
        ("ci/legacy",),
    )
    assert found.signature == read_status("ci/legacy", "Build #18 failed in 1m 40s").signature
    assert found.signature != read_status("ci/other", "Build #17 failed in 3m 2s").signature


def test_what_a_test_compares_did_not_happen():
    """A message that speaks of the network is no network that failed."""
    asserted = [line.replace("assert 4 == 3", "assert 'Connection refused' in 'ok'") for line in FAILED]
    thrown = [
        line.replace("assert 4 == 3", "ConnectionRefusedError: [Errno 111] Connection refused") for line in FAILED
    ]
    assert (finding(log(asserted)).cause, finding(log(thrown)).cause) == ("test", "network")


# ------------------------------------------------------------ together


def test_a_cancelled_log_is_explained_by_its_annotation():
    [found] = explained(read_log(CANCELLED, job=Job(conclusion="cancelled")), read_annotations([SUPERSEDED]))
    assert (found.cause, found.step, found.source) == ("superseded", "Run make", "log")
    [found] = explained(read_log(CANCELLED, job=Job(conclusion="cancelled")), ())
    assert found.cause == "cancelled"


def test_a_failure_with_a_tool_is_not_explained_away():
    assert explained((finding(),), read_annotations([SUPERSEDED])) == (finding(),)
    forged = log([*FAILED[:-1], "##[error]The operation was canceled.", FAILED[-1]])
    [found] = read_log(forged, job=Job(conclusion="failure"))
    assert (found.tool, found.cause) == ("pytest", "test")


def test_without_a_log_the_annotations_are_all_there_is():
    annotations = read_annotations([Annotation(message="no"), BILLING])
    assert explained((), annotations) == annotations
    assert explained((), ()) == ()


def test_jobs_of_one_cause_are_one_finding_with_all_its_places():
    other = finding(log([line.replace("test_total", "test_other") for line in FAILED]), job="docs")
    merged = merge([finding(job="test (3.11)"), other, finding(job="test (3.12)"), finding(job="test (3.11)")])
    assert [found.jobs for found in merged] == [("test (3.11)", "test (3.12)"), ("docs",)]
    assert merged[0].places == finding().places
    assert merge(merged) == merged and merge([]) == ()
