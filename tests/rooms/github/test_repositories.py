"""Facts about repositories, roles, branches, protection, files."""

from __future__ import annotations

import pytest

from app.github import repositories
from app.github.errors import NotFound
from app.github.repositories import Protection

REPO = "acme/calc"


def test_facts_of_a_repository(github, repo):
    found = repositories.repository(github, REPO)
    assert (found.id, found.full_name, found.default_branch) == (repo.id, REPO, "main")
    assert (found.private, found.archived, found.fork) == (False, False, False)
    assert found.owner == "acme" and found.owner_is_organization
    assert repositories.repository_by_id(github, repo.id) == found


def test_unknown_repository_is_not_found(github):
    with pytest.raises(NotFound):
        repositories.repository(github, "acme/other")


@pytest.mark.parametrize(
    ("login", "role"),
    [
        ("olga", "admin"),
        ("maya", "maintain"),
        ("carl", "write"),
        ("tess", "triage"),
        ("rhea", "read"),
        ("nobody-has-this-name", "none"),
    ],
)
def test_role_of_a_person(github, simulator, login, role):
    assert repositories.role(github, REPO, login) == role


def test_stranger_on_a_private_repository_has_no_role(simulator, repo, github):
    repo.private = True
    assert repositories.role(github, REPO, simulator.outsider.login) == "none"


def test_head_of_a_branch(github, repo):
    assert repositories.branch_sha(github, REPO, "main") == repo.branches["main"]
    assert repositories.branch_sha(github, REPO, "no/such") is None


@pytest.mark.parametrize("path", ["calc.py", "docs/a b.md", "logo.bin"])
def test_file_at_a_ref(github, repo, path):
    assert repositories.file(github, REPO, path, repo.branches["main"]) == repo.file("main", path)


@pytest.mark.parametrize("path", ["missing.py", "docs"])
def test_what_is_no_file_is_none(github, path):
    assert repositories.file(github, REPO, path, "main") is None


def test_file_above_a_megabyte(simulator, github, repo):
    simulator.contributor.push(repo, "main", {"big.txt": "x" * 1_500_000})
    assert repositories.file(github, REPO, "big.txt", "main") == b"x" * 1_500_000


def test_unprotected_branch(github):
    assert repositories.protection(github, REPO, "main") == Protection(protected=False, approvals_required=0)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_ruleset_says_how_many_approvals(github, repo, count):
    parameters = {
        "required_approving_review_count": count,
        "dismiss_stale_reviews_on_push": False,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_review_thread_resolution": False,
    }
    repo.rules["main"] = [{"type": "deletion"}, {"type": "pull_request", "parameters": parameters}]
    assert repositories.protection(github, REPO, "main") == Protection(protected=True, approvals_required=count)


def test_classic_protection_hides_its_approvals(github, repo):
    from app.simulator.records import Protection as Classic

    repo.protection["main"] = Classic()
    hidden = Protection(protected=True, approvals_required=None, may_bypass=None)
    assert repositories.protection(github, REPO, "main") == hidden


@pytest.mark.parametrize(
    ("said", "may_bypass"),
    [("always", True), ("pull_requests_only", True), ("exempt", True), ("never", False), ("", None)],
)
def test_ruleset_says_whether_it_holds_us(github, repo, said, may_bypass):
    flags = ("dismiss_stale_reviews_on_push", "require_code_owner_review", "require_last_push_approval")
    parameters = dict.fromkeys((*flags, "required_review_thread_resolution"), False)
    repo.rules["main"] = [{"type": "pull_request", "parameters": {**parameters, "required_approving_review_count": 1}}]
    repo.app_may_bypass = said
    assert repositories.protection(github, REPO, "main").may_bypass is may_bypass
