"""A world from a file: people, repositories, labels, issues, protection.

The file is YAML or JSON:

    people: {alice: write}                      # role everywhere, where a repository names none
    repositories:
      - name: acme/calc
        directory: ../calc                      # a git repository (with its history) or a plain folder; or
        files: {calc.py: "def divide(a, b): ..."}
        default_branch: main
        private: false
        install: true                           # the App
        labels: [agent-fix, bug]
        roles: {alice: admin}
        protection: {main: {required_approvals: 1, required_checks: [test]}}
        issues: [{title: Divide by zero, body: It raises., labels: [bug], author: alice}]
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from app.simulator.records import ROLES, Protection
from app.simulator.simulator import Simulator
from app.simulator.state import Repository

KEYS = {
    *("name", "directory", "files", "default_branch", "private", "install"),
    *("labels", "roles", "protection", "issues"),
}


class SeedError(ValueError):
    """The seed file does not say what it should."""


def plant(github: Simulator, path: Path) -> list[Repository]:
    """Make everything a seed file names; its directories are relative to the file.

    Raises `SeedError` naming what is wrong.
    """
    try:
        seed = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise SeedError(f"{path}: {error}") from error
    if not isinstance(seed, dict) or not isinstance(seed.get("repositories"), list):
        raise SeedError(f"{path}: must be a mapping with a list of `repositories`")
    for login, role in (seed.get("people") or {}).items():
        if role not in ROLES:
            raise SeedError(f"{path}: people.{login}: {role!r} is none of {', '.join(ROLES)}")
        github.person(login, role)
    return [_repository(github, path, found) for found in seed["repositories"]]


def _repository(github: Simulator, path: Path, found: dict[str, Any]) -> Repository:
    name = found.get("name", "")
    if name.count("/") != 1:
        raise SeedError(f"{path}: a repository needs a name like owner/name, not {name!r}")
    if unknown := set(found) - KEYS:
        raise SeedError(f"{path}: {name}: unknown {', '.join(sorted(unknown))}; known: {', '.join(sorted(KEYS))}")
    directory = path.parent / found["directory"] if found.get("directory") else None
    files: dict[str, bytes | str | None] = dict(found.get("files") or {})
    if directory is not None and not directory.is_dir():
        raise SeedError(f"{path}: {name}: no directory {found['directory']}")
    if directory is not None and not _is_git(directory):
        files = {**_read(directory), **files}
        directory = None
    repo = github.repository(
        name,
        files=files or None,
        directory=directory,
        default_branch=found.get("default_branch", "main"),
        private=bool(found.get("private")),
        install=bool(found.get("install", True)),
        labels=found.get("labels") or (),
    )
    repo.roles.update(found.get("roles") or {})
    for branch, rules in (found.get("protection") or {}).items():
        checks = tuple(rules.get("required_checks") or ())
        repo.protection[branch] = Protection(
            required_approvals=rules.get("required_approvals", 1), required_checks=checks
        )
    for issue in found.get("issues") or []:
        author = issue.get("author")
        person = github.person(author, github.world.person_roles.get(author, "read")) if author else github.maintainer
        person.open_issue(repo, issue["title"], body=issue.get("body"), labels=issue.get("labels") or ())
    return repo


def _is_git(directory: Path) -> bool:
    return (directory / ".git").exists() or (directory / "HEAD").is_file()


def _read(directory: Path) -> dict[str, bytes | str | None]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
