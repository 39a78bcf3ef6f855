"""Which files of a repository a text speaks of: paths, names, places in stack traces, dotted modules. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable

MOST = 20
_WORDS = 5_000  # looked at: a body of 60 KB has about 10,000, and names its files early
_SAME_NAME = 3  # files of one bare name; more of them (`index.js`, `__init__.py`) say nothing
_WORD = re.compile(r"[\w@+.\-]+(?:[/\\][\w@+.\-]+)*[/\\]?")


def mentioned(text: str, paths: Collection[str]) -> list[str]:
    """The files of `paths` that `text` speaks of, in its order, at most MOST; a folder ends in "/".

    A stack trace of another machine counts as far as the ends of the paths agree.
    """
    words = [word for word in dict.fromkeys(_WORD.findall(text)[:_WORDS]) if "." in word or "/" in word or "\\" in word]
    if not words:
        return []
    index = _Index(paths)
    found: dict[str, None] = {}
    for word in words:
        found.update(dict.fromkeys(index.find(word.replace("\\", "/").strip(".").strip("/"))))
    return list(found)[:MOST]


class _Index:
    def __init__(self, paths: Collection[str]) -> None:
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        self._folders: set[str] = set()
        for path in paths:
            name = path.rpartition("/")[2]
            self._by_name[name].append(path)
            self._by_stem[name.partition(".")[0]].append(path)
            folder = path.rpartition("/")[0]
            while folder and folder not in self._folders:
                self._folders.add(folder)
                folder = folder.rpartition("/")[0]

    def find(self, word: str) -> list[str]:
        parts = word.split("/")
        files = _closest(parts, self._by_name.get(parts[-1], ()))
        if files:
            return files
        if word in self._folders:
            return [f"{word}/"]
        return [] if "/" in word else self._module(word.split("."))

    def _module(self, parts: list[str]) -> list[str]:
        """`acme.bill.split.round_up`: a module, perhaps with names inside it behind."""
        for count in range(len(parts), 1, -1):
            candidates = [
                path
                for path in self._by_stem.get(parts[count - 1], ())
                if f"/{path}".rpartition("/")[0].endswith("/" + "/".join(parts[: count - 1]))
            ]
            if candidates:
                return candidates if len(candidates) <= _SAME_NAME else []
        return []


def _closest(parts: list[str], candidates: Iterable[str]) -> list[str]:
    """The candidates whose ends agree with `parts` the most."""
    agreeing = {path: _common_end(parts, path.split("/")) for path in candidates}
    most = max(agreeing.values(), default=0)
    best = [path for path, count in agreeing.items() if count == most]
    is_whole = most == len(parts) and len(parts) > 1
    return best if (is_whole and len(best) <= MOST) or len(best) <= _SAME_NAME else []


def _common_end(one: list[str], other: list[str]) -> int:
    count = 0
    while count < min(len(one), len(other)) and one[-1 - count] == other[-1 - count]:
        count += 1
    return count
