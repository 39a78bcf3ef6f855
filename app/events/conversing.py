"""What a worker says of its conversation with the model: its kinds of event, as strict as those of `working`. Pure."""

from __future__ import annotations

from typing import Any

from app.events.parts import Blob, Code, Count, Dollars, Part, Said, Seconds, Text
from app.events.record import OfWorker


class BriefingMade(OfWorker, kind="briefing.made"):
    facts: list[dict[Text, Text]]
    guides: list[list[Text]]
    guides_elsewhere: list[Text]


class Begun(Part):
    system: list[dict[Text, Any]]
    tools: list[dict[Text, Any]]
    opening: list[dict[Text, Any]]


class ConversationOpened(OfWorker, kind="conversation.opened"):
    root: Text
    begun: Begun | Blob


class ModelCalled(OfWorker, kind="model.called"):
    call: Count
    model: Text
    estimate_tokens: Count
    max_tokens: Count
    effort: Text = ""
    cleared: Count = 0


class ModelReplied(OfWorker, kind="model.replied"):
    call: Count
    content: list[dict[Text, Any]] | Blob
    said: Text = ""
    stop_reason: Text | None
    usage: dict[Text, Count]
    cost_usd: Dollars
    seconds: Seconds = 0.0
    model: Text = ""
    request_id: Any = None
    applied_edits: list[Any] = []  # what the vendor cleared
    input_transformations: list[Any] = []  # what it did not show to the model
    scripted: bool = False


class ModelFailed(OfWorker, kind="model.failed"):
    call: Count
    error: Text
    cost_usd: Dollars = 0.0
    retry_after_seconds: Seconds | None = None
    usage: dict[Text, Count] = {}


class ToolRan(OfWorker, kind="tool.ran"):
    tool_use_id: Text
    name: Text
    summary: Text
    content: list[Said]
    is_error: bool
    malformed: bool = False
    seconds: Seconds = 0.0
    exit_code: Code | None = None
    output: Blob | None = None
    output_path: Text = ""


class NoticeGiven(OfWorker, kind="notice.given"):
    """What the harness told the model besides tool results (`about` budget, steering, a loop …)."""

    about: Text
    text: Text
    why: Text = ""  # for people
    root: Text = ""  # of the workspace, when that has moved


class ContextTrimmed(OfWorker, kind="context.trimmed"):
    through_call: Count
