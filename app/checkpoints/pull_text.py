"""The text of a pull request and of its commit: sections written by the harness from recorded executions. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.checkpoints.executed_text import numbers
from app.checkpoints.outcomes import doubt
from app.checkpoints.template import Filled, fill
from app.claims import Claims, Round, sentences
from app.events.parts import Step
from app.events.working import FinishCalled, VerificationEnded
from app.runs.state.run_state import RunState
from app.text.outgoing import BODY_LIMIT, code, cut, line, neutral, plain, plain_lines, row

_FAILING = 10  # named in sight
_TITLE_LIMIT = 256  # characters; source: GitHub answers 422 above it
_SUBJECT_LIMIT = 72  # characters of a commit's first line; GitHub folds what is longer

_FINDINGS = 40  # of the scan, what asks for a person first; the check has them all
_MODEL = ("Summary", "Decisions and assumptions", "Not done")  # in the model's words; ours stand above them


def title(state: RunState) -> str:
    """The pull request's title: the model's, or the issue's, as plain text."""
    proposed = (state.proposal and state.proposal.title) or state.created.task.title
    return plain(proposed, _TITLE_LIMIT) or "Proposed change"


def body(state: RunState, *, template: str | None, closes: bool, run_url: str = "") -> str:
    """The pull request's body: what the harness recorded, then the model's words; inside the repository's own template
    when it has one.
    """
    sections = _sections(state)
    claims = state.verification.claims if state.verification else None
    is_fix = closes and not (claims and claims.comments_only)  # a change of comments closes no issue
    link = f"{'Fixes' if is_fix else 'Refers to'} #{state.created.thread.number}"
    filled = fill(template, sections, link) if template else Filled(text="", left=sections, linked=False)
    ours = {name: text for name, text in filled.left.items() if name not in _MODEL}
    theirs = {name: text for name, text in filled.left.items() if name in _MODEL}
    parts = [_join(ours), filled.text, _join(theirs)]
    tail = "\n\n".join([*([] if filled.linked else [link]), _footer(state, run_url)])
    text = cut("\n\n".join(part for part in parts if part), BODY_LIMIT - len(tail) - 2)
    return f"{text}\n\n{tail}"


def commit_message(state: RunState, *, requester_id: int, requester: str) -> str:
    """Subject, why, and the trailers that say which run and model made the commit. No sign-off of a person."""
    noreply = f"{requester_id}+{requester}@users.noreply.github.com"
    why = plain_lines(state.finish.summary if state.finish else "", 1_500)
    lines = [plain(title(state), _SUBJECT_LIMIT), "", why, "", f"Refers to #{state.created.thread.number}", ""]
    lines += [f"Agent-Run: {state.run_id}", f"Agent-Model: {state.created.model}"]
    lines += [] if requester.endswith("[bot]") else [f"Co-authored-by: {requester} <{noreply}>"]
    return "\n".join(lines)


def _sections(state: RunState) -> dict[str, str]:
    """Each section's Markdown by its name, the harness's first, so that nothing of theirs stands above ours."""
    finish = state.finish or FinishCalled(outcome="", summary="")
    return {
        "Evidence": _evidence(state) + _not_proven(finish),
        "Risk and breaking changes": _risk(state),
        "Summary": neutral(finish.summary, 4_000) or "No summary was given.",
        "Decisions and assumptions": _decisions(state, finish),
        "Not done": _not_done(state, finish) or "Nothing known to be missing.",
    }


def _not_done(state: RunState, finish: FinishCalled) -> str:
    """What the model left out, then what was not there or could not be looked at, written by the harness."""
    unseen = state.proposal.unseen if state.proposal else []
    told = [f"Not in the checkout: {text}" for text in state.missing]
    told += [f"Not run here: {text}" for text in state.not_here]
    told += [f"Set up otherwise: {text}" for text in state.set_up_otherwise]
    told += [f"Not looked at, so unchanged here: {text}" for text in unseen]
    return "\n".join(part for part in (_bullets(finish.not_done), _bullets(told)) if part)


def _join(sections: Mapping[str, str]) -> str:
    return "\n\n".join(f"## {name}\n\n{text}" for name, text in sections.items())


def _evidence(state: RunState) -> str:
    verification = state.verification or VerificationEnded(ok=False)
    rows = [row(["command", "before", "after"]), "|---|---|---|"]
    before = {item.command: item for item in verification.baseline}
    for item in verification.head:
        rows.append(row([code(item.command), _ended(before.get(item.command)), _ended(item)]))
    text = "\n".join(rows) if len(rows) > 2 else "No verification command ran."
    text += "\n\n" + _said(verification)
    return text + "\n\n<sub>Written from recorded executions, not by the model.</sub>"


