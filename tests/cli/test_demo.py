"""The demo, as a newcomer sees it where there is no terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import yaml

from app.cli.demo.ci import COMMAND, JOB, STEP

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.fresh


ACTS = {
    "1": [
        "The model's replies are scripted",
        "Act 1",
        "#2 Splitting 10.00 between three people loses a cent",
        "lamplighter[bot] reacts with 👀",
        "a question before I go on",
        "1a please.",
        "(exit 1)",
        "The new test fails without the change and passes",
        "Draft pull request #3",
        "✓ lamplighter/scan: Nothing found",
        "Fixes #2",
        "✓ audit: 1 run,",
        "every one in its place; the chain is whole",
    ],
    "2": [
        "Act 1 is played unseen",
        "Act 2",
        "✓  CI: `test` passes on",
        "review: changes requested",
        "at tab/split.py:9",
        "at tab/split.py:5",
        "answered thread 2",
        "in the thread at tab/split.py:9",
        "in the thread at tab/split.py:5",
        "Left as it is:",
        "✗  CI: `test` fails on",
        "SyntaxError: invalid escape sequence",
        "ran python3 -W error -m unittest (exit 1)",
        "ran python3 -W error -m unittest (exit 0)",
        "✓  CI: `test` passes on",
        "✓ resolved: the thread at tab/split.py:9",
        "left open for olga: the thread at tab/split.py:5",
        "✓ audit: 3 runs,",
        "every one in its place; the chain is whole",
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("act", ACTS)
def test_an_act_is_played_to_its_good_end_and_leaves_nothing(lamplighter, tmp_path, act):
    (tmp_path / "tmp").mkdir()
    done = lamplighter("demo", "--fast", "--act", act, TMPDIR=str(tmp_path / "tmp"), timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    at = 0
    for text in ACTS[act]:
        assert text in done.stdout[at:], f"{text!r} is not (or not here) in:\n{done.stdout}"
        at = done.stdout.index(text, at) + len(text)
    assert "Traceback" not in done.stderr
    assert done.stdout.count("Draft pull request #3") == (act == "1")  # of what is unseen nothing shows
    assert list((tmp_path / "tmp").iterdir()) == []


def test_an_act_that_there_is_not_is_one_line(lamplighter):
    done = lamplighter("demo", "--act", "3")
    assert done.returncode == 2 and done.stdout == ""
    [line] = done.stderr.splitlines()
    assert "--act" in line and "1, 2" in line


def test_the_tests_of_the_project_are_what_its_workflow_runs():
    seed = yaml.safe_load((ROOT / "app/demo/seed.yml").read_text("utf-8"))
    workflow = yaml.safe_load(seed["repositories"][0]["files"][".github/workflows/ci.yml"])
    step = workflow["jobs"][JOB]["steps"][-1]
    assert (step["name"], step["run"]) == (STEP, COMMAND)


@pytest.mark.slow
def test_kept_it_stays_until_ctrl_c_and_ends_its_processes(lamplighter, tmp_path):
    (tmp_path / "tmp").mkdir()
    process = subprocess.Popen(
        # What a shell starts in the background ignores Ctrl-C, and so does everything below it.
        [
            "env",
            "--default-signal=INT",
            sys.executable,
            "-P",
            "-m",
            "app.cli",
            "demo",
            "--fast",
            "--act",
            "1",
            "--keep",
        ],
        env=lamplighter.env | {"TMPDIR": str(tmp_path / "tmp"), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "its log" in line:
                break
        github = next(line for line in lines if line.startswith("GitHub: ")).split()[1]
        server = next(line for line in lines if "server: " in line).split("server: ")[1].split()[0]
        assert httpx.get(f"{server}/healthz").is_success
        assert "Splitting" in httpx.get(f"{github}/supper-club/tab/issues").text
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
        for address in (server, github):
            with pytest.raises(httpx.ConnectError):
                httpx.get(address)
    finally:
        if process.poll() is None:
            process.kill()
    assert not _processes_of(tmp_path)


def _processes_of(folder: Path) -> list[str]:
    """Commands of processes that stand in `folder`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if Path(os.readlink(entry / "cwd")).is_relative_to(folder):
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
    return found
