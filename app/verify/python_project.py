"""How a Python project is installed and tested, read from its metadata without running any of it. Pure."""

from __future__ import annotations

import configparser
import re
import shlex
import tomllib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.checks.test_files import holds_tests, is_test_path

Read = Callable[[str], bytes]

# Ours stands first on the PATH and the system's Python behind it, so that one command serves both.
VENV_PATH = "PATH=$HOME/venv/bin:$PATH"
_PIP = "$HOME/venv/bin/pip install --quiet --disable-pip-version-check"
_EXTRAS = ("test", "tests", "testing", "dev", "develop", "development")
# What the project needs, then what its tests need; what its developers need only where nothing speaks of tests.
_REQUIREMENTS = ("requirements.txt",)
_FOR_TESTS = (
    "requirements-test.txt",
    "requirements_test.txt",
    "test-requirements.txt",
    "test_requirements.txt",
    "requirements/test.txt",
    "requirements/tests.txt",
)
_FOR_DEVELOPERS = (
    "requirements-dev.txt",
    "requirements_dev.txt",
    "dev-requirements.txt",
    "dev_requirements.txt",
    "requirements/dev.txt",
)
_MANIFESTS = frozenset(
    {*_REQUIREMENTS, *_FOR_TESTS, *_FOR_DEVELOPERS, "pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "pytest.ini",
     "Pipfile"}
)  # fmt: skip
_SAMPLED = 30  # test files looked into, to tell pytest from unittest

Found = tuple[tuple[str, ...], tuple[str, ...], str]  # setup, verify, why


def python_plan(paths: frozenset[str], read: Read) -> Found | None:
    """Setup commands, verify commands and the reason; None when this is no Python project with tests."""
    tests = sorted(path for path in paths if path.endswith(".py") and is_test_path(path))
    if not tests or not (_MANIFESTS & paths or any(holds_tests(path) for path in tests)):
        return None  # a script among another language's fixtures makes no Python project
    project = _toml(read("pyproject.toml")) if "pyproject.toml" in paths else {}
    config = _ini(read(name) for name in ("setup.cfg", "tox.ini") if name in paths)
    wanted = _wanted(paths, project, config, read)
    if _uses_pytest(paths, project, config, tests, wanted, read):
        setup = _setup(wanted, _hashed(wanted, read), pytest=True)
        return setup, (f"{VENV_PATH} python3 -m pytest",), "Python tests for pytest"
    verify = f"{VENV_PATH} python3 -m unittest discover{_start(tests, paths)}"
    return _setup(wanted, _hashed(wanted, read), pytest=False), (verify,), "Python tests for unittest"


def _setup(wanted: list[str], hashed: list[str], *, pytest: bool) -> tuple[str, ...]:
    """Nothing to install: no network is needed when the system has what it takes.

    pip wants hashes for all it installs at once or for nothing, so files with hashes (`hashed`) have a step of their
    own. Developers' requirements may pin what cannot be had together with the project: then it goes without them.
    """
    if not wanted and not pytest:
        return ()
    if not wanted:
        make = f"python3 -m venv --system-site-packages ~/venv && {_PIP} pytest"
        return (f"python3 -c 'import pytest' 2>/dev/null || {{ {make}; }}",)
    has_pytest = any(re.match(r"'?pytest(?![\w-])", argument) for argument in wanted)
    needs = wanted + ["pytest"] * (pytest and not has_pytest)
    steps = [f"{_PIP} {' '.join(hashed)}"] if hashed else []
    rest = [argument for argument in needs if argument not in hashed]
    less = [argument for argument in rest if argument.removeprefix("-r ") not in _FOR_DEVELOPERS]
    if rest:
        again = f" || {_PIP} {' '.join(less)}" if less and less != rest else ""
        steps.append(f"{_PIP} {' '.join(rest)}{again}")
    return ("python3 -m venv ~/venv", *steps)


def _hashed(wanted: list[str], read: Read) -> list[str]:
    files = (argument for argument in wanted if argument.startswith("-r "))
    return [argument for argument in files if b"--hash=" in read(shlex.split(argument)[1])]


def _wanted(
    paths: frozenset[str], project: Mapping[str, Any], config: configparser.ConfigParser, read: Read
) -> list[str]:
    """Arguments for pip, already quoted."""
    wanted: list[str] = []
    for name in _requirements(paths):
        wanted += ["-r", shlex.quote(name)]
    if _installable(paths, project, config):
        extras = _extras(paths, project, config, read)
        wanted += ["-e", shlex.quote(f".[{','.join(extras)}]" if extras else ".")]
    groups = [name for name in _EXTRAS if name in _table(project, "dependency-groups")]
    for name in groups:
        wanted += [shlex.quote(item) for item in _group(_table(project, "dependency-groups"), name, ())]
    wanted += [shlex.quote(item) for item in _poetry(project)]
    if not any(word in " ".join(wanted) for word in ("[test", "[dev", "test.txt", "dev.txt", "tests.txt", "pytest")):
        wanted += [shlex.quote(item) for item in _tox(config, paths)]
    return list(_pairs(wanted))


