"""`lamplighter run`: the result is a branch, and nothing else of the person's repository changes."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.agent.models.scripted import Script, bash
from app.cli.issue import read
from app.errors import UserError
from app.local.branch import FileChange, LocalRepository
from tests.cli.conftest import DEMO, git
from tests.waiting import BUSY_SECONDS, until

pytestmark = pytest.mark.fresh

ISSUE = DEMO / "issue.md"


def state(project):
    """Everything a person would miss: files, index, checked-out branch, other branches, reflog."""
    files = {
        str(path.relative_to(project)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(project.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }
    index = hashlib.sha256((project / ".git" / "index").read_bytes()).hexdigest()
    return files, index, git(project, "symbolic-ref", "HEAD"), git(project, "rev-parse", "main"), git(project, "reflog")


@pytest.mark.slow
def test_an_issue_becomes_a_branch(lamplighter, project, tmp_path):
    (project / "README.md").write_text("not committed\n")
    (project / "untracked").write_text("mine\n")
    before = state(project)

    done = lamplighter("run", "--repo", project, "--issue", ISSUE, "--answer", "1a", "--json")

    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert state(project) == before
    assert not (tmp_path / "hook-ran").exists()
    assert result["branch"].startswith("agent/splitting-10-00-")
    assert git(project, "rev-parse", result["branch"]) == result["sha"]
    assert git(project, "rev-parse", f"{result['branch']}^") == git(project, "rev-parse", "main")
    changed = git(project, "diff", "--name-only", "main", result["branch"]).split()
    assert changed == ["tab/split.py", "tests/test_split.py"]
    message = git(project, "log", "-1", "--format=%B", result["branch"])
    assert "Co-authored-by: Ann Example <ann@example.org>" in message
    assert "#0" not in message + result["body"]
    assert "fails without the change and passes with it" in result["body"], result["body"]
    assert "✓  Tests before: 6 passed" in done.stderr

    assert lamplighter("audit", "verify", "--all").returncode == 0
    page = lamplighter("audit", result["run"][:6]).stdout
    for word in ("Ann Example", "exit 1, 1 failed", "1a = the first ones", "tab/split.py", "whole"):
        assert word in page
    (row,) = json.loads(lamplighter("runs", "--json").stdout)
    assert row["local"] is True
    assert not {"launched", "kept", "question", "asked_at"} & set(row)


@pytest.mark.slow
def test_a_question_without_a_terminal_says_how_to_answer(lamplighter, project):
    done = lamplighter("run", "--repo", project, "--issue", ISSUE)
    assert done.returncode == 1
    assert "1b one person pays all of them" in done.stderr
    run = json.loads(lamplighter("runs", "--json").stdout)[0]["run_id"]
    assert f"lamplighter answer {run[:8]}" in done.stderr
    assert git(project, "branch", "--list", "agent/*") == ""

    assert lamplighter("answer", run[:4], " ").returncode == 1
    done = lamplighter("answer", run[:4], "1a")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Let shares add up to the bill\n")
    assert git(project, "branch", "--list", "agent/*")
    assert "no open question" in lamplighter("answer", run, "1a").stderr


@pytest.mark.slow
def test_a_question_is_asked_on_the_terminal(lamplighter, project):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "app.cli", "run", "--repo", str(project), "--issue", str(ISSUE)],
        env=lamplighter.env,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=project,
    )
    os.close(theirs)
    try:
        os.write(ours, b"1a\n")
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        os.close(ours)
    assert process.returncode == 0, err
    assert "Your answer" in err
    assert "Evidence" in out


@pytest.mark.slow
def test_stop_ends_a_waiting_run(lamplighter, project):
    lamplighter("run", "--repo", project, "--issue", ISSUE)
    run = json.loads(lamplighter("runs", "--active", "--json").stdout)[0]["run_id"]
    assert "stopped" in lamplighter("stop", run).stdout
    assert "ended already (cancelled)" in lamplighter("stop", run).stdout
    assert json.loads(lamplighter("runs", "--active", "--json").stdout) == []
    watched = lamplighter("watch", run)
    assert watched.returncode == 0
    assert "Stopped" in watched.stdout


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_and_its_worker(lamplighter, project, tmp_path, number):
    script = tmp_path / "replies.json"
    Script().will(bash("sleep 600")).save(script)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "app.cli", "run", "--repo", str(project), "--issue", str(ISSUE)],
        env=lamplighter.env | {"LAMPLIGHTER_MODEL_SCRIPT": str(script)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=project,
    )
    try:
        until(lambda: any(run["attempt"] for run in _runs(lamplighter)), pause=0.5)
        process.send_signal(number)
        _out, err = process.communicate(timeout=BUSY_SECONDS)
    finally:
        process.kill()
    assert process.returncode == 130, err
    (run,) = _runs(lamplighter)
    assert (run["phase"], run["reason"]) == ("ended", "cancelled")
    (record,) = lamplighter.home.glob("*/workers/*/*.json")
    worker = Path(f"/proc/{json.loads(record.read_text())['pid']}/cmdline")
    until(lambda: not worker.exists() or b"app.cli" not in worker.read_bytes())


def _runs(lamplighter):
    return json.loads(lamplighter("runs", "--json").stdout)


def test_a_branch_is_made_once_and_never_moved(project):
    repository = LocalRepository.open(project)
    _, base = repository.commit("main")
    change = [
        FileChange(path="tab/split.py", mode="100644", content=None),
        FileChange(path="tab/split.py/inner.py", mode="100755", content=b"x = 1\n"),
        FileChange(path="tests", mode="120000", content=b"tab"),
        FileChange(path="new\nline", mode="100644", content=b"\r\n\0"),
    ]
    first = repository.add_branch("agent/x", base_sha=base, changes=change, message="One")
    assert repository.add_branch("agent/x", base_sha=base, changes=change, message="One") == first
    rows = [row.partition("\t") for row in git(project, "ls-tree", "-r", "-z", "agent/x").split("\0") if row]
    listed = {path: about[:6] for about, _, path in rows}
    assert listed["tab/split.py/inner.py"] == "100755"
    assert listed["tests"] == "120000"
    assert listed["new\nline"] == "100644"
    assert not any(path.startswith("tests/") for path in listed)
    with pytest.raises(UserError, match="holds something else"):
        repository.add_branch("agent/x", base_sha=base, changes=change[:1], message="Two")
    assert git(project, "rev-parse", "agent/x") == first


def test_a_linked_work_tree_leads_to_the_same_repository(project, tmp_path):
    git(project, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    linked = LocalRepository.open(tmp_path / "linked")
    assert linked.git_dir == LocalRepository.open(project).git_dir
    assert linked.name == "tab"
    assert LocalRepository.open(project / "tests").git_dir == linked.git_dir


def test_names_of_the_base(project):
    repository = LocalRepository.open(project)
    sha = git(project, "rev-parse", "main")
    assert repository.commit("HEAD") == ("main", sha)
    assert repository.commit("main") == ("main", sha)
    assert repository.commit(sha[:12])[1] == sha
    assert repository.file(sha, "no/such") is None
    assert repository.file(sha, "tab") is None


def test_the_first_line_is_the_title(tmp_path):
    path = tmp_path / "issue.md"
    path.write_bytes(b"\xef\xbb\xbf\n# Divide by zero\r\n\r\nIt raises.\n")
    assert read(path) == ("Divide by zero", "It raises.")


def test_a_set_up_that_fails_shows_its_last_lines_and_what_to_do(lamplighter, project):
    lines = "".join(f"echo line {number}; " for number in range(30))
    (project / ".github/lamplighter.yml").write_text(
        f"setup: ['{lines} printf \"\\\\033[31mred\\\\033[0m \\\\007\\\\n\"; exit 3']\n"
    )
    git(project, "commit", "--quiet", "-am", "Break the set-up")
    done = lamplighter("run", "--repo", project, "--issue", DEMO / "issue.md", "--answer", "1a")
    assert done.returncode == 1
    assert "Setting up failed" in done.stderr
    assert "under `setup`" in done.stderr
    assert "exit 3" in done.stderr
    assert "\n  line 29\n" in done.stderr
    assert "  line 10\n" not in done.stderr, "twenty lines are enough"
    assert "\033" not in done.stderr and "\007" not in done.stderr
