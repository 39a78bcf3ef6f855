"""What pip is given where nothing is locked, or a lock does not install here. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.projects import manifests
from app.projects.python import neighbours
from app.projects.python.metadata import FOR_DEVELOPERS, TESTS, Metadata
from app.projects.versions import asked
from app.text.set_up import otherwise, saying

_CPYTHON = re.compile(r"(?:cpython-?)?(3)\.(\d{1,2})(?:\.\d+)?")
_HATCH_ENVIRONMENTS = ("hatch-test", *TESTS, "default")


@dataclass(frozen=True, kw_only=True)
class ByPip:
    wanted: tuple[str, ...]  # arguments, quoted
    commands: tuple[str, ...]


def by_pip(about: Metadata, *, pytest: bool) -> ByPip:
    wanted = _wanted(about)
    return ByPip(wanted=tuple(wanted), commands=_commands(about, wanted, _hashed(wanted, about), pytest=pytest))


def make_environment(about: Metadata) -> str:
    """With the Python that the project names, where there is one; which one there is, is known only there."""
    first = neighbours.told(about)
    return f"{first} && {{ {_made(about)}; }}" if first else _made(about)


def _made(about: Metadata) -> str:
    wanted = asked(about.folder, "Python")
    found = _CPYTHON.fullmatch(wanted.text) if wanted else None
    if wanted is None or found is None:
        return f"python3 -m venv ~/{about.folder.environment}"
    major, minor = found.groups()
    is_it = f"import sys; sys.exit(sys.version_info[:2] != ({major}, {minor}))"
    said = saying(f"Python {major}.{minor}, which {wanted.where} names, is not here; used is", "python3 --version")
    pick = f'for p in python{major}.{minor} python3; do $p -c "{is_it}" 2>/dev/null && break; done || {said}'
    return f"{pick}; $p -m venv ~/{about.folder.environment}"


def _commands(about: Metadata, wanted: list[str], hashed: list[str], *, pytest: bool) -> tuple[str, ...]:
    """Nothing to install: no network is needed when the system has what it takes.

    pip wants hashes for all it installs at once or for nothing, so files with hashes (`hashed`) have a step of their
    own. Developers' requirements may pin what cannot be had together with the project, and what does not say how it is
    built may be no package: then it goes without them.
    """
    pip = f"$HOME/{about.folder.environment}/bin/pip install --quiet --disable-pip-version-check"
    if not wanted and not pytest:
        return ()
    if not wanted:
        make = f"python3 -m venv --system-site-packages ~/{about.folder.environment} && {pip} pytest"
        return (f"python3 -c 'import pytest' 2>/dev/null || {{ {make}; }}",)
    has_pytest = any(re.match(r"'?pytest(?![\w-])", argument) for argument in wanted)
    needs = wanted + ["pytest"] * (pytest and not has_pytest)
    steps = [f"{pip} {' '.join(hashed)}"] if hashed else []
    rest = [argument for argument in needs if argument not in hashed]
    if rest:
        steps.append(_with_less(pip, rest, about))
    return (make_environment(about), *steps)


def _with_less(pip: str, rest: list[str], about: Metadata) -> str:
    """All of it at once, and otherwise what can be done without."""
    itself = " ".join(_itself(about)) if about.may_be_no_package else ""
    spared = [argument for argument in rest if argument.removeprefix("-r ") in FOR_DEVELOPERS or argument == itself]
    less = [item for argument in rest for item in (_needs(about) if argument == itself else [argument])]
    less = list(_pairs([argument for argument in less if argument not in spared]))
    whole = f"{pip} {' '.join(rest)}"
    if not spared or not less:
        return whole
    names = ["the project itself" if argument == itself else argument.removeprefix("-r ") for argument in spared]
    return otherwise(whole, f"{pip} {' '.join(less)}", f"{' and '.join(names)} could not be installed with the rest")


def _hashed(wanted: list[str], about: Metadata) -> list[str]:
    files = (argument for argument in wanted if argument.startswith("-r "))
    return [argument for argument in files if b"--hash=" in about.folder.read(shlex.split(argument)[1])]


def _wanted(about: Metadata) -> list[str]:
    wanted: list[str] = []
    for name in about.requirements:
        wanted += ["-r", shlex.quote(name)]
    wanted += map(shlex.quote, neighbours.in_tree(about))
    if about.is_package:
        wanted += _itself(about)
    elif about.is_installable:
        wanted += _needs(about)
    listed = [item for name in about.groups for item in about.group(name)]
    wanted += [shlex.quote(item) for item in [*listed, *_poetry(about), *_hatch(about)]]
    if not any(word in " ".join(wanted) for word in ("[test", "[dev", "test.txt", "dev.txt", "tests.txt", "pytest")):
        wanted += [shlex.quote(item) for item in _tox(about)]
    return list(_pairs(wanted))


def _itself(about: Metadata) -> list[str]:
    extras = ",".join(about.extras)
    return ["-e", shlex.quote(f".[{extras}]" if extras else ".")]


def _needs(about: Metadata) -> list[str]:
    """What it depends on, for want of a package. Poetry's version syntax is not pip's, so its newest are taken."""
    project, poetry = about.table("project"), about.table("tool", "poetry", "dependencies")
    listed = manifests.texts(project.get("dependencies"))
    for extra in about.extras:
        listed += manifests.texts(manifests.table(project, "optional-dependencies").get(extra))
    return [shlex.quote(item) for item in [*listed, *_names(poetry)]]


def _pairs(arguments: list[str]) -> Iterable[str]:
    """Without doubles; an option stays with its value."""
    seen: set[str] = set()
    at = 0
    while at < len(arguments):
        step = 2 if arguments[at] in {"-r", "-e"} else 1
        text = " ".join(arguments[at : at + step])
        if text not in seen:
            seen.add(text)
            yield text
        at += step


def _poetry(about: Metadata) -> list[str]:
    """Names of Poetry's development dependencies; its version syntax is not pip's, so the newest are taken."""
    poetry = about.table("tool", "poetry")
    tables = [manifests.table(poetry, "group", name, "dependencies") for name in TESTS]
    if not any(tables):
        tables = [manifests.table(poetry, "dev-dependencies"), manifests.table(poetry, "group", "dev", "dependencies")]
    return [name for table in tables for name in _names(table)]


def _names(table: Mapping[str, object]) -> list[str]:
    names = [name for name, value in table.items() if name != "python" and not _is_elsewhere(value)]
    return [name for name in names if re.fullmatch(r"[A-Za-z0-9._-]+", name)]


def _is_elsewhere(value: object) -> bool:
    return isinstance(value, dict) and ("path" in value or "git" in value)


def _hatch(about: Metadata) -> list[str]:
    """Of the environment in which Hatch runs tests."""
    for name in _HATCH_ENVIRONMENTS:
        environment = about.table("tool", "hatch", "envs", name)
        listed = manifests.texts(environment.get("dependencies"))
        listed += manifests.texts(environment.get("extra-dependencies"))
        if listed:
            return [item for item in listed if "{" not in item]
    return []


def _tox(about: Metadata) -> list[str]:
    """Plain requirements under `deps` of `[testenv]`; a factor or a substitution is nobody's guess."""
    config = about.config
    lines = config.get("testenv", "deps", fallback="").splitlines() if config.has_section("testenv") else []
    found: list[str] = []
    for line in (line.strip() for line in lines):
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[\w,.-]+\])?\s*([<>=!~]=?[^:{}]*)?", line):
            found.append(line)
        elif (match := re.fullmatch(r"-r\s*([\w./-]+)", line)) and match[1] in about.folder.paths:
            found += ["-r", match[1]]
    return found
