"""From one pydantic model of a tool's input: the JSON Schema that is sent, and what is wrong with what comes back.

The schema is plain: no reference, no title, no default, only the keywords below, so that every vendor takes it and the
same model gives the same bytes. What the model is told about a mistake is read off the same schema.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

Schema = Mapping[str, Any]

_SENT = ("type", "description", "enum", "const", "minimum", "minItems", "maxItems", "required", "additionalProperties")
_OURS_ALONE = {"$defs", "$ref", "title", "default", "properties", "items"}  # followed, or of no use to a model
_WRONG = "wrong"


class Call(BaseModel):
    """The input of one call: strict types, no parameter that is not named here."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        """Some models spell "absent" as null."""
        if not isinstance(given, Mapping):
            return given
        required = {name for name, field in cls.model_fields.items() if field.is_required()}
        return {name: value for name, value in given.items() if value is not None or name in required}

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        found = self.mistakes()
        if found:
            raise PydanticCustomError(_WRONG, "the input is wrong", {"found": found})
        return self

    def mistakes(self) -> Sequence[str]:
        """What no schema can say, each beginning with a parameter's name; for a subclass to fill."""
        return ()


@cache
def schema_of(model: type[Call]) -> Schema:
    """The `input_schema` of a tool. Raises ValueError for a model that uses more of JSON Schema than is sent."""
    whole = model.model_json_schema()
    return {name: value for name, value in _plain(whole, whole.get("$defs", {})).items() if name != "description"}


def _plain(schema: Schema, known: Mapping[str, Schema]) -> dict[str, Any]:
    schema = {**known[schema["$ref"].rsplit("/", 1)[-1]], **schema} if "$ref" in schema else schema
    if more := set(schema) - {*_SENT, *_OURS_ALONE}:
        raise ValueError(f"a tool's schema may not hold {', '.join(sorted(more))}")
    made = {name: schema[name] for name in _SENT if name in schema}
    if "properties" in schema:
        made["properties"] = {name: _plain(inner, known) for name, inner in schema["properties"].items()}
    if "items" in schema:
        made["items"] = _plain(schema["items"], known)
    return made


def mistakes_of(error: ValidationError, model: type[Call]) -> list[str]:
    """What is wrong with a call, in words the model can act on."""
    found: list[str] = []
    for mistake in error.errors(include_url=False):
        found += _said(mistake, schema_of(model))
    return found


def _said(mistake: ErrorDetails, schema: Schema) -> list[str]:
    *above, last = mistake["loc"] or ("",)
    kind, value = mistake["type"], mistake["input"]
    parent = _at(schema, above)
    where = _spelled(mistake["loc"])
    if kind == _WRONG:
        return [f"{where}.{text}" if where else text for text in mistake["ctx"]["found"]]
    if kind == "missing":
        return [f"{where} is missing"]
    if kind == "extra_forbidden":
        return [f"{where} is not a parameter; allowed: {', '.join(parent['properties'])}"]
    return [f"{where} must be {_wanted(_at(parent, [last]), value)}"]


def _wanted(schema: Schema, value: Any) -> str:
    """What stands in the place of a `value` that does not fit."""
    if "enum" in schema:
        return f"one of {', '.join(schema['enum'])}, not {str(value)[:80]!r}"
    if schema["type"] == "array" and isinstance(value, list):
        return f"a list with {schema.get('minItems', 0)} to {schema['maxItems']} entries, not {len(value)}"
    if "minimum" in schema and isinstance(value, int) and not isinstance(value, bool):
        return f"at least {schema['minimum']}"
    return _KINDS[schema["type"]]


def _at(schema: Schema, places: Sequence[int | str]) -> Schema:
    for place in places:
        schema = schema["items"] if isinstance(place, int) else schema["properties"][place]
    return schema


def _spelled(places: Sequence[int | str]) -> str:
    """`questions[0].default`"""
    return "".join(f"[{place}]" if isinstance(place, int) else f".{place}" for place in places).removeprefix(".")


_KINDS: Mapping[str, str] = {
    "object": "an object",
    "array": "a list",
    "string": "a string",
    "integer": "a whole number",
    "boolean": "true or false",
}
