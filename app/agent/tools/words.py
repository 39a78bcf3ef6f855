"""Our own tools: what the model says to people, as the ledger keeps it. Pure."""

from __future__ import annotations

import hashlib
from typing import Any

from app.agent.tools.schemas import AnswerThread, Ask, Finish, ProposePlan, ReportBreakingChange, ReportDiagnosis
from app.ledger import canonical
from app.text.untrusted import one_line, strip_hidden

TITLE_CHARS = 100
TEXT_CHARS = 4_000
OPTION_CHARS = 300


def questions(ask: Ask) -> list[dict[str, Any]]:
    """The questions as the ledger keeps them: text, options, default (index), consequences (one per option)."""
    return [
        {
            "text": _clean(question.text),
            "options": [one_line(option, OPTION_CHARS) for option in question.options],
            "default": question.default,
            "consequences": [one_line(text, OPTION_CHARS) for text in question.consequences],
        }
        for question in ask.questions
    ]


def finish(call: Finish) -> dict[str, Any]:
    """The report as the ledger keeps it."""
    return {
        "outcome": call.outcome,
        "title": one_line(call.title, TITLE_CHARS),
        "summary": _clean(call.summary),
        "confidence": call.confidence,
        "assumptions": [_clean(text) for text in call.assumptions],
        "not_proven": [_clean(text) for text in call.not_proven],
        "not_done": [_clean(text) for text in call.not_done],
        "decision": _clean(call.decision),
    }


def breaking(call: ReportBreakingChange) -> dict[str, Any]:
    return {"what": _clean(call.what), "affected": _clean(call.affected), "migration": _clean(call.migration)}


def diagnosis(call: ReportDiagnosis) -> dict[str, Any]:
    return {
        "what": _clean(call.what),
        "where": [one_line(text, OPTION_CHARS) for text in call.where],
        "why": _clean(call.why),
        "fix": _clean(call.fix),
        "confidence": call.confidence,
    }


def plan(call: ProposePlan) -> dict[str, Any]:
    """The plan as the ledger keeps it, with the digest by which it is approved, and the question that goes with it."""
    told = {
        "steps": [_clean(text) for text in call.steps],
        "files": [one_line(text, OPTION_CHARS) for text in call.files],
        "risks": [_clean(text) for text in call.risks],
        "alternatives": [_clean(text) for text in call.alternatives],
        "estimate": _clean(call.estimate),
    }
    digest = hashlib.sha256(canonical(told)).hexdigest()
    question = {"text": "Shall I carry out this plan?", "options": [], "default": 0, "consequences": []}
    return {"questions": [question], "plan": {**told, "digest": digest}}


def thread(call: AnswerThread) -> dict[str, Any]:
    return {"thread": call.thread, "done": call.done, "text": _clean(call.text)}


def _clean(text: str) -> str:
    return strip_hidden(text, TEXT_CHARS).strip()
