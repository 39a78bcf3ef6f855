"""What a lock says, installed by the tool that wrote it; where it does not install here, without it. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.projects.python import neighbours
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


@dataclass(frozen=True, kw_only=True)
class _Ways:
    """`install` fails where the lock is not what the project asks for. `renew` brings it up to date first, or goes
    without it, which `said` says.
    """

    tool: str  # what pip is given to bring it
    install: str
    renew: str
    said: str = "is not up to date, so it was brought up to date for the tests"


def locked(about: Metadata, *, otherwise: Sequence[str]) -> Locked | None:
    """None where nothing is locked. `otherwise` is run when the lock does not install here, which its output says.

    A lock that is not up to date is brought up to date in the place of the tests alone, unless the project wants a
    package of this repository by its name: then only pip can be told where that lies.
    """
    for name, ways_of in _WAYS.items():
        if name in about.folder.names:
            ways = ways_of(about)
            by_pip = " && ".join(otherwise) or "true"
            said = f"{name} does not install here, so its versions are not used"
            first = ways.install
            if not neighbours.are_asked_for_by_name(about):
                first = said_otherwise(first, ways.renew, f"{name} {ways.said}")
            install = said_otherwise(first, by_pip, said)
            return Locked(name=name, commands=(f"{_TOOLS} {ways.tool}", make_environment(about), install))
    return None


def _uv(about: Metadata) -> _Ways:
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
    return _Ways(tool="uv", install=f"{sync} --locked{rest}", renew=f"{sync}{rest}")


def _poetry(about: Metadata) -> _Ways:
    groups = about.table("tool", "poetry", "group")
    named = chosen(groups)
    arguments = [f"--extras {shlex.quote(name)}" for name in about.extras]
    if any(name in TESTS for name in named):
        arguments.append(f"--only {shlex.quote(','.join(['main', *named]))}")
    elif without := _unneeded(groups):
        arguments.append(f"--without {shlex.quote(','.join(without))}")
    install = " ".join([f"{_into(about)} ~/tools/bin/poetry install --no-interaction --quiet", *arguments])
    return _Ways(
        tool="poetry",
        install=install,
        renew=f"{_into(about)} ~/tools/bin/poetry lock --no-interaction --quiet && {install}",
    )


def _pdm(about: Metadata) -> _Ways:
    known = {*about.table("dependency-groups"), *about.table("tool", "pdm", "dev-dependencies")}
    arguments = [f"--group {shlex.quote(name)}" for name in [*about.extras, *chosen(known)]]
    pdm = f"{_into(about)} ~/tools/bin/pdm"
    sync = " ".join([f"{pdm} sync --quiet", *arguments])  # which by itself takes an outdated lock without a word
    return _Ways(
        tool="pdm 'hishel<2'",
        install=f"{pdm} lock --check --quiet && {sync}",
        renew=f"{pdm} lock --update-reuse --quiet && {sync}",
    )


def _pipenv(about: Metadata) -> _Ways:
    pipenv = f"{_into(about)} PIPENV_VERBOSITY=-1 ~/tools/bin/pipenv"  # `sync` takes an outdated lock without a word
    return _Ways(
        tool="pipenv",
        install=f"{pipenv} verify && {pipenv} sync --dev",
        renew=f"{pipenv} install --dev --skip-lock",
        said="is not up to date, so its versions are not used",
    )


def _into(about: Metadata) -> str:
    return f"VIRTUAL_ENV=$HOME/{about.folder.environment}"


def _unneeded(groups: Mapping[str, object]) -> list[str]:
    """Groups that are installed unless one says otherwise, and that no test needs."""
    return [name for name in groups if name in _NOT_FOR_TESTS]


_WAYS: Mapping[str, Callable[[Metadata], _Ways]] = {
    "uv.lock": _uv,
    "poetry.lock": _poetry,
    "pdm.lock": _pdm,
    "Pipfile.lock": _pipenv,
}
