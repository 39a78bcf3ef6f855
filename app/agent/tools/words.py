"""Our own tools: what the model says to people. Checked here, recorded by the toolbox. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.text.untrusted import one_line, strip_hidden

TITLE_CHARS = 100
TEXT_CHARS = 4_000
OPTION_CHARS = 300


def question_mistakes(arguments: Mapping[str, Any]) -> list[str]:
    """What the schema cannot say about `ask`."""
    found: list[str] = []
    for i, question in enumerate(arguments["questions"]):
        options = len(question["options"])
        if question["default"] >= options:
            found.append(f"questions[{i}].default is {question['default']}, but there are {options} options (from 0)")
        if len(question["consequences"]) != options:
            found.append(f"questions[{i}].consequences must have one entry for each of the {options} options")
        if not question["text"].strip():
            found.append(f"questions[{i}].text is empty")
    return found


def questions(arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The questions as the ledger keeps them: text, options, default (index), consequences (one per option)."""
    return [
        {
            "text": strip_hidden(question["text"], TEXT_CHARS).strip(),
            "options": [one_line(option, OPTION_CHARS) for option in question["options"]],
            "default": question["default"],
            "consequences": [one_line(text, OPTION_CHARS) for text in question["consequences"]],
        }
        for question in arguments["questions"]
    ]


def finish_mistakes(arguments: Mapping[str, Any]) -> list[str]:
    """What the schema cannot say about `finish`."""
    found = [f"{name} is empty" for name in ("title", "summary") if not arguments[name].strip()]
    if arguments["outcome"] == "needs_decision" and not (arguments.get("decision") or "").strip():
        found.append("decision is missing: with outcome needs_decision say what must be decided and the choices")
    return found


def finish(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The report as the ledger keeps it."""
    return {
        "outcome": arguments["outcome"],
        "title": one_line(arguments["title"], TITLE_CHARS),
        "summary": strip_hidden(arguments["summary"], TEXT_CHARS).strip(),
        "confidence": arguments["confidence"],
        "assumptions": [strip_hidden(text, TEXT_CHARS).strip() for text in arguments.get("assumptions") or []],
        "not_proven": [strip_hidden(text, TEXT_CHARS).strip() for text in arguments.get("not_proven") or []],
        "not_done": [strip_hidden(text, TEXT_CHARS).strip() for text in arguments.get("not_done") or []],
        "decision": strip_hidden(arguments.get("decision") or "", TEXT_CHARS).strip(),
    }


def breaking(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: strip_hidden(arguments[name], TEXT_CHARS).strip() for name in ("what", "affected", "migration")}
