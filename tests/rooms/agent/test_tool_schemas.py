"""What is sent about our own tools and what is checked come from one model; an independent validator is the referee."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator
from typing import Annotated, Any

import jsonschema_rs
import pytest
from pydantic import Field

from app.agent.models.scripted import answer_thread, ask, call, diagnose, finish, plan, question
from app.agent.tools import TOOLS, offered
from app.agent.tools.calls import Call, schema_of
from app.agent.tools.schemas import parsed
from app.ledger import canonical
from tests.rooms.agent.bench import last_user, texts

SCHEMAS = {tool["name"]: tool["input_schema"] for tool in TOOLS if "input_schema" in tool}
WHOLE = {
    "ask": ask(question("Which?", "a", "b"), question("And?", "c", "d", "e"))["input"],
    "propose_plan": plan("Do it", "Test it", files=["a"], risks=["b"], alternatives=["c"])["input"],
    "answer_thread": answer_thread(1, "Done.")["input"],
    "report_diagnosis": diagnose("w", ["a.py:1"], "y", "f")["input"],
    "report_breaking_change": call("report_breaking_change", what="a", affected="b", migration="c")["input"],
    "finish": finish("T", "S", assumptions=["a"], not_proven=["b"], not_done=["c"], decision="d")["input"],
}
# Each as wrong, or as right, for its place as a model may be. Nothing here is null, empty or blank: those have tests
# of their own, because the models read null as absent and a schema cannot speak of blanks.
OTHERS = (True, 1, -1, 0.5, "other", ["other"], ["other"] * 51, [1, 2], {"other": "thing"})


def variations(value: Any) -> Iterator[Any]:
    """`value` with one thing in it changed, left out or added."""
    if isinstance(value, dict):
        yield {**value, "other": "thing"}
        for name in value:
            yield {key: kept for key, kept in value.items() if key != name}
            for inner in (*OTHERS, *variations(value[name])):
                yield {**value, name: copy.deepcopy(inner)}
    if isinstance(value, list):
        yield []
        for at in range(len(value)):
            for inner in (*OTHERS, *variations(value[at])):
                yield [*value[:at], copy.deepcopy(inner), *value[at + 1 :]]


def beyond_schemas(found: list[str]) -> bool:
    return all(" one entry for each " in text or ", but there are " in text for text in found)


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_is_sent_and_what_is_checked_agree(name):
    referee = jsonschema_rs.validator_for(SCHEMAS[name])
    seen = set()
    for arguments in (WHOLE[name], *variations(WHOLE[name])):
        found = parsed(name, arguments)
        fits = not isinstance(found, list) or beyond_schemas(found)
        assert fits == referee.is_valid(arguments), (arguments, found)
        seen.add(fits)
    assert seen == {True, False}


def test_a_schema_is_plain():
    def keywords(schema) -> Iterator[str]:
        yield from schema
        for inner in [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]:
            yield from keywords(inner)

    for schema in SCHEMAS.values():
        assert {"$ref", "$defs", "anyOf", "title", "default"}.isdisjoint(keywords(schema))


def test_the_tools_are_sent_with_the_same_bytes_by_every_process_and_every_version_of_a_library():
    """A change here makes the vendor's cache of every first prompt anew: let it be one that was meant."""
    assert hashlib.sha256(canonical(offered(None))).hexdigest()[:16] == "b10e02b817e55727"


def test_a_run_that_an_older_version_began_goes_on_with_the_tools_it_was_told_of(bench):
    older = [*TOOLS[:2], {"name": "finish", "description": "End the work.", "input_schema": {"type": "object"}}]
    begun = {
        "system": [{"type": "text", "text": "Work."}],
        "tools": older,
        "opening": [{"type": "text", "text": "Go."}],
    }
    bench.append("conversation.opened", root=bench.tree.root, begun=bench.ledger().kept(begun))
    bench.model.will([{**finish("Done"), "input": {**finish("Done")["input"], "urgent": True}}], finish("Done"))
    assert bench.work().kind == "finished"
    assert [list(request.tools) for request in bench.model.requests] == [older, older]
    assert "urgent is not a parameter" in texts(last_user(bench))


def test_a_model_that_needs_more_than_a_plain_schema_is_refused_when_it_is_made():
    class Either(Call):
        value: Annotated[int | None, Field(description="One or none.")] = None

    with pytest.raises(ValueError, match="may not hold anyOf"):
        schema_of(Either)


def test_a_description_in_python_is_not_sent():
    class Documented(Call):
        """For us."""

        text: str

    assert schema_of(Documented) == {
        "type": "object",
        "properties": {"text": {"type": "string"}},
        "required": ["text"],
        "additionalProperties": False,
    }
