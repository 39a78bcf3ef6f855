"""YAML that takes minutes to read or stands for gigabytes, recognised before anything is built. Pure."""

from __future__ import annotations

from typing import Any

import yaml

_MOST_ALIASES = 200


class TooMuch(ValueError):
    """`line` counts from 1; `said` is a sentence."""

    def __init__(self, line: int, said: str) -> None:
        super().__init__(said)
        self.line, self.said = line, said


def check(text: str, *, most_deep: int, flat_aliases: bool = False, loader: Any = yaml.SafeLoader) -> None:
    """64 kB of `[` take PyYAML minutes, and an alias can stand for gigabytes: with `flat_aliases` those are let
    through that stand for something without aliases.

    Raises TooMuch, and yaml.YAMLError where it is no YAML.
    """
    depth = aliases = 0
    anchored: list[int] = []  # depths at which an anchored collection is open
    for event in yaml.parse(text, Loader=loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            aliases += 1
            if not flat_aliases:
                raise TooMuch(line, "YAML aliases (`*name`) are not read here; write it out")
            if anchored or aliases > _MOST_ALIASES:
                raise TooMuch(line, "its YAML aliases (`*name`) stand for too much")
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if event.anchor:
                anchored.append(depth)
        elif isinstance(event, yaml.CollectionEndEvent):
            if anchored and anchored[-1] == depth:
                anchored.pop()
            depth -= 1
        if depth > most_deep:
            raise TooMuch(line, "it is nested too deeply")
