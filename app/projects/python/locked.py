"""What a lock says, installed by the tool that wrote it; where it does not install here, without it. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.projects.python.metadata import TESTS, Metadata, chosen
from app.projects.python.pip import make_environment
from app.text.set_up import otherwise as said_otherwise

# The tools live apart from what they install: `uv sync` takes out of an environment what the lock does not name.
_TOOLS = "python3 -m venv ~/tools && ~/tools/bin/pip install --quiet --disable-pip-version-check"
_NOT_FOR_TESTS = ("doc", "docs", "documentation", "lint", "linting", "format", "formatting", "typing", "types", "mypy",
                  "release", "publish", "build")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Locked:
    name: str  # of the lock
    commands: tuple[str, ...]


def locked(about: Metadata, *, otherwise: Sequence[str]) -> Locked | None:
    """None where nothing is locked. `otherwise` is run when the lock does not install here, which its output says."""
    for name, make in _TOOL_OF.items():
        if name in about.folder.names:
            tool, install = make(about)
            said = f"{name} does not install here, so its versions are not used"
            again = said_otherwise(install, " && ".join(otherwise) or "true", said)
            return Locked(name=name, commands=(f"{_TOOLS} {tool}", make_environment(about), again))
    return None


def _uv(about: Metadata) -> tuple[str, str]:
    """An outdated lock is still better than none: `--frozen` takes it as it is."""
    arguments = ["--all-packages"] if about.table("tool", "uv", "workspace") else []
    arguments += [f"--extra {shlex.quote(name)}" for name in about.extras]
    if any(name in TESTS for name in about.groups):
        arguments += ["--no-default-groups", *(f"--group {shlex.quote(name)}" for name in about.groups)]
    else:
        arguments += [f"--no-group {shlex.quote(name)}" for name in _unneeded(about.table("dependency-groups"))]
    rest = " ".join(["", *arguments])
    home = f"$HOME/{about.folder.environment}"  # made already, with the interpreter that is meant
    sync = (
        f"UV_PROJECT_ENVIRONMENT={home} UV_PYTHON_DOWNLOADS=never UV_PYTHON={home}/bin/python3"
        " ~/tools/bin/uv sync --quiet"
    )
    said = "uv.lock is not up to date; its versions are used all the same"
    return "uv", said_otherwise(f"{sync} --locked{rest}", f"{sync} --frozen{rest}", said)


def _poetry(about: Metadata) -> tuple[str, str]:
    groups = about.table("tool", "poetry", "group")
    named = chosen(groups)
    arguments = [f"--extras {shlex.quote(name)}" for name in about.extras]
    if any(name in TESTS for name in named):
        arguments.append(f"--only {shlex.quote(','.join(['main', *named]))}")
    elif without := _unneeded(groups):
        arguments.append(f"--without {shlex.quote(','.join(without))}")
    return "poetry", " ".join([f"{_into(about)} ~/tools/bin/poetry install --no-interaction --quiet", *arguments])


def _pdm(about: Metadata) -> tuple[str, str]:
    known = {*about.table("dependency-groups"), *about.table("tool", "pdm", "dev-dependencies")}
    arguments = [f"--group {shlex.quote(name)}" for name in [*about.extras, *chosen(known)]]
    return "pdm 'hishel<2'", " ".join([f"{_into(about)} ~/tools/bin/pdm sync --quiet", *arguments])


def _pipenv(about: Metadata) -> tuple[str, str]:
    return "pipenv", f"{_into(about)} PIPENV_VERBOSITY=-1 ~/tools/bin/pipenv sync --dev"


def _into(about: Metadata) -> str:
    return f"VIRTUAL_ENV=$HOME/{about.folder.environment}"


def _unneeded(groups: Mapping[str, object]) -> list[str]:
    """Groups that are installed unless one says otherwise, and that no test needs."""
    return [name for name in groups if name in _NOT_FOR_TESTS]


_TOOL_OF: Mapping[str, Callable[[Metadata], tuple[str, str]]] = {
    "uv.lock": _uv,
    "poetry.lock": _poetry,
    "pdm.lock": _pdm,
    "Pipfile.lock": _pipenv,
}
