"""The JSON Schema of a repository's configuration: it takes what the parser takes, and refuses what that refuses.

One rule no schema can say: that no two labels have one name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from annotated_types import Ge, Le
from pydantic import AliasChoices, BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from app.config.repo_config import PATH, RepoConfig
from app.config.values import amounts


def json_schema() -> dict[str, Any]:
    """The schema editors check the file with, as JSON Schema 2020-12."""
    schema = RepoConfig.model_json_schema()
    parts = {"RepoConfig": schema, **schema["$defs"]}
    for model in _models(RepoConfig):
        _sharpen(parts[model.__name__]["properties"], model)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": PATH}


def _models(model: type[BaseModel]) -> dict[type[BaseModel], None]:
    """`model` and every part that stands in it by itself, each once."""
    found: dict[type[BaseModel], None] = {model: None}
    for info in model.model_fields.values():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            found |= _models(info.annotation)
    return found


def _sharpen(properties: dict[str, Any], model: type[BaseModel]) -> None:
    for name, info in model.model_fields.items():
        written = _written(name, info)
        held = properties[written]
        if "$ref" in held:
            held.pop("default", None)  # made of our names for the keys, and said by the part itself
        bounds = {type(item): item for item in info.metadata}
        if BeforeValidator in bounds and Ge in bounds and Le in bounds:
            low, high = int(bounds[Ge].ge), int(bounds[Le].le)
            if pattern := amounts(bounds[BeforeValidator].func, low, high):
                held["anyOf"] = [_bounded(item, low, high, pattern) for item in held["anyOf"]]


def _bounded(item: Mapping[str, Any], low: int, high: int, pattern: str) -> dict[str, Any]:
    more: Mapping[str, dict[str, Any]] = {"integer": {"minimum": low, "maximum": high}, "string": {"pattern": pattern}}
    return {**item, **more.get(item["type"], {})}


def _written(name: str, info: FieldInfo) -> str:
    choices = info.validation_alias
    return str(choices.choices[0]) if isinstance(choices, AliasChoices) else info.alias or name
