"""The workflow files of a repository, read without trusting them: bounded in size, number and depth. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from app.projects.plan import Folder
from app.text import yaml_bounds

FOLDER = ".github/workflows"
_ENDS = (".yml", ".yaml")
_MOST_BYTES = 64 * 1024  # of one file; the longest of the 37 projects in docs/projects.md has 46 kB
_MOST_FILES = 40
_DEEPEST = 20
# Words without which a file is none that guards a branch; most others (labels, releases) are not even parsed.
_WORTH = (b"pull_request", b"push", b"workflow_call", b"merge_group")
# Every scalar a text, as GitHub's `on` and 3.10 are meant; libyaml's reader where it is there, for its speed.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True, kw_only=True)
class Read:
    """`files` by path; `unread` are sentences on those that could not be."""

    files: Mapping[str, Mapping[str, Any]]
    filled_in: Mapping[str, frozenset[str]] = field(default_factory=dict)  # names in `env.NAME`, by path
    unread: Sequence[str] = ()


def read(root: Folder) -> Read:
    files: dict[str, Mapping[str, Any]] = {}
    unread: list[str] = []
    filled_in: dict[str, frozenset[str]] = {}
    paths = sorted(path for path in root.paths if path.startswith(f"{FOLDER}/") and path.endswith(_ENDS))
    paths = [path for path in paths if "/" not in path.removeprefix(f"{FOLDER}/")]
    if len(paths) > _MOST_FILES:
        unread.append(f"{len(paths) - _MOST_FILES} of {len(paths)} workflows were not read: that many are not.")
    for path in paths[:_MOST_FILES]:
        content = root.read(path)
        if not any(word in content for word in _WORTH):
            continue
        data, why = parsed(content)
        if why:
            unread.append(f"`{path}` was not read: {why}.")
        else:
            files[path] = data
            filled_in[path] = frozenset(name.decode() for name in re.findall(rb"\benv\.(\w+)", content))
    return Read(files=files, unread=unread, filled_in=filled_in)


def parsed(content: bytes) -> tuple[Mapping[str, Any], str]:
    """The file as maps, lists and texts; and what stands in the way of that, in words, else ""."""
    if len(content) > _MOST_BYTES:
        return {}, f"it is longer than {_MOST_BYTES // 1024} kB"
    text = content.decode("utf-8", "replace")
    try:
        yaml_bounds.check(text, most_deep=_DEEPEST, flat_aliases=True, loader=_LOADER)
        data = yaml.load(text, Loader=_LOADER)  # noqa: S506 # makes nothing but texts, lists and maps
    except yaml_bounds.TooMuch as error:
        return {}, f"line {error.line}: {error.said}"
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):  # TypeError: a list as a key
        return {}, "it is no YAML"
    return (data, "") if isinstance(data, dict) else ({}, "it is no map")


def maps(value: object) -> list[Mapping[str, Any]]:
    """The maps of a list; empty for everything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def table(data: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """The map at `keys`; empty where there is none or something else."""
    value: object = data
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""
