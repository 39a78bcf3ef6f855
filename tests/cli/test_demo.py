"""The demo, as a newcomer sees it where there is no terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.fresh


@pytest.mark.slow
def test_the_demo_plays_the_whole_story_and_leaves_nothing(lamplighter, tmp_path):
    (tmp_path / "tmp").mkdir()
    done = lamplighter("demo", "--fast", TMPDIR=str(tmp_path / "tmp"), timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    said = [
        "The model's replies are scripted",
        "#2 Splitting 10.00 between three people loses a cent",
        "lamplighter[bot] reacts with 👀",
        "a question before I go on",
        "1a please.",
        "(exit 1)",
        "The new test fails without the change and passes",
        "Draft pull request #3",
        "✓ lamplighter/scan: Nothing found",
        "Fixes #2",
        "every one in its place; the chain is whole",
    ]
    found = [done.stdout.find(text) for text in said]
    assert -1 not in found, dict(zip(said, found, strict=True))
    assert found == sorted(found)
    assert "Traceback" not in done.stdout + done.stderr
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.slow
def test_kept_it_stays_until_ctrl_c_and_ends_its_processes(lamplighter, tmp_path):
    (tmp_path / "tmp").mkdir()
    process = subprocess.Popen(
        # What a shell starts in the background ignores Ctrl-C, and so does everything below it.
        ["env", "--default-signal=INT", sys.executable, "-P", "-m", "app.cli", "demo", "--fast", "--keep"],
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
