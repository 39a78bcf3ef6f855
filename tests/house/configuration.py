"""The tables of `docs/configuration.md`, made from the model. `python -m tests.house.configuration` prints them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, MaxLen
from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo

from app.config.repo_config import Appointment, RepoConfig
from app.publication.kinds.labels import LABEL_COLOURS

# What the model's own descriptions leave open.
_WORDS = {
    "branch_prefix": "How the bot's branches begin; ends in `/` or `-`.",
    "reach": "How many times as long as before the tests may run once more with the change broken on purpose, which "
    "shows whether they reach it; `0`: never.",
    "sandbox.memory": "Of one sandbox, in MB or as in `4g`.",
    "sandbox.timeout": "Of one command, in seconds or as in `10m`.",
    "questions.remind_after": "When whoever asked for the run is reminded, once; in seconds, as in `24h`, or `never`.",
    "questions.end_after": "When the run ends without an answer; in seconds, as in `7d`, or `never`.",
    "schedule": "Read, but nothing is started by the clock yet.",
    "playbook": "What to start.",
    "cron": "Five fields, UTC.",
    "autonomy": "`diagnose` says what is wrong; `plan` waits for approval; `draft`, `ready`: kinds of pull request.",
    "phase": "The adoption road: 1 maintenance only (no fixes), from 2 on issues too; 3 and 4 add nothing yet.",
}


def key_of(name: str, info: FieldInfo) -> str:
    """What people write: the alias, or the first of several."""
    choices = info.validation_alias
    return info.alias or (str(choices.choices[0]) if isinstance(choices, AliasChoices) else name)


def leaves(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, FieldInfo]]:
    """Every key that holds a value, as a dotted path."""
    for name, info in model.model_fields.items():
        here = (*path, key_of(name, info))
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from leaves(info.annotation, here)
        else:
            yield ".".join(here), info


def written(value: Any) -> str:
    """A default as it would stand in the file."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value != "" else "empty"


def allowed(info: FieldInfo) -> str:
    """Bounds and choices, as far as the model names them."""
    if get_origin(info.annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(info.annotation))
    found = {type(item): item for item in info.metadata}
    if Gt in found:
        return f"above {found[Gt].gt}, at most {found[Le].le:,}"
    if Ge in found:
        return f"{found[Ge].ge:,} to {found[Le].le:,}"
    if MaxLen in found:
        unit = "characters" if isinstance(info.default, str) else "entries"
        return f"at most {found[MaxLen].max_length:,} {unit}"
    return "`true`, `false`" if info.annotation is bool else ""


def rows(model: type[BaseModel]) -> list[str]:
    found = []
    for key, info in leaves(model):
        label = LABEL_COLOURS.get(key.removeprefix("labels."), ("", ""))[1].removeprefix("Lamplighter: ")
        about = _WORDS.get(key) or info.description or (f"The label for: {label}." if label else "")
        default = "required" if info.is_required() else written(info.default)
        found.append(f"| `{key}` | {default} | {allowed(info)} | {about} |".replace("|  |", "| |"))
    return found


def tables() -> str:
    head = "| key | default | allowed | what it is |\n|---|---|---|---|\n"
    every = "\n".join(rows(RepoConfig))
    appointment = "\n".join(rows(Appointment))
    return f"{head}{every}\n\nEach entry of `schedule` has\n\n{head}{appointment}\n"


if __name__ == "__main__":
    print(tables())
