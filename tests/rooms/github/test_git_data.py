"""Commits without a push: every step twice is once; signed by the App; never forced."""

from __future__ import annotations

import subprocess

import pytest

from app.github import git_data
from app.github.errors import Invalid, Refused
from app.github.git_data import Change

REPO = "acme/calc"
CHANGES = [
    Change(path="calc.py", content=b"def divide(a, b):\n    return a // b\n"),
    Change(path="tests/test calc.py", content="# prüft\r\n".encode()),
    Change(path="run.sh", mode="100755", content=b"#!/bin/sh\n"),
    Change(path="link", mode="120000", content=b"calc.py"),
    Change(path="empty", content=b""),
    Change(path="binary", content=bytes(range(256))),
    Change(path="latin1.txt", content=b"caf\xe9\n"),
    Change(path="big.txt", content=b"x" * 300_000),
    Change(path="docs/a b.md", content=None),
]


def _branch(github, repo, **fields):
    given = {"branch": "agent/1-fix-ab12", "base_sha": repo.branches["main"], "changes": CHANGES, "message": "Fix it"}
    return git_data.create_branch_with_changes(github, REPO, **{**given, **fields})


def test_branch_holds_exactly_the_changes(github, simulator, repo):
    before = repo.tree("main")
    sha = _branch(github, repo)
    assert repo.branches["agent/1-fix-ab12"] == sha
    expected = {**before, **{change.path: change.content for change in CHANGES if change.content is not None}}
    del expected["docs/a b.md"]
    assert repo.tree("agent/1-fix-ab12") == expected
    git = ["git", "--git-dir", str(simulator.git_dir(REPO))]
    listed = subprocess.run([*git, "ls-tree", "-r", sha], check=True, capture_output=True, text=True).stdout
    modes = {line.split("\t")[1]: line.split()[0] for line in listed.splitlines()}
    assert (modes["run.sh"], modes["link"], modes["calc.py"]) == ("100755", "120000", "100644")
    for line in listed.splitlines():
        content = expected.get(line.split("\t")[1])
        if content is not None:
            assert git_data.blob_sha(content) == line.split()[2]


def test_commit_is_the_apps_and_verified(github, repo, simulator):
    sha = _branch(github, repo, message="Fix it\n\nAgent-Run: r1")
    found = git_data.commit(github, REPO, sha)
    assert found.verified
    assert found.parents == (repo.branches["main"],)
    assert found.message == "Fix it\n\nAgent-Run: r1"
    sent = [request.json() for request in simulator.requests if request.path.endswith("/git/commits")]
    assert all({"author", "committer"}.isdisjoint(body) for body in sent)


def test_text_travels_in_one_request(github, repo, simulator):
    changes = [Change(path=f"file{number}.txt", content=b"x\n") for number in range(40)]
    _branch(github, repo, changes=changes)
    writes = [request.path for request in simulator.requests if request.method == "POST" and "/git/" in request.path]
    assert [path.rpartition("/")[2] for path in writes] == ["trees", "commits", "refs"]


def test_doing_it_twice_finds_the_first(github, repo, simulator, clock):
    first = _branch(github, repo)
    clock.advance(10)
    assert _branch(github, repo) == first
    assert len([name for name in repo.branches if name.startswith("agent/")]) == 1


@pytest.mark.parametrize("step", ["trees", "commits", "refs"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_at_any_step_is_made_good_by_doing_it_again(github, repo, simulator, clock, step, when):
    simulator.faults.add(f"POST /repos/*/*/git/{step}", status=502, when=when)
    with pytest.raises(Exception, match="502"):
        _branch(github, repo)
    clock.advance(60)
    sha = _branch(github, repo)
    assert repo.branches["agent/1-fix-ab12"] == sha
    assert git_data.commit(github, REPO, sha).parents == (repo.branches["main"],)


def test_branch_that_holds_something_else_is_left_alone(github, repo, simulator):
    simulator.contributor.push(repo, "agent/1-fix-ab12", {"x": "theirs"})
    before = repo.branches["agent/1-fix-ab12"]
    with pytest.raises(Invalid):
        _branch(github, repo)
    with pytest.raises(Invalid):
        git_data.create_branch(github, REPO, "agent/1-fix-ab12", repo.branches["main"])
    assert repo.branches["agent/1-fix-ab12"] == before


def test_branch_moves_forward_only(github, repo):
    base = repo.branches["main"]
    first = _branch(github, repo)
    tree = git_data.create_tree(
        github, REPO, base_tree=git_data.commit(github, REPO, first).tree, changes=[Change(path="more", content=b"1")]
    )
    second = git_data.create_commit(github, REPO, message="More", tree=tree, parents=[first])
    git_data.advance_branch(github, REPO, "agent/1-fix-ab12", second)
    git_data.advance_branch(github, REPO, "agent/1-fix-ab12", second)
    assert repo.branches["agent/1-fix-ab12"] == second
    with pytest.raises(Invalid, match="fast forward"):
        git_data.advance_branch(github, REPO, "agent/1-fix-ab12", base)


def test_branches_come_and_go(github, repo):
    assert git_data.branch_head(github, REPO, "agent/x") is None
    git_data.create_branch(github, REPO, "agent/x", repo.branches["main"])
    git_data.create_branch(github, REPO, "agent/x", repo.branches["main"])
    assert git_data.branch_head(github, REPO, "agent/x") == repo.branches["main"]
    git_data.delete_branch(github, REPO, "agent/x")
    git_data.delete_branch(github, REPO, "agent/x")
    assert git_data.branch_head(github, REPO, "agent/x") is None


@pytest.mark.parametrize("path", [".github/workflows/ci.yml", "../up", "a/../b", ".git/config", "/abs"])
def test_github_itself_refuses_paths_we_never_send(github, repo, path):
    with pytest.raises(Refused):
        _branch(github, repo, changes=[Change(path=path, content=b"x")])
    assert list(repo.branches) == ["main"]


def test_empty_repository_has_no_branch(github, simulator, auth, settings, clock, installation_id):
    from app.github.client import GitHub

    empty = simulator.repository("acme/empty")
    token = auth.installation(installation_id, repositories=[empty.id], permissions={"contents": "read"}).token
    client = GitHub(token, settings, clock, transport=simulator.transport())
    assert git_data.branch_head(client, "acme/empty", "main") is None
