"""From a tool call of the model to what came of it. A call that is not well-formed is never executed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.agent.tools import words
from app.agent.tools.calls import Call
from app.agent.tools.edit import Edit, run_edit
from app.agent.tools.outputs import cap, keep_whole, short_lines
from app.agent.tools.schemas import (
    BASH,
    EDIT,
    NAMES,
    AnswerThread,
    Ask,
    Bash,
    Finish,
    ProposePlan,
    ReportBreakingChange,
    ReportDiagnosis,
    parsed,
)
from app.agent.tools.tree_text import EditError
from app.errors import UserError
from app.ports.sandbox import Execution, Sandbox
from app.text.untrusted import one_line

SUMMARY_CHARS = 100
SHELL_TIMEOUT_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class ToolResult:
    """What the model is told (`text`), what people are told (`summary`, one line), and what is kept."""

    text: str
    summary: str
    is_error: bool = False
    exit_code: int | None = None
    seconds: float = 0.0
    malformed: bool = False  # the call was refused before anything ran
    doubtful: bool = False  # perhaps not the model's doing: the sandbox may have been closed under it
    whole: bytes | None = None  # the output as it came, when `text` is only head and tail
    whole_path: str = ""  # where the sandbox keeps it
    event: tuple[str, dict[str, Any]] | None = None  # what the ledger must record besides

    @property
    def failed(self) -> bool:
        return self.is_error or self.exit_code not in {0, None}

    def recorded(self) -> dict[str, Any]:
        """What `tool.ran` says of it."""
        return {
            "summary": self.summary,
            "content": [{"type": "text", "text": self.text}],
            "is_error": self.is_error,
            "malformed": self.malformed,
            "exit_code": self.exit_code,
            "seconds": round(self.seconds, 3),
        }


def not_executed(why: str, *, summary: str) -> ToolResult:
    """The result of a call that was refused before anything ran."""
    return ToolResult(text=f"Not executed: {why}.", summary=summary, is_error=True, malformed=True)


class Toolbox:
    """The tools around one sandbox, as far as the model was offered them."""

    def __init__(self, sandbox: Sandbox, offered: Sequence[str] = NAMES) -> None:
        self.sandbox = sandbox
        self._offered = offered

    def run(self, name: str, arguments: Any, *, output_name: str, timeout_seconds: float) -> ToolResult:
        """Carry out one call. `output_name` names the file a cut output is kept in; the timeout is a command's.

        Raises what the sandbox raises when it is broken; everything the model did wrong is a result.
        """
        call = parsed(name, arguments, self._offered)
        if isinstance(call, list):
            return not_executed("; ".join(call[:8]), summary=one_line(f"called {name} wrongly", SUMMARY_CHARS))
        if isinstance(call, Bash):
            return self._bash(call, output_name, timeout_seconds)
        return self._edit(call) if isinstance(call, Edit) else _spoken(call)

    def _bash(self, call: Bash, output_name: str, timeout_seconds: float) -> ToolResult:
        command = call.command
        if call.restart:
            self.sandbox.restart_shell()
            return ToolResult(text="The shell was restarted.", summary="restarted the shell")
        try:
            ran = self.sandbox.shell(command, timeout_seconds=timeout_seconds)
        except UserError as error:
            summary = one_line(f"could not run {command}", SUMMARY_CHARS)
            return ToolResult(text=str(error), summary=summary, is_error=True, malformed=True, doubtful=True)
        text = short_lines(ran.text)
        capped = cap(text, where=f"~/outputs/{output_name}", total_bytes=max(ran.output_bytes, len(ran.output)))
        path = keep_whole(self.sandbox, output_name, ran.output) if capped.cut else None
        if capped.cut and path is None:
            capped = cap(text, where=None, total_bytes=ran.output_bytes)
        ending = _ending(ran)
        return ToolResult(
            text="\n".join(part for part in (_said(capped.text), ending) if part) or "(no output)",
            summary=_ran(command, ran),
            is_error=bool(ran.killed_by),
            doubtful=ran.killed_by == "closed",
            exit_code=ran.exit_code,
            seconds=ran.seconds,
            whole=ran.output if capped.cut else None,
            whole_path=path or "",
        )

    def _edit(self, call: Edit) -> ToolResult:
        started = time.perf_counter()
        try:
            edited = run_edit(self.sandbox, call)
        except EditError as error:
            what = f"could not {_verb(call.command)} {call.path}"
            return ToolResult(text=f"{error}", summary=one_line(what, SUMMARY_CHARS), is_error=True, doubtful=True)
        return ToolResult(
            text=edited.text,
            summary=one_line(f"{edited.did} {edited.path}", SUMMARY_CHARS),
            seconds=time.perf_counter() - started,
        )


def changes_tree(name: str, arguments: Any) -> bool:
    """Whether the call may change files, so that it has to be repeated on a restored workspace."""
    return name == BASH or (name == EDIT and isinstance(arguments, Mapping) and arguments.get("command") != "view")


def _verb(command: str) -> str:
    return {"str_replace": "edit", "insert": "edit"}.get(command, command)


def _spoken(call: Call) -> ToolResult:
    if isinstance(call, Ask):
        asked = words.questions(call)
        count = "1 question" if len(asked) == 1 else f"{len(asked)} questions"
        return ToolResult(text="", summary=f"asked {count}", event=("question.asked", {"questions": asked}))
    if isinstance(call, Finish):
        return ToolResult(text="", summary="finished", event=("finish.called", words.finish(call)))
    if isinstance(call, ProposePlan):
        return ToolResult(text="", summary="proposed a plan", event=("question.asked", words.plan(call)))
    if isinstance(call, AnswerThread):
        return ToolResult(
            text="Recorded.", summary=f"answered thread {call.thread}", event=("thread.answered", words.thread(call))
        )
    if isinstance(call, ReportDiagnosis):
        return ToolResult(
            text="Recorded. Finish now, with `done`.",
            summary="reported a diagnosis",
            event=("diagnosis.made", words.diagnosis(call)),
        )
    assert isinstance(call, ReportBreakingChange)
    return ToolResult(
        text="Recorded: the pull request stays a draft and the owners are told. Go on.",
        summary="reported a breaking change",
        event=("breaking.reported", words.breaking(call)),
    )


def _ran(command: str, ran: Execution) -> str:
    end = f" (killed: {ran.killed_by})" if ran.killed_by else f" (exit {ran.exit_code})"
    return one_line(f"ran {command}", SUMMARY_CHARS - len(end)) + end


def _said(output: str) -> str:
    """`output` as a part of a text block: the API refuses one that is nothing but blanks."""
    said = output.strip("\n")
    return said if said.strip() or not output else "(nothing but blanks)"


def _ending(ran: Execution) -> str:
    if ran.killed_by == "time":
        return f"[killed after {ran.seconds:.0f} s: it took too long; run less, or in the background]"
    if ran.killed_by == "output":
        return f"[killed: it wrote {ran.output_bytes:,} bytes; send output to a file and read parts of it]"
    if ran.killed_by:
        return f"[killed: {ran.killed_by}]"
    return f"[exit code {ran.exit_code}]" if ran.exit_code else ""
