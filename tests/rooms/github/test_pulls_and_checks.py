"""Pull requests and check runs."""

from __future__ import annotations

import pytest

from app.github import checks, git_data, pulls
from app.github.checks import Annotation, Button, Check
from app.github.client import place
from app.github.errors import Invalid, NotFound
from app.github.git_data import Change

REPO, BRANCH = "acme/calc", "agent/1-fix-ab12"


@pytest.fixture
def head_sha(github, repo) -> str:
    return git_data.create_branch_with_changes(
        github,
        REPO,
        branch=BRANCH,
        base_sha=repo.branches["main"],
        changes=[Change(path="calc.py", content=b"# fixed\n")],
        message="Fix",
    )


def _draft(github, **fields):
    given = {"title": "Fix", "body": "Fixes #1", "head": BRANCH, "base": "main"}
    return pulls.create_draft(github, REPO, **{**given, **fields})


def test_a_draft_is_created_found_and_not_doubled(github, repo, head_sha):
    assert pulls.find_pull(github, REPO, head=BRANCH) is None
    made = _draft(github)
    assert made.draft and made.is_open and not made.merged and not made.from_fork
    assert (made.head_ref, made.head_sha, made.base_ref) == (BRANCH, head_sha, "main")
    found = pulls.find_pull(github, REPO, head=BRANCH, base="main")
    assert found is not None and found.number == made.number
    with pytest.raises(Invalid):
        _draft(github)
    assert len(repo.pulls) == 1
    assert [pull.number for pull in pulls.open_pulls(github, REPO, head_prefix="agent/")] == [made.number]
    assert pulls.open_pulls(github, REPO, head_prefix="other/") == []


def test_title_and_body_are_cut(github, repo, head_sha):
    _draft(github, title="t" * 300, body="b" * 70_000)
    assert len(repo.pulls[0].title) <= 256
    assert len(repo.pulls[0].body) <= 65_536


def test_a_repository_without_drafts_gets_an_ordinary_one(github, repo, simulator, head_sha):
    simulator.faults.add(
        "POST /repos/*/*/pulls", status=422, message="Draft pull requests are not supported in this repository."
    )
    assert not _draft(github).draft


def test_update_changes_what_is_given(github, repo, head_sha):
    made = _draft(github)
    pulls.update_pull(github, REPO, made.number, body="new")
    assert (repo.pulls[0].title, repo.pulls[0].body) == ("Fix", "new")
    assert not pulls.update_pull(github, REPO, made.number, is_open=False).is_open
    with pytest.raises(NotFound):
        pulls.pull(github, REPO, 999)


def test_ready_for_review(github, repo, head_sha):
    made = _draft(github)
    for _ in range(2):
        pulls.mark_ready(github, made.node_id)
        assert not pulls.pull(github, REPO, made.number).draft


def test_marking_without_permission_is_an_error_though_the_status_is_200(github, open_client, head_sha):
    made = _draft(github)
    with pytest.raises(Invalid, match="not accessible"):
        pulls.mark_ready(open_client({"metadata": "read", "pull_requests": "read"}), made.node_id)


def test_reviewers_one_of_whom_has_no_access(github, repo, head_sha):
    made = _draft(github)
    assert pulls.request_reviewers(github, REPO, made.number) == []
    assert pulls.request_reviewers(github, REPO, made.number, logins=["maya", "nobody-at-all"]) == ["maya"]
    assert [account.login for account in repo.pulls[0].requested] == ["maya"]


# ---------------------------------------------------------------- checks


def _check(head_sha, **fields) -> Check:
    given = {"name": "lamplighter", "external_id": "run-1", "status": "in_progress", "title": "t", "summary": "s"}
    return Check(head_sha=head_sha, **{**given, **fields})


def test_a_check_is_created_found_and_completed(github, repo, head_sha):
    button = Button(label="Stop" * 5, description="Stop it " * 5, identifier="stop")
    made = checks.create_check(github, REPO, _check(head_sha, buttons=[button] * 3))
    assert (made.status, made.conclusion, made.external_id) == ("in_progress", "", "run-1")
    assert checks.find_check(github, REPO, head_sha, name="lamplighter", external_id="run-2") is None
    assert checks.find_check(github, REPO, head_sha, name="lamplighter", external_id="run-1") == made
    done = _check(head_sha, status="completed", conclusion="success", summary="x" * 70_000, text="y" * 70_000)
    assert checks.update_check(github, REPO, made.id, done).conclusion == "success"
    assert len(repo.check_runs(head_sha)) == 1


@pytest.mark.parametrize("more", [{"label": "x" * 21}, {"description": "x" * 41}, {"identifier": "x" * 21}])
def test_a_button_that_github_does_not_take_is_a_defect(more):
    with pytest.raises(ValueError, match="does not take"):
        Button(**{"label": "Stop", "description": "Stop it", "identifier": "stop"} | more)


def test_more_annotations_than_one_call_takes(github, repo, simulator, head_sha):
    notes = [
        Annotation(path="calc.py", start_line=1, end_line=1, level="notice", message=f"note {number}", title="t" * 400)
        for number in range(120)
    ]
    made = checks.create_check(github, REPO, _check(head_sha, annotations=notes))
    shown = list(github.items(github.rest.checks.list_annotations(*place(REPO), made.id)))
    assert [row["message"] for row in shown] == [f"note {number}" for number in range(120)]
