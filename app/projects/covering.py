"""Whether a test command is about what a change touches: by the folders of projects that it names. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from app.projects.homes import is_manifest, is_own
from app.projects.plan import Folder

_BY_NAME = re.compile(r"(?:-p|--package|--filter|-F|-w|--workspace|--scope|--projects?|workspace)[= ]+[\"']?(\S+)")
_WORD = re.compile(r"[\w@./-]+")


def about(commands: Sequence[str], root: Folder, touched: Collection[str], most: int) -> list[str]:
    """Of commands beyond the first `most`, those that a change of the `touched` paths asks for: they name a folder with
    some of it; or nothing in particular, where the first ones all name others. At most as many again.
    """
    homes = {path.rpartition("/")[0] for path in root.paths if is_manifest(path.rpartition("/")[2])}
    homes = {home for home in homes if home and is_own(home)}
    named = {command: _named(command, homes) for command in commands}
    first, rest = commands[:most], commands[most:]
    meant = [command for command in rest if _holds(named[command], touched)]
    if meant or not touched or any(not named[command] or _holds(named[command], touched) for command in first):
        return meant[:most]
    return [command for command in rest if not named[command]][:most]


def _named(command: str, homes: Collection[str]) -> list[str]:
    words = {word.removeprefix("./").removesuffix("/...").rstrip("/") for word in _WORD.findall(command)}
    names = {name.strip("\"'./*{}^").rpartition("/")[2] for name in _BY_NAME.findall(command)}
    return [home for home in homes if home in words or home.rpartition("/")[2] in names]


def _holds(homes: Sequence[str], touched: Collection[str]) -> bool:
    return any(path.startswith(f"{home}/") for home in homes for path in touched)
