"""What of a change steers the tests: existing tests, and what decides which run, how, with what result. Pure."""

from __future__ import annotations

import configparser
import json
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from app.checks.test_files import is_test_path
from app.workspace import Change

_SETTINGS = re.compile(
    r"(^|/)(conftest\.py|\.?pytest\.(ini|toml)|tox\.(ini|toml)|noxfile\.py|(site|user)customize\.py|[^/]+\.pth|\.coveragerc"
    r"|(GNU)?[Mm]akefile|[^/]+\.mk|[Jj]ustfile|Taskfile\.ya?ml|\.env(\.[\w.]+)?|\.mocharc\.\w+|\.taprc|\.npmrc|\.nycrc"
    r"|(jest|vitest|vite|karma|playwright|cypress|ava|babel|web-test-runner)\.(config|conf|setup)\.\w+"
    r"|(run[-_]?)?tests?\.(sh|bash|py|js|mjs)|pom\.xml|build\.gradle(\.kts)?|gradle\.properties|surefire[^/]*|phpunit\.xml[^/]*"
    r"|\.rspec|Rakefile|\.cargo/config(\.toml)?|CMakePresets\.json)$"
)
# Of files that hold more than settings of tests, only these parts count: a new dependency steers nothing.
_TOML_PARTS = (("tool", "pytest"), ("tool", "tox"), ("tool", "hatch", "envs"), ("tool", "pdm", "scripts"),
               ("tool", "poe"), ("tool", "coverage"), ("project", "entry-points"))  # fmt: skip
_JSON_PARTS = ("scripts", "jest", "mocha", "ava", "vitest", "tap", "nyc", "c8", "type")
_INI_PARTS = re.compile(r"^(tool:pytest|pytest|unittest|tox|testenv.*|aliases|coverage.*|options\.entry_points)$")
_RUNNERS = frozenset({"pytest", "_pytest", "pluggy", "nose", "nose2", "nox", "tox", "coverage", "hypothesis"})
_OFTEN = frozenset({"test"})  # of Python itself, and of half the world
_CARGO_PARTS = ("test", "lib", "bin", "profile")


def steering(
    changes: Sequence[Change], new: Mapping[str, bytes], old: Mapping[str, bytes], verify: Sequence[str]
) -> list[str]:
    """Paths of the change that steer the tests; a new file of tests steers none of the old ones.

    `verify` are the project's commands: a script they name is one of these.
    """
    words = {word.removeprefix("./") for command in verify for word in re.split(r"[\s;&|'\"]+", command)}
    return [change.path for change in changes if _steers(change, new, old, words)]


def _steers(change: Change, new: Mapping[str, bytes], old: Mapping[str, bytes], words: set[str]) -> bool:
    path, name = change.path, change.path.rpartition("/")[2]
    parts = _PARTS.get(name)
    if parts is not None:
        return parts(new.get(path, b"")) != parts(old.get(path, b""))
    if _SETTINGS.search(path) or path in words or _shadows(change):
        return True
    return change.kind != "add" and is_test_path(path)


def _shadows(change: Change) -> bool:
    """Whether Python finds the new module before the runner, or before what the runner is made of."""
    first = change.path.partition("/")[0].removesuffix(".py")
    is_module = change.path.endswith(".py") and change.kind == "add"
    return is_module and (first in _RUNNERS or first in sys.stdlib_module_names) and first not in _OFTEN


def _toml(content: bytes, paths: Sequence[tuple[str, ...]]) -> object:
    try:
        data: Any = tomllib.loads(content.decode("utf-8", "replace"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return content
    return [_part(data, path) for path in paths]


def _part(data: Any, path: tuple[str, ...]) -> object:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _json(content: bytes) -> object:
    try:
        data = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        return content
    return [data.get(key) for key in _JSON_PARTS] if isinstance(data, dict) else content


def _ini(content: bytes) -> object:
    config = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        config.read_string(content.decode("utf-8", "replace"))
    except configparser.Error:
        return content
    return {name: dict(config[name]) for name in config.sections() if _INI_PARTS.match(name)}


_PARTS = {
    "pyproject.toml": lambda content: _toml(content, _TOML_PARTS),
    "Cargo.toml": lambda content: _toml(content, [(key,) for key in _CARGO_PARTS]),
    "package.json": _json,
    "setup.cfg": _ini,
}
