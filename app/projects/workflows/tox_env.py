"""What an environment of tox runs and needs, where its settings say so plainly. Pure."""

from __future__ import annotations

import configparser
import itertools
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.projects import manifests
from app.projects.plan import Folder

_VERSION = re.compile(r"py(thon)?-?\d*[\d.]*t?|\d\.\d+t?|3\.x")
_CONDITION = re.compile(r"([!\w.,{}-]+):\s+(.*)")
_SUBSTITUTION = re.compile(r"(?<!\\)\{([^{}]*)\}")
_PLACES = {"toxinidir": ".", "tox_root": ".", "envtmpdir": "/tmp/tox", "env_tmp_dir": "/tmp/tox", "/": "/", ":": ":"}  # noqa: S108
_MOST_NAMES = 200  # of environments that one section stands for


@dataclass(frozen=True, kw_only=True)
class Environment:
    """`commands` are lines of a shell, `deps` arguments for pip, `groups` dependency groups."""

    commands: tuple[str, ...]
    deps: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    env: Mapping[str, str]


class Unclear(Exception):
    """A setting that only tox itself can read."""


def environment(folder: Folder, name: str, posargs: Sequence[str]) -> Environment | None:
    """None where its settings are not there, or only tox itself could read them."""
    try:
        return _of_toml(folder, name, posargs) or _of_ini(folder, name, posargs)
    except Unclear:
        return None


def _of_ini(folder: Folder, name: str, posargs: Sequence[str]) -> Environment | None:
    legacy = manifests.table(manifests.toml(folder.read("pyproject.toml")), "tool", "tox").get("legacy_tox_ini")
    content = folder.read("tox.ini") or (legacy.encode() if isinstance(legacy, str) else folder.read("setup.cfg"))
    config = manifests.ini([content])
    if not config.has_section("testenv"):
        return None
    sections = [section for section in config.sections() if _stands_for(section, name)] + ["testenv"]
    factors = set(name.split("-")) | {"py" for part in name.split("-") if _VERSION.fullmatch(part)}

    def lines(*keys: str) -> list[str]:
        found = (config.get(section, key) for section in sections for key in keys if config.has_option(section, key))
        text = _told(next(found, ""), config, posargs)
        listed = [line.strip() for line in re.sub(r"\\\n\s*", " ", text).splitlines()]
        return [line for line in _for(factors, listed) if line and not line.startswith("#")]

    pairs = (line.partition("=") for line in lines("set_env", "setenv"))
    return Environment(
        commands=tuple(line.removeprefix("!").strip() for line in lines("commands") if not line.startswith("-")),
        deps=tuple(word for line in lines("deps") for word in _dependency(line)),
        groups=tuple(word for line in lines("dependency_groups") for word in re.split(r"[,\s]+", line)),
        env={key.strip(): value.strip() for key, sign, value in pairs if sign and re.fullmatch(r"\w+", key.strip())},
    )


def _stands_for(section: str, name: str) -> bool:
    listed = section.removeprefix("testenv:") if section.startswith("testenv:") else ""
    return any(made == name or _plain(made) == _plain(name) for made in _expanded(listed))


def _expanded(names: str) -> Iterable[str]:
    """`{,ci-}py{310,311}, docs` one by one."""
    for one in re.split(r",(?![^{]*\})\s*|\n", names):
        parts = re.split(r"\{([^{}]*)\}", re.sub(r"\{(\d+)-(\d+)\}", _range, one.strip()))
        choices = [part.split(",") if at % 2 else [part] for at, part in enumerate(parts)]
        yield from (
            "".join(word.strip() for word in made)
            for made in itertools.islice(itertools.product(*choices), _MOST_NAMES)
        )


def _range(match: re.Match[str]) -> str:
    first, last = int(match[1]), int(match[2])
    return "{" + ",".join(map(str, range(first, min(last, first + 50) + 1))) + "}"


def _plain(name: str) -> str:
    return "-".join("py" if _VERSION.fullmatch(part) else part for part in name.split("-"))


def _for(factors: set[str], lines: Iterable[str]) -> Iterable[str]:
    """Those lines whose condition in front, `py312,docs: pytest`, holds."""
    for line in lines:
        found = _CONDITION.fullmatch(line)
        if found is None:
            yield line
        elif any(_holds(part, factors) for option in _expanded(found[1]) for part in [option]):
            yield found[2]


def _holds(condition: str, factors: set[str]) -> bool:
    return all((part.lstrip("!") in factors) != part.startswith("!") for part in condition.split("-"))


def _told(text: str, config: configparser.ConfigParser, posargs: Sequence[str], depth: int = 0) -> str:
    """With its substitutions. Raises Unclear for one that only tox knows."""

    def said(match: re.Match[str]) -> str:
        what = match[1]
        if what == "posargs" or what.startswith("posargs:"):
            return shlex.join(posargs) if posargs else what.partition(":")[2]
        if what.startswith("env:"):
            return what.split(":", 2)[2] if what.count(":") > 1 else ""
        if found := re.fullmatch(r"\[([^\]]+)\](\w+)", what):
            if depth > 3 or not config.has_option(found[1], found[2]):
                raise Unclear(what)
            return _told(config.get(found[1], found[2]), config, posargs, depth + 1)
        if what in _PLACES:
            return _PLACES[what]
        if "," in what or re.fullmatch(r"\d+-\d+", what):  # names of environments, in a condition
            return match[0]
        raise Unclear(what)

    for _ in range(3):
        if (told := _SUBSTITUTION.sub(said, text)) == text:
            break
        text = told
    return text


def _dependency(line: str) -> list[str]:
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return []
    if words and re.match(r"-[rc]\S", words[0]):
        return [words[0][:2], words[0][2:].removeprefix("./"), *words[1:]]
    return words if words[:1] in (["-r"], ["-c"], ["-e"]) or len(words) == 1 else ["".join(words)]


def _of_toml(folder: Folder, name: str, posargs: Sequence[str]) -> Environment | None:
    tox = manifests.toml(folder.read("tox.toml")) or manifests.table(
        manifests.toml(folder.read("pyproject.toml")), "tool", "tox"
    )
    base, own = manifests.table(tox, "env_run_base"), manifests.table(tox, "env")
    mine = next((key for key in own if _plain(key) == _plain(name)), "")
    about: dict[str, Any] = {**base, **manifests.table(own, mine)}
    if not isinstance(about.get("commands"), list):
        return None
    return Environment(
        commands=tuple(shlex.join(_words(command, posargs)) for command in about["commands"]),
        deps=tuple(word for line in manifests.texts(about.get("deps")) for word in _dependency(line)),
        groups=tuple(manifests.texts(about.get("dependency_groups"))),
        env={
            str(key): _told(value, configparser.ConfigParser(), posargs)
            for key, value in manifests.table(about, "set_env").items()
            if isinstance(value, str)
        },
    )


def _words(command: object, posargs: Sequence[str]) -> list[str]:
    found: list[str] = []
    for item in command if isinstance(command, list) else []:
        if isinstance(item, str):
            found.append(_told(item, configparser.ConfigParser(), posargs))
        elif isinstance(item, dict) and item.get("replace") == "posargs":
            found += posargs or manifests.texts(item.get("default"))
        else:
            raise Unclear(str(item)[:100])
    return found
