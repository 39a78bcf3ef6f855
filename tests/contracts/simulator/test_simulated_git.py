"""The Git Data API writes real objects; git itself agrees."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.simulator import Repository, Simulator
from app.simulator.records import Protection


def test_commit_without_author_is_the_bots_and_verified(repo: Repository, bot: Any) -> None:
    sha = bot.branch("agent/1-fix", {"calc.py": "def divide(a, b):\n    return a // b\n"})
    commit = repo.commit(sha)
    assert (commit.author, commit.committer, commit.verified) == ("lamplighter[bot]", "GitHub", True)
    assert bot("GET", f"/git/commits/{sha}").json()["verification"]["verified"] is True
    assert bot("GET", f"/commits/{sha}").json()["author"]["login"] == "lamplighter[bot]"
    assert repo.file("agent/1-fix", "calc.py") == b"def divide(a, b):\n    return a // b\n"
    assert repo.file("agent/1-fix", "README.md") == b"# Calc\n"


def test_commit_with_author_is_not_verified(repo: Repository, bot: Any) -> None:
    author = {"name": "Eve", "email": "eve@example.org", "date": "2026-11-01T10:00:00Z"}
    made = bot.commit({"a.txt": "a"}, parent=repo.branches["main"], author=author)
    assert made["verification"]["verified"] is False
    assert repo.commit(made["sha"]).author == "Eve"


def test_trailers_are_read_from_the_last_paragraph(repo: Repository, bot: Any) -> None:
    message = "Fix it\n\nBecause: it broke.\n\nAgent-Run: r1\nCo-authored-by: maya <m@example.org>\n"
    made = bot.commit({"a.txt": "a"}, parent=repo.branches["main"], message=message)
    trailers = {"Agent-Run": ["r1"], "Co-authored-by": ["maya <m@example.org>"]}
    assert repo.commit(made["sha"]).trailers == trailers


def test_git_finds_nothing_wrong(repo: Repository, bot: Any, github: Simulator) -> None:
    content = base64.b64encode(bytes(range(256))).decode()
    blob = bot("POST", "/git/blobs", {"content": content, "encoding": "base64"}).json()["sha"]
    entries = [
        {"path": "a/b/c.bin", "mode": "100644", "type": "blob", "sha": blob},
        {"path": "a.txt", "mode": "100755", "type": "blob", "content": "x"},
        {"path": "a-b", "mode": "120000", "type": "blob", "content": "a.txt"},
        {"path": "README.md", "mode": "100644", "type": "blob", "sha": None},
    ]
    base = repo.branches["main"]
    tree = bot("POST", "/git/trees", {"base_tree": base, "tree": entries}).json()["sha"]
    commit = bot("POST", "/git/commits", {"message": "x", "tree": tree, "parents": [base]}).json()["sha"]
    bot("POST", "/git/refs", {"ref": "refs/heads/all-sorts", "sha": commit})
    github.contributor.push(repo, "main", {"tests/test_calc.py": None, "new.py": "n = 1\n"})
    done = subprocess.run(
        ["git", f"--git-dir={repo.git_dir}", "fsck", "--strict", "--full"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(repo.tree("all-sorts")) == ["a-b", "a.txt", "a/b/c.bin", "calc.py", "tests/test_calc.py"]
    listed = bot("GET", "/git/trees/all-sorts?recursive=1").json()["tree"]
    assert {item["path"]: item["mode"] for item in listed}["a.txt"] == "100755"
    assert sorted(repo.tree("main")) == ["README.md", "calc.py", "new.py"]


def test_stock_git_clones_from_the_directory(repo: Repository, github: Simulator, tmp_path: Path) -> None:
    target = tmp_path / "clone"
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"}
    subprocess.run(["git", "clone", "-q", str(github.git_dir("acme/calc")), str(target)], check=True, env=environment)
    assert (target / "calc.py").is_file()


def test_refs_are_made_moved_listed_and_removed(repo: Repository, bot: Any) -> None:
    base = repo.branches["main"]
    sha = bot.branch("agent/1-fix", {"a.txt": "1"})
    again = bot("POST", "/git/refs", {"ref": "refs/heads/agent/1-fix", "sha": sha})
    assert (again.status_code, again.json()["message"]) == (422, "Reference already exists")
    assert bot("GET", "/git/ref/heads/agent/1-fix").json()["object"]["sha"] == sha
    assert bot("GET", "/git/ref/heads/nothing").status_code == 404
    assert [found["ref"] for found in bot("GET", "/git/matching-refs/heads/agent/").json()] == [
        "refs/heads/agent/1-fix"
    ]
    back = bot("PATCH", "/git/refs/heads/agent/1-fix", {"sha": base})
    assert (back.status_code, back.json()["message"]) == (422, "Update is not a fast forward")
    assert bot("PATCH", "/git/refs/heads/agent/1-fix", {"sha": base, "force": True}).status_code == 200
    assert bot("PATCH", "/git/refs/heads/agent/1-fix", {"sha": sha}).status_code == 200
    assert bot("PATCH", "/git/refs/heads/nothing", {"sha": sha}).status_code == 422
    assert bot("DELETE", "/git/refs/heads/agent/1-fix").status_code == 204
    assert list(repo.branches) == ["main"]


@pytest.mark.parametrize("name", ["heads/x", "refs/x", "refs/heads/a..b", "refs/heads/-x.lock", "refs/heads/main/sub"])
def test_bad_ref_name_is_a_422(repo: Repository, bot: Any, name: str) -> None:
    assert bot("POST", "/git/refs", {"ref": name, "sha": repo.branches["main"]}).status_code == 422


def test_protected_branch_and_workflow_files_are_refused(repo: Repository, bot: Any) -> None:
    repo.protection["main"] = Protection()
    made = bot.commit({"a.txt": "a"}, parent=repo.branches["main"])
    assert bot("PATCH", "/git/refs/heads/main", {"sha": made["sha"]}).status_code == 422
    assert bot("DELETE", "/git/refs/heads/main").status_code == 422
    entry = {"path": ".github/workflows/ci.yml", "mode": "100644", "type": "blob", "content": "on: push\n"}
    refused = bot("POST", "/git/trees", {"base_tree": repo.branches["main"], "tree": [entry]})
    assert refused.status_code == 403
    for path in ("../x", "a//b", ".git/config", "/x"):
        bad = {"path": path, "mode": "100644", "type": "blob", "content": ""}
        assert bot("POST", "/git/trees", {"tree": [bad]}).status_code == 422


def test_contents_of_files_and_directories(repo: Repository, bot: Any, github: Simulator) -> None:
    old = repo.branches["main"]
    github.contributor.push(repo, "main", {".github/lamplighter.yml": "phase: 1\n"})
    found = bot("GET", "/contents/.github/lamplighter.yml").json()
    assert base64.b64decode(found["content"]) == b"phase: 1\n"
    raw = bot("GET", "/contents/.github/lamplighter.yml?ref=main", Accept="application/vnd.github.raw+json")
    assert raw.content == b"phase: 1\n"
    assert bot("GET", f"/contents/.github/lamplighter.yml?ref={old}").status_code == 404
    listed = {item["name"]: item["type"] for item in bot("GET", "/contents/").json()}
    assert listed == {".github": "dir", "README.md": "file", "calc.py": "file", "tests": "dir"}
    assert [item["path"] for item in bot("GET", "/contents/tests").json()] == ["tests/test_calc.py"]
    blob = bot("GET", f"/git/blobs/{found['sha']}").json()
    assert base64.b64decode(blob["content"]) == b"phase: 1\n"


def test_branches_protection_and_rules(repo: Repository, bot: Any, github: Simulator) -> None:
    assert bot("GET", "/branches/main").json()["protected"] is False
    repo.protection["main"] = Protection(required_checks=("test",))
    repo.rules["main"] = [{"type": "pull_request", "parameters": _pull_request_rule()}, {"type": "non_fast_forward"}]
    assert bot("GET", "/branches/main").json()["protected"] is True
    assert bot("GET", "/branches/main/protection").status_code == 403
    assert [rule["type"] for rule in bot("GET", "/rules/branches/main").json()] == ["pull_request", "non_fast_forward"]
    assert bot("GET", "/rules/branches/agent/1-x").json() == []
    assert bot("GET", "/rulesets/1").json()["current_user_can_bypass"] == "never"
    assert bot("GET", "/rulesets/2").status_code == 404
    assert [found["name"] for found in bot("GET", "/branches").json()] == ["main"]
    github.app.permissions["administration"] = "read"
    github.owner.uninstall(repo)
    github.owner.install(repo)
    bot.token = bot.api.token(repo)
    shown = bot("GET", "/branches/main/protection").json()
    assert shown["required_pull_request_reviews"]["required_approving_review_count"] == 1


def _pull_request_rule() -> dict[str, Any]:
    return {
        "dismiss_stale_reviews_on_push": False,
        "require_code_owner_review": True,
        "require_last_push_approval": False,
        "required_approving_review_count": 1,
        "required_review_thread_resolution": False,
    }


def test_comparing_and_listing_commits(repo: Repository, bot: Any) -> None:
    sha = bot.branch("agent/1-fix", {"calc.py": "x = 1\n"})
    seen = bot("GET", "/compare/main...agent/1-fix").json()
    assert (seen["status"], seen["ahead_by"], seen["files"][0]["filename"]) == ("ahead", 1, "calc.py")
    assert bot("GET", f"/compare/{sha}...main").json()["status"] == "behind"
    assert bot("GET", "/commits?sha=agent/1-fix").json()[0]["sha"] == sha
    assert bot("GET", "/commits/agent/1-fix").json()["files"][0]["status"] == "modified"
    assert bot("GET", "/commits/nothing").status_code == 422


def test_empty_repository(github: Simulator, api: Any) -> None:
    from tests.contracts.simulator.conftest import Bot

    bot = Bot(api, github.repository("acme/empty"))
    assert bot("GET", "/contents/x").json()["message"] == "This repository is empty."
    assert bot("GET", "/git/trees/main").status_code == 409
    assert bot("GET", "/branches/main").status_code == 404
    assert bot("GET", "/commits").status_code == 409


def test_history_of_a_directory_is_imported(github: Simulator, tmp_path: Path) -> None:
    source = tmp_path / "source"
    subprocess.run(["git", "init", "-q", "-b", "trunk", str(source)], check=True)
    (source / "a.txt").write_text("a")
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", "-C", str(source), "add", "."], check=True)
    subprocess.run(["git", "-C", str(source), *who, "commit", "-q", "-m", "first"], check=True)
    subprocess.run(["git", "-C", str(source), "gc", "-q"], check=True)
    repo = github.repository("acme/import", directory=source, files={"b.txt": "b"})
    assert repo.default_branch == "trunk"
    assert dict(repo.tree("trunk")) == {"a.txt": b"a", "b.txt": b"b"}
