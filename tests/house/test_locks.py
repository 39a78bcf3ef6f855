"""The locks hold what `pyproject.toml` asks for, within its bounds, with hashes; nothing unused is asked for."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
RUN = [Requirement(line) for line in PROJECT["dependencies"]]
AWS = [Requirement(line) for line in PROJECT["optional-dependencies"]["aws"]]
EXTRAS = [Requirement(line) for lines in PROJECT["optional-dependencies"].values() for line in lines]


@cache
def locked(name: str) -> dict[str, Version]:
    """Package → version of one lock file."""
    text = (ROOT / "requirements" / name).read_text("utf-8")
    return {canonicalize_name(package): Version(v) for package, v in re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.M)}


def missing(wanted: list[Requirement], lock: dict[str, Version]) -> list[str]:
    names = {item: lock.get(canonicalize_name(item.name)) for item in wanted}
    return [str(item) for item, found in names.items() if found is None or not item.specifier.contains(found)]


def test_locks_are_in_step_with_the_project():
    """If not: `make lock`."""
    assert missing(RUN, locked("run.lock")) == []
    assert missing(RUN + AWS, locked("aws.lock")) == []
    assert missing(RUN + EXTRAS, locked("dev.lock")) == []


def test_the_locks_agree():
    run, aws, dev = locked("run.lock"), locked("aws.lock"), locked("dev.lock")
    assert {name: version for name, version in run.items() if aws.get(name) != version} == {}
    assert {name: version for name, version in aws.items() if dev.get(name) != version} == {}
    functions = locked("functions.lock")
    assert {name: version for name, version in functions.items() if aws.get(name) != version} == {}


def test_every_locked_package_has_hashes_and_no_address():
    for name in ("run.lock", "aws.lock", "functions.lock", "dev.lock"):
        text = (ROOT / "requirements" / name).read_text("utf-8")
        entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.M)[1:]
        assert [entry.split("\n")[0] for entry in entries if "--hash=sha256:" not in entry] == []
        assert "://" not in text and "--index-url" not in text


def test_lock_holds_nothing_that_nobody_asks_for():
    """A dependency that was dropped leaves the lock, too."""
    text = (ROOT / "requirements/run.lock").read_text("utf-8")
    for entry in re.split(r"^(?=[\w.-]+==)", text, flags=re.M)[1:]:
        asked_by = re.findall(r"^    # (?:via|  ) ?(\S+)", entry, re.M)
        assert asked_by, entry.split("\n")[0]


def test_every_dependency_has_an_upper_bound():
    assert [str(item) for item in RUN if not any(spec.operator in {"<", "==", "~="} for spec in item.specifier)] == []


def test_every_dependency_is_used():
    """Imported somewhere in `app`; or by name, as detect-secrets' detectors are."""
    used: set[str] = set()
    for path in (ROOT / "app").rglob("*.py"):
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                used |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                used.add(node.module.partition(".")[0])
        used |= set(re.findall(r"import_module\(f?\"(\w+)", text))
    provided = packages_distributions()
    distributions = {canonicalize_name(name) for module in used for name in provided.get(module, [])}
    bounds = {"hishel"}  # not ours to import: githubkit takes a version that breaks it
    assert [item.name for item in RUN if canonicalize_name(item.name) not in distributions | bounds] == []