def _not_proven(finish: FinishCalled) -> str:
    told = _bullets(finish.not_proven)  # runs before the field was introduced have none
    return f"\n\n**Not proven**, in the model's words:\n\n{told}" if told else ""


def _said(verification: VerificationEnded) -> str:
    """What the records say; runs before claims were kept have a note only."""
    if verification.claims is None:
        return line(verification.note, 300)
    claims = Claims.from_event(verification.claims.model_dump())
    text = "\n".join(f"- {sentence}" for sentence in sentences(claims))
    if claims.tests:
        names = ", ".join(code(test.name) for test in claims.tests[:_FAILING])
        text += f"\n\nNew or changed tests: {names}{', …' if len(claims.tests) > _FAILING else ''}"
    rounds = (("before the change", claims.base), ("with the change", claims.head))
    judged = (*rounds, ("as they were, with the change", claims.originals)) if claims.originals else rounds
    return text + "".join(_failing(when, found) for when, found in judged)


def _failing(when: str, found: Round) -> str:
    """The failing tests of one round by name; what is beyond the first ones is folded."""
    if not found.failing:
        return ""
    shown = "\n".join(f"- {code(name)}" for name in found.failing[:_FAILING])
    text = f"\n\nFailing {when}:\n\n{shown}"
    more = [f"- {code(name)}" for name in found.failing[_FAILING:]]
    more += [f"- {found.unnamed} without a name"] * bool(found.unnamed)
    if more:
        text += f"\n\n<details><summary>and {len(found.failing) - _FAILING + found.unnamed} more</summary>\n\n"
        text += "\n".join(more) + "\n\n</details>"
    return text


def _ended(item: Step | None) -> str:
    if item is None:
        return "not run"
    text = f"exit {item.exit_code}" if item.exit_code is not None else "killed"
    return ", ".join([text, *numbers(item.counts)])


def _decisions(state: RunState, finish: FinishCalled) -> str:
    confidence = f"**{line(finish.confidence, 20)}**"
    if why := doubt(state):
        confidence = f"**low**, {why}: tests do not vouch for it. The model's own word was {confidence}"
    lines = [f"- Confidence: {confidence}"]
    lines += [f"- Assumed: {line(item, 300)}" for item in finish.assumptions[:20]]
    for asked, answer in zip(state.questions, state.answers, strict=False):
        topic = "; ".join(line(item.text, 150) for item in asked.said.questions)
        lines.append(f"- Asked “{topic}”, answered by {line(answer.said.by, 60)}: {line(answer.said.text, 300)}")
    return "\n".join(lines)


def _risk(state: RunState) -> str:
    lines = [
        f"- ⚠️ **{line(item.what, 300)}** Affected: {line(item.affected, 300)}. Migration: {line(item.migration, 300)}."
        for item in state.breaking
    ]
    findings = state.scan.findings if state.scan else []
    lines += [f"- {code(item.path or item.check)}: {line(item.message, 200)}" for item in findings[:_FINDINGS]]
    if len(findings) > _FINDINGS:
        lines.append(f"- {len(findings) - _FINDINGS} more are in the check `lamplighter/scan`.")
    if state.blocked_hosts:
        lines.append(
            "- Network requests were blocked: " + ", ".join(code(host, 80) for host in state.blocked_hosts[:10])
        )
    if not state.created.protection.protected:
        lines.append("- The base branch is **not protected**: nothing but you asks for a review before this is merged.")
    if state.created.protection.may_bypass:
        lines.append("- My App is on the **bypass list** of the base branch's ruleset: its rules do not hold me.")
    return "\n".join(lines) or "No breaking change was found or reported; the scan found nothing."


def _bullets(items: Sequence[Any]) -> str:
    return "\n".join(f"- {line(str(item), 300)}" for item in items[:20])


def _footer(state: RunState, run_url: str) -> str:
    run = f"[`{state.run_id[:8]}`]({run_url})" if run_url else f"`{state.run_id[:8]}`"
    head = state.proposal.ledger_head if state.proposal else ""
    return (
        f"<sub>🔥 Lamplighter · run {run} · {line(state.created.model, 60)} · "
        f"${state.cost_usd:.2f} · ledger `{head[:16]}`</sub>"
    )
