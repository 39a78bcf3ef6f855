"""The command as people run it, in a process with an environment that holds nothing of this machine's."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from app.cli.demo.world import World
from tests.cli.preloaded import Preloaded

DEMO = Path(__file__).parents[2] / "app" / "demo"


# Python imports this when it starts. What is not found cannot be imported, wherever it is installed.
LEAN = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"boto3", "botocore", "aws_lambda_powertools", "mangum"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
"""


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: plays a whole story with real processes; tens of seconds")
    config.addinivalue_line("markers", "fresh: every command is a Python of its own, as people start it")


class Terminal:
    """Runs `lamplighter …` and waits for it: in a Python of its own where that was asked for, or the environment has
    words for Python.
    """

    def __init__(self, home: Path, preloaded: Preloaded | None) -> None:
        self.home = home
        self._preloaded = preloaded
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home.parent),
            "LAMPLIGHTER_HOME": str(home),
            "LAMPLIGHTER_MODEL_PROVIDER": "scripted",
            "LAMPLIGHTER_MODEL_SCRIPT": str(DEMO / "replies.json"),
        }

    def __call__(
        self, *arguments: str | Path, stdin: str = "", timeout: float = 60, cwd: Path | None = None, **env: str
    ):
        words, where = list(map(str, arguments)), cwd or self.home.parent
        environment = self.env | env
        if self._preloaded and not any(name.startswith(("PYTHON", "LANG", "LC_")) for name in environment):
            with tempfile.TemporaryDirectory() as place:
                return self._preloaded.run(
                    words, env=environment, cwd=where, place=Path(place), stdin=stdin, timeout=timeout
                )
        return subprocess.run(
            [sys.executable, "-P", "-m", "app.cli", *words],
            env=environment,
            input=stdin,
            capture_output=True,
            check=False,
            text=True,
            errors="replace",
            timeout=timeout,
            cwd=where,
        )


@pytest.fixture(scope="session")
def preloaded() -> Iterator[Preloaded]:
    made = Preloaded()
    yield made
    made.close()


@pytest.fixture
def lamplighter(request: pytest.FixtureRequest, preloaded: Preloaded, tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "home", None if request.node.get_closest_marker("fresh") else preloaded)


@pytest.fixture
def lean(lamplighter: Terminal, tmp_path: Path) -> Terminal:
    """The same after `make demo`, whose environment is without the extra `aws`."""
    hooks = tmp_path / "lean"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(LEAN)
    lamplighter.env["PYTHONPATH"] = str(hooks)
    return lamplighter


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The demo's project as a git repository of a person: a dirty work tree, a hook that must not run."""
    files = yaml.safe_load((DEMO / "seed.yml").read_text())["repositories"][0]["files"]
    folder = tmp_path / "tab"
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "config", "user.name", "Ann Example")
    git(folder, "config", "user.email", "ann@example.org")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Start")
    for hook in ("reference-transaction", "post-commit", "post-index-change"):
        path = folder / ".git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch {tmp_path}/hook-ran\n")
        path.chmod(0o755)
    return folder


def git(folder: Path, *arguments: str) -> str:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", *arguments], cwd=folder, env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A simulated GitHub and a real server against it, not started yet."""
    made = World(tmp_path)
    yield made
    made.close()
