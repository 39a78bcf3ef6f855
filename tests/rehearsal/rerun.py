"""The regression test once more, by plain means: on the base it must fail, at head it must pass."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.rehearsal.cases import Case
from tests.rehearsal.projects import git

SECONDS = 300


def tools(case: Case, cache: Path) -> Path:
    """What the case's tests need besides the project: the folder that goes on the path."""
    return installed(case.needs_from, case.needs, cache)


def installed(registry: str, needs: Sequence[str], cache: Path, *, python: str = sys.executable) -> Path:
    """Packages of a registry, installed once in an environment of their own: the folder that goes on the path."""
    other = () if python == sys.executable else (python,)
    key = hashlib.sha256(" ".join((registry, *needs, *other)).encode()).hexdigest()[:12]
    place = cache.absolute() / "tools" / key
    inside = place / ("node_modules" if registry == "npm" else "bin")
    if needs and not (place / "complete").exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        if registry == "npm":
            npm = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(place)]
            _install([*npm, *needs])
        else:
            _install([python, "-m", "venv", str(place)])
            _install([str(inside / "pip"), "install", "--quiet", "--disable-pip-version-check", *needs])
        (place / "complete").touch()
    return inside


def _install(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(f"{' '.join(command[:3])} failed: {done.stderr.strip()[-500:]}")


def problems(case: Case, git_dir: Path, base: str, head: str, folder: Path, cache: Path) -> list[str]:
    """What is wrong, in sentences."""
    tree = folder / "again"
    git(folder, "clone", "--quiet", "--no-checkout", str(git_dir), str(tree))
    git(tree, "checkout", "--quiet", "--detach", base)
    git(tree, "checkout", "--quiet", head, "--", *{item.path for item in case.test_edits})
    without, said = execute(case.test, tree, tools(case, cache))
    git(tree, "reset", "--quiet", "--hard")
    git(tree, "checkout", "--quiet", "--detach", head)
    with_it, said_after = execute(case.test, tree, tools(case, cache))
    shutil.rmtree(tree)
    found = []
    if without != case.failing:  # a broken start exits with something else
        found.append(f"run again: without the change, exit code {without} instead of {case.failing}: {said[-300:]}")
    if with_it != 0:
        found.append(f"run again: the regression test fails with the change: {said_after[-300:]}")
    return found


def execute(command: str, tree: Path, path: Path) -> tuple[int, str]:
    """The exit code and all that was printed. Without network and with only `tree` writable where bubblewrap can do
    that.
    """
    environment = {"PATH": f"{path}:{os.environ['PATH']}", "HOME": "/nonexistent", "LANG": "C.UTF-8"}
    environment |= {"PYTHONPATH": f"{tree}/src:{tree}", "PYTHONDONTWRITEBYTECODE": "1", "NODE_PATH": str(path)}
    environment |= {"GOCACHE": f"{tree}/.cache", "CARGO_HOME": f"{tree}/.cargo-home", "TMPDIR": f"{tree}/.tmp"}
    environment["RUSTUP_HOME"] = os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup"))  # where the toolchains are
    (tree / ".tmp").mkdir(exist_ok=True)  # not the tree itself: Go looks for no module there
    walls = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--bind", str(tree), str(tree)]
    walls += ["--unshare-all", "--die-with-parent", "--new-session", "--chdir", str(tree)]
    bash = ["bash", "-e", "-c", command]
    done = subprocess.run(
        [*walls, *bash] if shutil.which("bwrap") else bash,
        cwd=tree,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return done.returncode, done.stdout
