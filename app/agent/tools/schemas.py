"""What the API is told about the tools, and the strict check of what the model sends back. Pure.

The first two entries are the vendor's published ones, byte for byte: their schema is built into the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

BASH: Mapping[str, Any] = {"type": "bash_20250124", "name": "bash"}
EDIT: Mapping[str, Any] = {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"}

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
OUTCOMES = ("done", "nothing_to_do", "not_reproduced", "needs_decision")
CONFIDENCES = ("high", "medium", "low")


def _object(properties: Mapping[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": required, "additionalProperties": False}


ASK: Mapping[str, Any] = {
    "name": "ask",
    "description": (
        "Ask the people on the issue, and stop until one of them answers. Use it only when the answer changes what "
        "you would do and the repository cannot tell you. At most 3 questions, together, once you know what to ask."
    ),
    "input_schema": _object(
        {
            "questions": {
                "type": "array",
                "minItems": 1,
                "maxItems": 3,
                "items": _object(
                    {
                        "text": {"type": "string", "description": "The question, readable without the code at hand."},
                        "options": {**_TEXTS, "minItems": 2, "maxItems": 4},
                        "default": {
                            "type": "integer",
                            "minimum": 0,
                            "description": "Index of the option you would take if nobody answered.",
                        },
                        "consequences": {
                            **_TEXTS,
                            "description": "For each option, in the same order: what you would do differently.",
                        },
                    },
                    ["text", "options", "default", "consequences"],
                ),
            }
        },
        ["questions"],
    ),
}

REPORT_BREAKING_CHANGE: Mapping[str, Any] = {
    "name": "report_breaking_change",
    "description": (
        "Say that the change breaks something callers rely on: a public name, signature, default, output, file "
        "format or setting. Call it as soon as you know, then go on."
    ),
    "input_schema": _object(
        {
            "what": {"type": "string", "description": "What changes for a caller, before and after."},
            "affected": {"type": "string", "description": "Who or what is affected, with paths where known."},
            "migration": {"type": "string", "description": "What a caller has to do."},
        },
        ["what", "affected", "migration"],
    ),
}

FINISH: Mapping[str, Any] = {
    "name": "finish",
    "description": (
        "End the work and report it. The harness then checks the tree itself; a person reviews what you wrote here. "
        "Call it alone, as the last thing."
    ),
    "input_schema": _object(
        {
            "outcome": {"type": "string", "enum": list(OUTCOMES)},
            "title": {"type": "string", "description": "One imperative line, at most 72 characters, no issue number."},
            "summary": {
                "type": "string",
                "description": "Cause, change and proof in a few sentences; otherwise what you tried and saw.",
            },
            "confidence": {"type": "string", "enum": list(CONFIDENCES)},
            "assumptions": {**_TEXTS, "description": "What you took for granted without proof."},
            "not_proven": {
                **_TEXTS,
                "description": (
                    "What you could not show by running something, and why: a behaviour no test covers, a condition "
                    "you could not produce here, a suite that does not run. Shown beside the evidence."
                ),
            },
            "not_done": {**_TEXTS, "description": "What a reader might expect that you left out, and why."},
            "decision": {
                "type": "string",
                "description": "With outcome needs_decision: what must be decided, by whom, and the choices.",
            },
        },
        ["outcome", "title", "summary", "confidence"],
    ),
}

TOOLS: tuple[Mapping[str, Any], ...] = (BASH, EDIT, ASK, REPORT_BREAKING_CHANGE, FINISH)

_INTEGER = {"type": "integer"}
_BASH_INPUT = _object({"command": _TEXT, "restart": {"type": "boolean"}}, [])
_EDIT_INPUTS: Mapping[str, Mapping[str, Any]] = {
    "view": _object(
        {"command": _TEXT, "path": _TEXT, "view_range": {"type": "array", "items": _INTEGER}}, ["command", "path"]
    ),
    "create": _object({"command": _TEXT, "path": _TEXT, "file_text": _TEXT}, ["command", "path", "file_text"]),
    "str_replace": _object(
        {"command": _TEXT, "path": _TEXT, "old_str": _TEXT, "new_str": _TEXT}, ["command", "path", "old_str"]
    ),
    # The published documentation has used both names for the text to insert.
    "insert": _object(
        {"command": _TEXT, "path": _TEXT, "insert_line": _INTEGER, "insert_text": _TEXT, "new_str": _TEXT},
        ["command", "path", "insert_line"],
    ),
}
_INPUTS: Mapping[str, Mapping[str, Any]] = {
    "bash": _BASH_INPUT,
    **{str(tool["name"]): tool["input_schema"] for tool in TOOLS if "input_schema" in tool},
}
NAMES = tuple(str(tool["name"]) for tool in TOOLS)

# What a model adapter puts in place of an input that was no JSON.
MALFORMED = "malformed_json"


def mistakes(name: str, arguments: Any) -> list[str]:
    """What is wrong with the input of a call, in words the model can act on; empty when it may be executed."""
    if name not in NAMES:
        return [f"there is no tool {name!r}; the tools are {', '.join(NAMES)}"]
    if not isinstance(arguments, Mapping):
        return ["the input is not a JSON object"]
    if MALFORMED in arguments:
        return ["the input was not valid JSON, so nothing was executed; send the call again"]
    if name == EDIT["name"]:
        command = arguments.get("command")
        if not isinstance(command, str) or command not in _EDIT_INPUTS:
            return [f"command must be one of {', '.join(_EDIT_INPUTS)}, not {command!r}"]
        return _check(arguments, _EDIT_INPUTS[command], "")
    return _check(arguments, _INPUTS[name], "")


def _check(value: Any, schema: Mapping[str, Any], where: str) -> list[str]:
    """The part of JSON Schema our own schemas use."""
    kind: Callable[[Any, Mapping[str, Any], str], list[str]] = {
        "object": _check_object,
        "array": _check_array,
        "string": _check_string,
        "integer": _check_integer,
        "boolean": _check_boolean,
    }[schema["type"]]
    return kind(value, schema, where)


def _check_object(value: Any, schema: Mapping[str, Any], where: str) -> list[str]:
    if not isinstance(value, Mapping):
        return [f"{where or 'the input'} must be an object"]
    inside = f"{where}." if where else ""
    found = [f"{inside}{name} is missing" for name in schema["required"] if name not in value]
    for name, item in value.items():
        if item is None and name not in schema["required"]:
            continue  # some models spell "absent" as null
        if name in schema["properties"]:
            found += _check(item, schema["properties"][name], f"{inside}{name}")
        else:
            found.append(f"{inside}{name} is not a parameter; allowed: {', '.join(schema['properties'])}")
    return found


def _check_array(value: Any, schema: Mapping[str, Any], where: str) -> list[str]:
    if not isinstance(value, list | tuple):
        return [f"{where} must be a list"]
    least, most = schema.get("minItems", 0), schema.get("maxItems", 50)
    if not least <= len(value) <= most:
        return [f"{where} must have {least} to {most} entries, not {len(value)}"]
    return [mistake for i, item in enumerate(value) for mistake in _check(item, schema["items"], f"{where}[{i}]")]


def _check_string(value: Any, schema: Mapping[str, Any], where: str) -> list[str]:
    if not isinstance(value, str):
        return [f"{where} must be a string"]
    allowed = schema.get("enum")
    if allowed and value not in allowed:
        return [f"{where} must be one of {', '.join(allowed)}, not {value[:80]!r}"]
    return []


def _check_integer(value: Any, schema: Mapping[str, Any], where: str) -> list[str]:
    if not isinstance(value, int) or isinstance(value, bool):
        return [f"{where} must be a whole number"]
    least = schema.get("minimum")
    return [f"{where} must be at least {least}"] if least is not None and value < least else []


def _check_boolean(value: Any, _schema: Mapping[str, Any], where: str) -> list[str]:
    return [] if isinstance(value, bool) else [f"{where} must be true or false"]
