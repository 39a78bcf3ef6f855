"""YAML that takes minutes to read or stands for gigabytes, recognised before anything is built. Pure."""

from __future__ import annotations

import yaml


class TooMuch(ValueError):
    """`line` counts from 1; `said` is a sentence."""

    def __init__(self, line: int, said: str) -> None:
        super().__init__(said)
        self.line, self.said = line, said


def check(text: str, *, most_deep: int, aliases: bool) -> None:
    """64 kB of `[` take PyYAML minutes, and an alias can stand for gigabytes.

    Raises TooMuch, and yaml.YAMLError where it is no YAML.
    """
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) and not aliases:
            raise TooMuch(line, "YAML aliases (`*name`) are not read here; write it out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > most_deep:
            raise TooMuch(line, "it is nested too deeply")