def _requirements(paths: frozenset[str]) -> list[str]:
    found = [name for name in _FOR_TESTS if name in paths] or [name for name in _FOR_DEVELOPERS if name in paths]
    return [name for name in _REQUIREMENTS if name in paths] + found


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


def _installable(paths: frozenset[str], project: Mapping[str, Any], config: configparser.ConfigParser) -> bool:
    built = "build-system" in project or "project" in project or bool(_table(project, "tool", "poetry"))
    return "setup.py" in paths or built or config.has_option("metadata", "name")


def _extras(
    paths: frozenset[str], project: Mapping[str, Any], config: configparser.ConfigParser, read: Read
) -> list[str]:
    """Names of extras that hold what the tests need: all that speak of tests, else those for development."""
    names = set(_table(project, "project", "optional-dependencies")) | set(_table(project, "tool", "poetry", "extras"))
    if config.has_section("options.extras_require"):
        names |= set(config.options("options.extras_require"))
    if "setup.py" in paths and "extras_require" in (text := read("setup.py").decode("utf-8", "replace")):
        names |= set(re.findall(r"""['"](\w+)['"]\s*:""", text)) | set(
            re.findall(r"""extras\w*\[['"](\w+)['"]\]""", text)
        )
    tests = [name for name in _EXTRAS[:3] if name in names]
    return tests or [name for name in _EXTRAS[3:] if name in names][:1]


def _group(groups: Mapping[str, Any], name: str, above: tuple[str, ...]) -> list[str]:
    """The requirements of a dependency group (PEP 735), with the groups it includes."""
    found: list[str] = []
    listed = groups.get(name)
    for item in listed if isinstance(listed, list) else []:
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, dict) and isinstance(item.get("include-group"), str):
            inner = item["include-group"]
            if inner not in above and inner != name:
                found += _group(groups, inner, (*above, name))
    return found


def _poetry(project: Mapping[str, Any]) -> list[str]:
    """Names of Poetry's development dependencies; its version syntax is not pip's, so the newest are taken."""
    tables = [_table(project, "tool", "poetry", "dev-dependencies")]
    tables += [_table(project, "tool", "poetry", "group", name, "dependencies") for name in _EXTRAS]
    names = [name for table in tables for name, value in table.items() if name != "python" and not _is_path(value)]
    return [name for name in names if re.fullmatch(r"[A-Za-z0-9._-]+", name)]


def _is_path(value: object) -> bool:
    return isinstance(value, dict) and ("path" in value or "git" in value)


def _tox(config: configparser.ConfigParser, paths: frozenset[str]) -> list[str]:
    """Plain requirements under `deps` of `[testenv]`; a factor or a substitution is nobody's guess."""
    lines = config.get("testenv", "deps", fallback="").splitlines() if config.has_section("testenv") else []
    found: list[str] = []
    for line in (line.strip() for line in lines):
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[\w,.-]+\])?\s*([<>=!~]=?[^:{}]*)?", line):
            found.append(line)
        elif (match := re.fullmatch(r"-r\s*([\w./-]+)", line)) and match[1] in paths:
            found += ["-r", match[1]]
    return found


def _uses_pytest(
    paths: frozenset[str],
    project: Mapping[str, Any],
    config: configparser.ConfigParser,
    tests: list[str],
    wanted: list[str],
    read: Read,
) -> bool:
    if any(path.rpartition("/")[2] in {"conftest.py", "pytest.ini", ".pytest.ini"} for path in paths):
        return True
    if _table(project, "tool", "pytest") or any("pytest" in word for word in wanted):
        return True
    if config.has_section("tool:pytest") or config.has_section("pytest"):
        return True
    sampled = [read(path) for path in tests[:_SAMPLED]]
    if any(b"import pytest" in text or re.search(rb"^(?:async )?def test_", text, re.MULTILINE) for text in sampled):
        return True
    return not any(b"unittest" in text for text in sampled)


def _start(tests: list[str], paths: frozenset[str]) -> str:
    """Where unittest has to start looking."""
    folders = {path.split("/")[0] for path in tests if "/" in path}
    if len(folders) != 1 or any("/" not in path for path in tests):
        return ""
    folder = folders.pop()
    return "" if f"{folder}/__init__.py" in paths else f" -s {shlex.quote(folder)}"


def _table(data: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    for key in keys:
        value = data.get(key)
        if not isinstance(value, dict):
            return {}
        data = value
    return data


def _toml(content: bytes) -> Mapping[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8", "replace"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _ini(contents: Iterable[bytes]) -> configparser.ConfigParser:
    config = configparser.ConfigParser(interpolation=None, strict=False)
    for content in contents:
        try:
            config.read_string(content.decode("utf-8", "replace"))
        except configparser.Error:
            continue
    return config
