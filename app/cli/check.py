"""`check [FILE]`: everything that is wrong with a configuration, or what would be run with it."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from app.cli.given_file import content_of
from app.cli.versions_here import version_here
from app.config import repo_config
from app.config.repo_config import PATH, RepoConfig
from app.errors import UserError
from app.projects import Plan, configured, detect
from app.workspace.git import GitError, run_git

_MOST_BYTES = 2**24  # what is longer than a configuration may be is a mistake with its length; a device has none


@dataclass(frozen=True, kw_only=True)
class Checked:
    """`mistakes` and `notes` are sentences; `plan` and `root` are there inside a repository only."""

    file: str
    mistakes: list[str]
    notes: list[str]
    plan: Plan | None
    root: Path | None = None
    config: RepoConfig | None = None  # that of a file that is there


def check(arguments: argparse.Namespace) -> int:
    """1 when there are mistakes; what is not built yet is said, and is none."""
    if arguments.rehearse and _root(arguments.file.parent if arguments.file else Path()) is None:
        raise UserError("There is no git repository here that could be rehearsed.")
    checked = _check(arguments.file)
    if arguments.rehearse and not checked.mistakes:
        return _rehearse(checked, is_json=arguments.json)
    if arguments.json:
        print(json.dumps(_as_json(checked), indent=1))
    else:
        _tell(checked)
    return 1 if checked.mistakes else 0


def _rehearse(checked: Checked, *, is_json: bool) -> int:
    assert checked.root
    from app.cli.rehearsal import rehearse

    return rehearse(checked.root, checked.config, is_json=is_json)


def _check(file: Path | None) -> Checked:
    root = _root(file.parent if file else Path())
    path = file or (root or Path()) / PATH
    if path.exists():
        content = content_of(path, _MOST_BYTES)
    elif file:
        raise UserError(f"There is no `{path}`.")
    elif root is None:
        raise UserError(f"There is no `{path}`, nor a git repository around this folder: name a file, or go to one.")
    else:
        content = b""  # every key may be left out, and so may the file
    config, mistakes = repo_config.examine(content)
    return Checked(
        file=str(path),
        mistakes=mistakes,
        notes=config.unbuilt() if config else [],
        plan=_plan(root, config) if root and config else None,
        root=root,
        config=config if path.exists() else None,
    )


def _root(folder: Path) -> Path | None:
    """The top of the work tree around `folder`; None where there is none."""
    try:
        told = run_git(["-C", str(folder.absolute()), "rev-parse", "--show-toplevel"], git_dir=None)
    except GitError:
        return None
    return Path(told.decode("utf-8", "surrogateescape").rstrip("\n"))


def _plan(root: Path, config: RepoConfig) -> Plan:
    """What is detected in the files as they lie there, tracked or not yet, and what the file says instead."""
    listed = run_git(
        ["-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"], git_dir=None
    )  # fmt: skip
    names = [name for name in listed.decode("utf-8", "surrogateescape").split("\0") if name]
    there = [name for name in names if (root / name).is_file()]
    return configured(config.kept(), detect(there, lambda name: (root / name).read_bytes(), workflows=config.workflows))


def _as_json(checked: Checked) -> dict[str, object]:
    plan = checked.plan
    return {
        "file": checked.file,
        "mistakes": checked.mistakes,
        "notes": checked.notes,
        "setup": list(plan.setup) if plan else None,
        "verify": list(plan.verify) if plan else None,
        "why": plan.why if plan else None,
        "sources": dict(plan.sources) if plan else None,
        "asks": [f"{ask.name} {ask.text} ({ask.where})" for ask in plan.asks] if plan else None,
        "not_here": list(plan.not_here) if plan else None,
        "beside": list(plan.beside) if plan else None,
    }


def _tell(checked: Checked) -> None:
    for mistake in checked.mistakes:
        print(f"{checked.file}: {mistake}", file=sys.stderr)
    if checked.mistakes:
        return
    print(f"{checked.file}: " + ("no mistakes" if checked.config else "not there, so what is found in the files holds"))
    for note in checked.notes:
        print(f"note: {note}")
    plan = checked.plan
    if plan is None:
        return
    for name, commands in (("setup", plan.setup), ("verify", plan.verify)):
        for command in commands or ("(nothing)",):
            source = plan.sources.get(command, "") if name == "verify" else ""
            print(f"{name}: {command}" + (f"   ({source})" if source else ""))
    print(f"because: {plan.why}" if plan.verify else "Nothing would verify a change: put the tests under `verify`.")
    for ask in plan.asks:
        here = version_here(ask.tool)
        fits = "" if not here or ask.fits(here) else ", which is another"
        print(f"asks for: {ask.name} {ask.text} ({ask.where}); here is {here or 'none'}{fits}")
    for text in plan.not_here:
        print(f"not run here: {text}")
    if plan.beside:
        print(f"only when a change touches them: {', '.join(plan.beside)}")
