"""The formats in which projects describe themselves, read without trusting them: what cannot be read is empty. Pure."""

from __future__ import annotations

import configparser
import json
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from app.text import yaml_bounds

_MOST_YAML_BYTES = 64 * 1024  # PyYAML reads about 200 kB a second
_DEEPEST_YAML = 20


def toml(content: bytes) -> Mapping[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8", "replace"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def json_object(content: bytes) -> Mapping[str, Any]:
    try:
        data = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def yaml_object(content: bytes) -> Mapping[str, Any]:
    """Aliases are not read: no manifest needs them, and one can stand for gigabytes."""
    if len(content) > _MOST_YAML_BYTES:
        return {}
    text = content.decode("utf-8", "replace")
    try:
        yaml_bounds.check(text, most_deep=_DEEPEST_YAML)
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):  # 2026-13-45 looks like a date and is none
        return {}
    return data if isinstance(data, dict) else {}


def ini(contents: Iterable[bytes]) -> configparser.ConfigParser:
    """Several files read one over another."""
    config = configparser.ConfigParser(interpolation=None, strict=False)
    for content in contents:
        try:
            config.read_string(content.decode("utf-8", "replace"))
        except configparser.Error:
            continue
    return config


def table(data: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """The table at `keys`; empty where there is none or something else."""
    for key in keys:
        value = data.get(key)
        if not isinstance(value, dict):
            return {}
        data = value
    return data


def texts(value: object) -> list[str]:
    """The texts of a list; empty for everything else."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
