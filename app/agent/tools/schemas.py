"""The tools: what the API is told about them, and the input each of them takes.

The first two are the vendor's published ones, byte for byte: their schema is built into the model, so the models of
their input only check it. Of the others the schema that is sent is made from the model that checks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, InstanceOf, ValidationError, model_validator

from app.agent.tools.calls import Call, mistakes_of, schema_of

# What a model adapter puts in place of an input that was no JSON.
MALFORMED = "malformed_json"

Text = InstanceOf[str]  # `str` would refuse lone surrogates before a tool can say what is wrong with them
Texts = Annotated[list[Text], Field(max_length=50)]
ABSENT: Any = None
_UNSPEAKABLE = re.compile("[\0\ud800-\udfff]")


class Bash(Call):
    command: Text = ""
    restart: bool = False

    def mistakes(self) -> Sequence[str]:
        if not self.restart and not self.command.strip():
            return ["give a command, or restart: true"]
        return ["command holds a NUL character or a lone surrogate"] if _UNSPEAKABLE.search(self.command) else []


class View(Call):
    command: Literal["view"]
    path: Text
    view_range: Annotated[list[int], Field(max_length=50)] = ABSENT  # two of them, says the editor


class Create(Call):
    command: Literal["create"]
    path: Text
    file_text: Text


class Replace(Call):
    command: Literal["str_replace"]
    path: Text
    old_str: Text
    new_str: Text = ""


class Insert(Call):
    command: Literal["insert"]
    path: Text
    insert_line: int
    insert_text: Text

    @model_validator(mode="before")
    @classmethod
    def _by_either_name(cls, given: Any) -> Any:
        """The published documentation has used both `insert_text` and `new_str`."""
        if not isinstance(given, Mapping) or "new_str" not in given:
            return given
        rest = {name: value for name, value in given.items() if name != "new_str"}
        return rest if rest.get("insert_text") is not None else {**rest, "insert_text": given["new_str"]}


class Question(Call):
    text: Annotated[Text, Field(description="The question, readable without the code at hand.")]
    options: Annotated[list[Text], Field(min_length=2, max_length=4)]
    default: Annotated[int, Field(ge=0, description="Index of the option you would take if nobody answered.")]
    consequences: Annotated[
        Texts, Field(description="For each option, in the same order: what you would do differently.")
    ]

    def mistakes(self) -> Sequence[str]:
        options, found = len(self.options), []
        if self.default >= options:
            found.append(f"default is {self.default}, but there are {options} options (from 0)")
        if len(self.consequences) != options:
            found.append(f"consequences must have one entry for each of the {options} options")
        return found if self.text.strip() else [*found, "text is empty"]


class Ask(Call):
    questions: Annotated[list[Question], Field(min_length=1, max_length=3)]


class ReportBreakingChange(Call):
    what: Annotated[Text, Field(description="What changes for a caller, before and after.")]
    affected: Annotated[Text, Field(description="Who or what is affected, with paths where known.")]
    migration: Annotated[Text, Field(description="What a caller has to do.")]


class ProposePlan(Call):
    steps: Annotated[list[Text], Field(min_length=1, max_length=12, description="What you will do, in order.")]
    files: Annotated[Texts, Field(description="Paths that will change, and those that will be new.")]
    risks: Annotated[Texts, Field(description="What may break or be wrong, and for whom.")]
    alternatives: Annotated[Texts, Field(description="Other ways, and why not.")] = Field(default_factory=list)
    estimate: Annotated[Text, Field(description="How much work it is: files, lines, minutes.")]

    def mistakes(self) -> Sequence[str]:
        return [] if all(step.strip() for step in self.steps) else ["a step is empty"]


class ReportDiagnosis(Call):
    what: Annotated[Text, Field(description="What is wrong, in one or two sentences.")]
    where: Annotated[list[Text], Field(min_length=1, max_length=8, description="Places, as path:line.")]
    why: Annotated[Text, Field(description="Why it happens: the cause, and what you saw that shows it.")]
    fix: Annotated[Text, Field(description="How it could be fixed, and what to watch out for.")]
    confidence: Literal["high", "medium", "low"]

    def mistakes(self) -> Sequence[str]:
        told = (("what", self.what), ("why", self.why), ("fix", self.fix), ("where", "".join(self.where)))
        return [f"{name} is empty" for name, text in told if not text.strip()]


class AnswerThread(Call):
    thread: Annotated[int, Field(ge=1, description="The number of the review thread, as the request gives it.")]
    done: Annotated[bool, Field(description="True when the tree holds what was asked; the thread is then resolved.")]
    text: Annotated[Text, Field(description="What you did, or why it should not be done; one to three sentences.")]

    def mistakes(self) -> Sequence[str]:
        return [] if self.text.strip() else ["text is empty"]


class Finish(Call):
    outcome: Literal["done", "nothing_to_do", "not_reproduced", "needs_decision"]
    title: Annotated[Text, Field(description="One imperative line, at most 72 characters, no issue number.")]
    summary: Annotated[
        Text, Field(description="Cause, change and proof in a few sentences; otherwise what you tried and saw.")
    ]
    confidence: Literal["high", "medium", "low"]
    assumptions: Annotated[Texts, Field(description="What you took for granted without proof.")] = Field(
        default_factory=list
    )
    not_proven: Annotated[
        Texts,
        Field(
            description=(
                "What you could not show by running something, and why: a behaviour no test covers, a condition "
                "you could not produce here, a suite that does not run. Shown beside the evidence."
            )
        ),
    ] = Field(default_factory=list)
    not_done: Annotated[Texts, Field(description="What a reader might expect that you left out, and why.")] = Field(
        default_factory=list
    )
    decision: Annotated[
        Text, Field(description="With outcome needs_decision: what must be decided, by whom, and the choices.")
    ] = ""

    def mistakes(self) -> Sequence[str]:
        empty = [name for name, text in (("title", self.title), ("summary", self.summary)) if not text.strip()]
        found = [f"{name} is empty" for name in empty]
        if self.outcome == "needs_decision" and not self.decision.strip():
            found.append("decision is missing: with outcome needs_decision say what must be decided and the choices")
        return found


BASH, EDIT, ASK, BREAKING, FINISH = "bash", "str_replace_based_edit_tool", "ask", "report_breaking_change", "finish"
THREAD, PLAN, DIAGNOSIS = "answer_thread", "propose_plan", "report_diagnosis"

_EDITS: Mapping[str, type[View | Create | Replace | Insert]] = {
    "view": View,
    "create": Create,
    "str_replace": Replace,
    "insert": Insert,
}
_INPUTS: Mapping[str, type[Call]] = {
    BASH: Bash,
    ASK: Ask,
    PLAN: ProposePlan,
    BREAKING: ReportBreakingChange,
    THREAD: AnswerThread,
    DIAGNOSIS: ReportDiagnosis,
    FINISH: Finish,
}


def _tool(name: str, description: str) -> Mapping[str, Any]:
    return {"name": name, "description": description, "input_schema": schema_of(_INPUTS[name])}


TOOLS: tuple[Mapping[str, Any], ...] = (
    {"type": "bash_20250124", "name": BASH},
    {"type": "text_editor_20250728", "name": EDIT},
    _tool(
        ASK,
        "Ask the people on the issue, and stop until one of them answers. Use it only when the answer changes what "
        "you would do and the repository cannot tell you. At most 3 questions, together, once you know what to ask.",
    ),
    _tool(
        PLAN,
        "Say how you will do the work, and stop until somebody approves it or asks for another plan. Before that, "
        "change no file: look, and run what tells you something.",
    ),
    _tool(
        BREAKING,
        "Say that the change breaks something callers rely on: a public name, signature, default, output, file "
        "format or setting. Call it as soon as you know, then go on.",
    ),
    _tool(
        THREAD,
        "Say what became of one thread of the review: once for every thread, when it is settled. The words are posted "
        "in it.",
    ),
    _tool(
        DIAGNOSIS,
        "Say what is wrong, where and why, how it could be fixed, and how sure you are: it is what people get. Then "
        "finish.",
    ),
    _tool(
        FINISH,
        "End the work and report it. The harness then checks the tree itself; a person reviews what you wrote here. "
        "Call it alone, as the last thing.",
    ),
)
NAMES = tuple(str(tool["name"]) for tool in TOOLS)
_USUAL = tuple(name for name in NAMES if name not in {THREAD, PLAN, DIAGNOSIS})  # which are for work of a kind


def offered(names: Sequence[str] | None, *, plans: bool = False) -> list[Mapping[str, Any]]:
    """The tools of these names as the API is told of them, always in the same order; the usual ones for None; with
    `plans` also the one that proposes a plan.
    """
    wanted = {*(_USUAL if names is None else names), *((PLAN,) if plans else ())}
    return [tool for tool in TOOLS if tool["name"] in wanted]


def parsed(name: str, arguments: Any, names: Sequence[str] = NAMES) -> Call | list[str]:
    """The call, or what is wrong with its input in words the model can act on. `names`: the tools it was offered."""
    if name not in names:
        return [f"there is no tool {name!r}; the tools are {', '.join(names)}"]
    if not isinstance(arguments, Mapping):
        return ["the input is not a JSON object"]
    if MALFORMED in arguments:
        return ["the input was not valid JSON, so nothing was executed; send the call again"]
    model = _EDITS.get(str(arguments.get("command"))) if name == EDIT else _INPUTS[name]
    if model is None:
        return [f"command must be one of {', '.join(_EDITS)}, not {arguments.get('command')!r}"]
    try:
        return model.model_validate(arguments)
    except ValidationError as error:
        return mistakes_of(error, model)
