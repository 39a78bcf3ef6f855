"""The README's commands are run, and what it shows of their output is what they print.

Blocks marked `console` hold commands after `$ `; below each, its output, where `…` stands for anything. Commands that
need the outside world are read by the real parser, so that no option in the README is made up.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from app.cli.parser import build

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")

# What cannot be run here: it needs GitHub or a model, never ends, or is the test that is running.
ONLY_READ = {"app", "serve", "doctor", "watch", "stop"}
ANY = "…"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A command of the README and the output under it."""

    command: str
    output: str

    @property
    def words(self) -> list[str]:
        return shlex.split(self.command)


def shown() -> list[Shown]:
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", README, re.DOTALL | re.MULTILINE):
        assert block.startswith("$ ")
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append(Shown(command=command, output=output))
    return found


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def assert_prints(said: str, expected: str) -> None:
    """Every piece between two `…` stands in the output, in this order."""
    rest = plain(said)
    for piece in filter(None, map(plain, expected.split(ANY))):
        assert piece in rest, f"{piece!r} is not (or not here) in:\n{said}"
        rest = rest.partition(piece)[2]


class Machine:
    """A person's machine: a home of its own, the demo's project, and a model that knows its lines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            "HOME": str(folder / "home"),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "LAMPLIGHTER_WEBHOOK_SECRET": "only-for-this-page",
            "LAMPLIGHTER_MODEL_PROVIDER": "scripted",
            "LAMPLIGHTER_MODEL_SCRIPT": str(ROOT / "app/demo/replies.json"),
        }
        (folder / "home").mkdir()
        (folder / "events").symlink_to(ROOT / "events")
        (folder / "issue.md").write_bytes((ROOT / "app/demo/issue.md").read_bytes())
        self._project(folder / "tab")

    def _project(self, tree: Path) -> None:
        seed = yaml.safe_load((ROOT / "app/demo/seed.yml").read_text("utf-8"))
        for path, content in seed["repositories"][0]["files"].items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(content, "utf-8")
        who = ["-c", "user.name=Maya", "-c", "user.email=maya@example.org"]
        for words in (["init", "-qb", "main"], ["add", "-A"], [*who, "commit", "-qm", "Split bills"]):
            subprocess.run(["git", "-C", str(tree), *words], check=True, env=self.env)

    def run(self, words: list[str]) -> str:
        done = subprocess.run(
            words, cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout


def meant_by(target: str) -> str:
    """What `make` would run."""
    words = ["make", "--no-print-directory", "-n", target]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_every_command_is_one_that_exists():
    for item in shown():
        words = item.words
        if words[0] == "lamplighter":
            build().parse_args(words[1:])
        else:
            assert words[0] in {"make", "export"}, item.command


def test_every_command_for_the_cloud_is_one_that_exists():
    """Blocks marked `sh` need an account; ours are at least read by the real parser."""
    blocks = re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    ours = [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()
            if line.startswith("lamplighter ")]  # fmt: skip
    assert [words[1] for words in ours] == ["app", "doctor"]
    for words in ours:
        build().parse_args(words[1:])
    targets = {word for block in blocks for word in re.findall(r"^make ([a-z-]+)", block, re.MULTILINE)}
    assert all(meant_by(target) for target in targets)


def test_the_commands_of_the_readme_do_what_it_shows(machine: Machine):
    """In order, on one machine; a run's id in the README stands for the run that was made."""
    ran = 0
    for item in shown():
        words = item.words
        if words[0] != "lamplighter" or words[1] in ONLY_READ:
            continue
        if words[:2] == ["lamplighter", "audit"] and "verify" not in words:
            words[-1] = machine.run(["lamplighter", "runs"]).splitlines()[-1].split()[0]
        assert_prints(machine.run(words), item.output)
        ran += 1
    assert ran >= 7


def test_a_home_that_a_local_run_made_is_one_the_server_accepts(machine: Machine):
    run = next(item for item in shown() if item.words[:2] == ["lamplighter", "run"])
    machine.run(run.words)
    home = machine.folder / "home/.local/state/lamplighter"
    assert home.stat().st_mode & 0o777 == 0o700


def test_make_demo_plays_what_the_readme_shows(machine: Machine):
    item = next(item for item in shown() if item.command == "make demo")
    assert meant_by("demo").splitlines()[-1] == ".venv/bin/lamplighter demo"
    assert_prints(machine.run(["lamplighter", "demo", "--fast"]), item.output)


def test_make_test_is_everything():
    meant = meant_by("test")
    for part in ("ruff format --check", "ruff check", "mypy", "lint-imports", "pytest"):
        assert part in meant


def test_the_pictures_fit_a_terminal_and_a_page():
    for block in re.findall(r"^```(?:text|console)\n(.*?)^```", README, re.DOTALL | re.MULTILINE):
        assert max(map(len, block.splitlines())) <= 125


def test_readme_is_short():
    assert len(README.splitlines()) <= 230  # two ways to run it: one machine, AWS
