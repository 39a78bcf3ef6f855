"""Pydantic's errors as sentences for the people who wrote the file: key, line, what is wrong, what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from app.commands.grammar import closest
from app.config.parse_yaml import Document, Path, shown

_MOST = 20  # mistakes listed; a comment has 40 lines


def at(path: Path, message: str) -> PydanticCustomError:
    """A mistake that a check over several keys found at `path`."""
    return PydanticCustomError("at", "{message}", {"path": path, "message": message})


def listed(source: str, mistakes: Sequence[str]) -> str:
    """The comment: what is wrong in `source`, one line each."""
    shown_mistakes = list(mistakes[:_MOST])
    if len(mistakes) > _MOST:
        shown_mistakes.append(f"and {len(mistakes) - _MOST} more")
    count = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    named = source if "`" in source else f"`{source}`"
    lines = "\n".join(f"- {mistake}" for mistake in shown_mistakes)
    return f"{named} has {count}:\n\n{lines}\n\nMend it on the base branch and ask again."


def sentences(error: ValidationError, document: Document, model: type[BaseModel]) -> list[tuple[int, str]]:
    """(line, sentence) for everything `error` found in `document`, whose schema is `model`."""
    found: dict[tuple[int, str], None] = {}
    for item in error.errors(include_url=False):
        context = item.get("ctx", {})
        path: Path = tuple(context["path"]) if item["type"] == "at" else tuple(item["loc"])
        path = path if item["type"] == "missing" else _real(path, document)
        found[(document.line(path), _sentence(item, path, model))] = None
    return list(found)


def _real(location: Path, document: Document) -> Path:
    """Without what pydantic adds for the branches of a union, which is nowhere in the file."""
    while len(location) > 1 and location not in document.lines and location[:-1] in document.lines:
        location = location[:-1]
    return location


def _sentence(item: Any, path: Path, model: type[BaseModel]) -> str:
    key = ".".join(shown(part, quoted=False) for part in path)
    if item["type"] == "extra_forbidden":
        known = _keys(model, path[:-1])
        near = closest(str(path[-1]).replace("_", "-"), {name.replace("_", "-"): name for name in known})
        meant = next((name for name in known if near and name.replace("_", "-") == near), None)
        guess = f"Did you mean `{meant}`? " if meant else ""
        return f"`{key}` is not a known key. {guess}Allowed here: {', '.join(f'`{name}`' for name in known)}."
    if item["type"] == "missing":
        return f"`{key}` is missing."
    return f"`{key}` {_fault(item)}{_given(item)}."


def _fault(item: Any) -> str:
    message: str = item["msg"].removeprefix("Value error, ")
    context = item.get("ctx", {})
    fixed = {
        "string_type": "should be text",
        "int_type": "should be a whole number",
        "int_from_float": "should be a whole number",
        "float_type": "should be a number",
        "bool_type": "should be `true` or `false`",
        "list_type": "should be a list",
        "model_type": "should be a mapping of keys to values",
        "model_attributes_type": "should be a mapping of keys to values",
        "string_too_short": "must not be empty",
        "string_pattern_mismatch": f"does not look right (pattern `{context.get('pattern', '')}`)",
    }
    if item["type"] in fixed:
        return fixed[item["type"]]
    message = message.replace("Input should be", "should be").replace("'", "`")
    return message[:1].lower() + message[1:] if message[:1].isupper() else message


def _given(item: Any) -> str:
    if item["type"] in {"at", "value_error"} or isinstance(item["input"], BaseModel):
        return ""
    return f", not {shown(item['input'])}"


def _keys(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that may stand at `path`."""
    for part in path:
        for name, field in model.model_fields.items():
            if part in {name, field.alias}:
                inner = _model(field.annotation)
                if inner is not None:
                    model = inner
                break
    return [_written(name, field) for name, field in model.model_fields.items()]


def _written(name: str, field: Any) -> str:
    if isinstance(field.validation_alias, AliasChoices):
        return str(field.validation_alias.choices[0])
    return field.alias or name


def _model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = [_model(part) for part in getattr(annotation, "__args__", ())]
    return next((part for part in inner if part), None)
