"""A person's mistake is one line that says what to do, never a traceback, and never exit 0."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import DEMO, git

ISSUE = DEMO / "issue.md"


def refused(done, status: int, *words: str) -> None:
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stderr.startswith("lamplighter: ")
    for word in words:
        assert word in done.stderr


def test_help_lists_the_commands_but_not_the_worker(lamplighter):
    done = lamplighter("--help")
    assert done.returncode == 0
    for name in ("demo", "serve", "run", "receive", "simulate", "runs", "watch", "stop", "audit", "doctor", "schema"):
        assert f"\n    {name} " in done.stdout
    assert "\n    work" not in done.stdout


def test_help_imports_nothing_heavy(lamplighter):
    done = lamplighter("--help", PYTHONPROFILEIMPORTTIME="1")
    assert not {"rich", "httpx", "starlette", "pydantic"} & {line.rpartition("|")[2].strip() for line in
                                                             done.stderr.splitlines()}  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("fly",), "fly"),
        (("serve", "--port", "x"), "port"),
        (("serve", "--port", "70000"), "port"),
        (("runs", "--limit", "0"), "above 0"),
        (("run", "--repo", "."), "--issue"),
    ],
)
def test_a_wrong_command_line_is_one_line(lamplighter, arguments, word):
    refused(lamplighter(*arguments), 2, word)


@pytest.mark.parametrize("words", [(), ("app",)])
def test_no_command_gets_the_help(lamplighter, words):
    done = lamplighter(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: lamplighter")
    assert ("redrive" if not words else "create") in done.stderr


def test_all_wrong_settings_are_said_at_once(lamplighter):
    done = lamplighter("serve", LAMPLIGHTER_CONCURRENCY="many", LAMPLIGHTER_SANDBOX="castle")
    assert done.returncode == 2
    assert "LAMPLIGHTER_CONCURRENCY" in done.stderr
    assert "LAMPLIGHTER_SANDBOX" in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_does_not_start_without_a_webhook_secret(lamplighter):
    refused(lamplighter("serve"), 2, "LAMPLIGHTER_WEBHOOK_SECRET")


def test_serve_does_not_start_without_an_app(lamplighter):
    refused(lamplighter("serve", LAMPLIGHTER_WEBHOOK_SECRET="s" * 32), 1, "LAMPLIGHTER_APP_ID")


def test_a_repository_that_is_none(lamplighter, tmp_path):
    (tmp_path / "empty").mkdir()
    refused(lamplighter("run", "--repo", tmp_path / "empty", "--issue", ISSUE), 1, "not a git repository")
    refused(lamplighter("run", "--repo", tmp_path / "nowhere", "--issue", ISSUE), 1, "not a directory")


def test_a_repository_without_commits(lamplighter, tmp_path):
    (tmp_path / "new").mkdir()
    git(tmp_path / "new", "init", "--quiet")
    refused(lamplighter("run", "--repo", tmp_path / "new", "--issue", ISSUE), 1, "no commits")


def test_a_base_that_is_unknown(lamplighter, project):
    for ref in ("no-such-branch", "--upload-pack=x"):
        refused(lamplighter("run", "--repo", project, "--issue", ISSUE, f"--base={ref}"), 1, "not a branch")


def test_a_shallow_clone(lamplighter, project, tmp_path):
    git(project, "commit", "--allow-empty", "--quiet", "-m", "Second")
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{project}", "shallow")
    refused(lamplighter("run", "--repo", tmp_path / "shallow", "--issue", ISSUE), 1, "--unshallow")


@pytest.mark.parametrize(
    ("content", "word"),
    [(b"", "empty"), (b" \n\n", "empty"), (b"\xff\xfe\x00\x01", "UTF-8"), (b"a\0b", "binary"), (b"x" * 300_000, "may")],
)
def test_an_issue_file_that_is_none(lamplighter, project, tmp_path: Path, content, word):
    (tmp_path / "issue.md").write_bytes(content)
    refused(lamplighter("run", "--repo", project, "--issue", tmp_path / "issue.md"), 1, word)


def test_an_issue_file_that_is_not_there(lamplighter, project, tmp_path):
    refused(lamplighter("run", "--repo", project, "--issue", tmp_path / "no.md"), 1, "cannot be read")
    refused(lamplighter("run", "--repo", project, "--issue", tmp_path), 1, "not a file")


def test_no_model_says_what_to_set(lamplighter, project):
    done = lamplighter("run", "--repo", project, "--issue", ISSUE, LAMPLIGHTER_MODEL_PROVIDER="anthropic")
    refused(done, 1, "ANTHROPIC_API_KEY")


def test_a_broken_configuration_file_is_said_before_anything_runs(lamplighter, project):
    (project / ".github" / "lamplighter.yml").write_text("budgett: 3\n")
    git(project, "commit", "--quiet", "-am", "Break it")
    done = lamplighter("run", "--repo", project, "--issue", ISSUE)
    assert done.returncode == 1
    assert "budgett" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_that_is_unknown(lamplighter):
    for command in (("watch",), ("stop",), ("audit",), ("audit", "verify")):
        refused(lamplighter(*command, "abc"), 1, "abc")


@pytest.mark.parametrize("command", [("runs",), ("redrive",), ("backup", "x"), ("audit", "verify", "--all")])
def test_a_home_that_the_machine_does_not_let_us_look_at(lamplighter, tmp_path, command):
    """As without permission, which a test that runs as root cannot lack."""
    home = tmp_path / ("h" * 300)
    refused(lamplighter(*command, LAMPLIGHTER_HOME=str(home)), 1, "File name too long")


def test_a_payload_that_is_not_there(lamplighter):
    done = lamplighter("receive", "-e", "issues", "-p", "no.json", LAMPLIGHTER_WEBHOOK_SECRET="s" * 32)
    refused(done, 1, "no.json")
    done = lamplighter("receive", "-e", "issues", "-p", "/dev/zero", LAMPLIGHTER_WEBHOOK_SECRET="s" * 32)
    refused(done, 1, "longer than the 26,214,400 bytes")


@pytest.mark.parametrize("url", ["ftp://x", "http://[::1", "http://x:99999", "http://x:y", "http://", "http://a b"])
def test_an_address_that_is_none_is_said_before_anything_asks_it(lamplighter, url):
    refused(lamplighter("runs", LAMPLIGHTER_GITHUB_API_URL=url), 2, "LAMPLIGHTER_GITHUB_API_URL", "http(s) address")


def test_simulate_with_a_wrong_seed(lamplighter, tmp_path):
    (tmp_path / "seed.yml").write_text("repositories: 7\n")
    refused(lamplighter("simulate", "--port", "0", "--seed", tmp_path / "seed.yml"), 1, "repositories")


def test_output_into_a_closed_pipe_is_no_mistake(lamplighter):
    import subprocess
    import sys

    done = subprocess.run(
        f"{sys.executable} -m app.cli schema | head -1",
        shell=True,
        check=False,
        capture_output=True,
        text=True,
        env=lamplighter.env,
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
