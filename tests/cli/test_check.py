"""`lamplighter check`: all mistakes at once with their lines, or what would be run."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.cli.conftest import git


def check(lamplighter, folder, *words):
    return lamplighter("check", *words, cwd=folder)


def test_all_mistakes_at_once_with_their_lines(lamplighter, tmp_path):
    path = tmp_path / "lamplighter.yml"
    path.write_text("budgett: 3\nsandbox:\n  memory: much\nphase: 9\nphase: 2\n" + "".join(
        f"x{number}: 1\n" for number in range(30)
    ))  # fmt: skip
    done = check(lamplighter, tmp_path, path)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) == 34
    assert (
        lines[0]
        == f"{path}: line 1: `budgett` is not a known key. Did you mean `budget`? " + lines[0].partition("? ")[2]
    )
    assert "line 3: `sandbox.memory` should be an amount such as `4g`" in lines[1]
    assert "given twice" in done.stderr
    told = json.loads(check(lamplighter, tmp_path, path, "--json").stdout)
    assert len(told["mistakes"]) == 34 and told["verify"] is None


def test_in_a_repository_it_says_what_would_be_run(lamplighter, project):
    before = git(project, "status", "--porcelain")
    (project / ".github/lamplighter.yml").unlink()
    done = check(lamplighter, project / "tests")
    assert (done.returncode, done.stderr) == (0, "")
    assert "verify: " in done.stdout and "unittest" in done.stdout
    assert done.stdout.startswith(
        f"{project}/.github/lamplighter.yml: not there, so what is found in the files holds\n"
    )
    assert "only when a change touches them" not in done.stdout
    (project / "web").mkdir()
    (project / "web/package.json").write_text('{"scripts": {"test": "node --test"}}')
    assert "only when a change touches them: web\n" in check(lamplighter, project).stdout
    assert json.loads(check(lamplighter, project, "--json").stdout)["beside"] == ["web"]
    shutil.rmtree(project / "web")
    (project / ".github/lamplighter.yml").write_text(
        "verify: make check\nschedule: [{playbook: deps, cron: 0 3 * * 1}]\n"
    )
    told = json.loads(check(lamplighter, project / "tests", "--json").stdout)
    assert told["verify"][0].endswith("make check")
    assert "`schedule` is read" in told["notes"][0]
    git(project, "checkout", "--quiet", "--", ".github/lamplighter.yml")
    assert git(project, "status", "--porcelain") == before


def test_a_file_that_is_not_there_or_none(lamplighter, tmp_path):
    for words in ((), (tmp_path / "no.yml",), (tmp_path,), ("/dev/zero",)):
        done = check(lamplighter, tmp_path, *words)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert "nor a git repository around this folder" in check(lamplighter, tmp_path).stderr
    (tmp_path / "a.yml").write_bytes(b"\xff\xfe")
    assert "not UTF-8" in check(lamplighter, tmp_path, tmp_path / "a.yml").stderr


NO_MODEL = {"LAMPLIGHTER_MODEL_PROVIDER": "anthropic", "LAMPLIGHTER_MODEL_SCRIPT": "", "ANTHROPIC_API_KEY": ""}


@pytest.mark.slow
def test_a_rehearsal_runs_it_once_without_a_model(lamplighter, project):
    for words, code, found in (("pwd", 0, True), ("no-such-command", 1, False)):
        (project / ".github/lamplighter.yml").write_text(f"setup: [{words}]\nverify: [python3 -S -m unittest]\n")
        done = lamplighter("check", "--rehearse", "--json", cwd=project, **NO_MODEL)
        assert done.returncode == code, done.stderr
        told = json.loads(done.stdout)
        assert (told["outcome"], told["cost_usd"], told["branch"]) == ("rehearsed", 0, None)
        assert told["rehearsed"]["fits"]  # the tests need no set-up
        assert (told["rehearsed"]["configuration"] == "") is found
    outside = lamplighter("check", "--rehearse", cwd=project.parent)
    assert outside.returncode == 1 and "Traceback" not in outside.stderr
