"""The text of a pull request and of its commit: sections written by the harness from recorded executions. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.checkpoints.markdown import code, cut, line, neutral
from app.run_state import RunState

_TITLE_LIMIT = 256  # characters; source: GitHub answers 422 above it

# Headings of a repository's own template under which one of our sections belongs.
_HOMES: Mapping[str, re.Pattern[str]] = {
    "Summary": re.compile(r"summary|description|what|overview|changes", re.IGNORECASE),
    "Evidence": re.compile(r"evidence|test|verif|how has this been", re.IGNORECASE),
    "Risk and breaking changes": re.compile(r"risk|breaking|impact", re.IGNORECASE),
}


def title(state: RunState) -> str:
    """The pull request's title: the model's, made harmless, or the issue's."""
    proposed = (state.proposal or {}).get("title") or state.created.get("task", {}).get("title") or "Proposed change"
    return " ".join(neutral(str(proposed), 200).split())[:_TITLE_LIMIT]


def body(state: RunState, *, template: str | None, closes: bool, run_url: str = "") -> str:
    """The pull request's body: our sections inside the repository's own template when it has one."""
    sections = _sections(state)
    thread = state.created["thread"]
    text = _into_template(template, sections) if template else _join(sections)
    link = "Fixes" if closes else "Refers to"
    return cut(f"{text}\n\n{link} #{thread['number']}\n\n{_footer(state, run_url)}")


def commit_message(state: RunState, *, requester_id: int, requester: str) -> str:
    """Subject, why, and the trailers that say which run and model made the commit. No sign-off of a person."""
    noreply = f"{requester_id}+{requester}@users.noreply.github.com"
    summary = str((state.finish or {}).get("summary", ""))
    why = neutral(summary, 1_500).replace("&lt;", "<").replace("&amp;", "&")
    why = re.sub(r"^([\w-]+-by|Agent-\w+):", r"\1 -", why, flags=re.MULTILINE | re.IGNORECASE)
    lines = [title(state)[:72], "", why, "", f"Refers to #{state.created['thread']['number']}", ""]
    lines += [f"Agent-Run: {state.run_id}", f"Agent-Model: {state.created.get('model', '')}"]
    lines += [f"Co-authored-by: {requester} <{noreply}>"]
    return "\n".join(lines)


def _sections(state: RunState) -> dict[str, str]:
    finish: Mapping[str, Any] = state.finish or {}
    return {
        "Summary": neutral(str(finish.get("summary", "")), 4_000) or "No summary was given.",
        "Evidence": _evidence(state) + _not_proven(finish),
        "Decisions and assumptions": _decisions(state, finish),
        "Risk and breaking changes": _risk(state),
        "Not done": _not_done(state, finish) or "Nothing known to be missing.",
    }


def _not_done(state: RunState, finish: Mapping[str, Any]) -> str:
    """What the model left out, then what was not there or could not be looked at, written by the harness."""
    unseen = (state.proposal or {}).get("unseen", [])
    told = [f"Not in the checkout: {text}" for text in state.missing]
    told += [f"Not looked at, so unchanged here: {text}" for text in unseen]
    return "\n".join(part for part in (_bullets(finish.get("not_done", [])), _bullets(told)) if part)


def _join(sections: Mapping[str, str]) -> str:
    return "\n\n".join(f"## {name}\n\n{text}" for name, text in sections.items())


def _into_template(template: str, sections: Mapping[str, str]) -> str:
    """Fill our sections in below the template's matching headings; the others follow at the end."""
    left = dict(sections)
    lines: list[str] = []
    for row in template.replace("\r\n", "\n").split("\n"):
        lines.append(row)
        heading = re.match(r"#{1,6}\s+(.+)", row)
        home = heading and next((name for name in left if name in _HOMES and _HOMES[name].search(heading[1])), None)
        if home:
            lines += ["", left.pop(home), ""]
    return "\n".join(lines).strip() + ("\n\n" + _join(left) if left else "")


def _evidence(state: RunState) -> str:
    verification: Mapping[str, Any] = state.verification or {}
    rows = ["| command | before | after |", "|---|---|---|"]
    before = {item["command"]: item for item in verification.get("baseline", [])}
    for item in verification.get("head", []):
        rows.append(f"| {code(item['command'])} | {_ended(before.get(item['command']))} | {_ended(item)} |")
    text = "\n".join(rows) if len(rows) > 2 else "No verification command ran."
    proof: Mapping[str, Any] = verification.get("regression") or {}
    if proof.get("tests"):
        tests = ", ".join(code(path) for path in proof["tests"][:5])
        text += (
            f"\n\nRegression test {tests}: {_said(proof.get('fails_before'), 'fails', 'does not fail')} without the "
        )
        text += f"change, {_said(proof.get('passes_after'), 'passes', 'does not pass')} with it."
    if verification.get("original_tests_pass") is not None:
        said = _said(verification["original_tests_pass"], "still pass", "**no longer pass**")
        text += f"\n\nThe tests as they were before {said} with the change."
    return text + "\n\n<sub>Written from recorded executions, not by the model.</sub>"


def _not_proven(finish: Mapping[str, Any]) -> str:
    told = _bullets(finish.get("not_proven", []))  # runs before the field was introduced have none
    return f"\n\n**Not proven**, in the model's words:\n\n{told}" if told else ""


def _said(value: bool | None, yes: str, no: str) -> str:
    return "was not run" if value is None else yes if value else no


def _ended(item: Mapping[str, Any] | None) -> str:
    if item is None:
        return "not run"
    text = f"exit {item['exit_code']}" if item.get("exit_code") is not None else "killed"
    counts = item.get("counts") or {}
    numbers = [f"{counts[name]} {name}" for name in ("passed", "failed", "errors", "skipped") if counts.get(name)]
    return ", ".join([text, *numbers])


def _decisions(state: RunState, finish: Mapping[str, Any]) -> str:
    lines = [f"- Confidence: **{line(str(finish.get('confidence', 'not stated')), 20)}**"]
    lines += [f"- Assumed: {line(str(item), 300)}" for item in finish.get("assumptions", [])[:20]]
    for asked, answer in zip(state.questions, state.answers, strict=False):
        topic = "; ".join(line(item["text"], 150) for item in asked["questions"])
        lines.append(f"- Asked “{topic}”, answered by {line(answer['by'], 60)}: {line(answer['text'], 300)}")
    return "\n".join(lines)


def _risk(state: RunState) -> str:
    lines = [
        f"- ⚠️ **{line(item['what'], 300)}** Affected: {line(item['affected'], 300)}. "
        f"Migration: {line(item['migration'], 300)}."
        for item in state.breaking
    ]
    findings: Sequence[Mapping[str, Any]] = (state.scan or {}).get("findings", [])
    lines += [f"- {code(item.get('path') or item['check'])}: {line(item['message'], 200)}" for item in findings[:20]]
    if state.blocked_hosts:
        lines.append(
            "- Network requests were blocked: " + ", ".join(code(host, 80) for host in state.blocked_hosts[:10])
        )
    if not state.created.get("protection", {}).get("protected", True):
        lines.append("- The base branch is **not protected**: nothing but you asks for a review before this is merged.")
    return "\n".join(lines) or "No breaking change was found or reported; the scan found nothing."


def _bullets(items: Sequence[Any]) -> str:
    return "\n".join(f"- {line(str(item), 300)}" for item in items[:20])


def _footer(state: RunState, run_url: str) -> str:
    run = f"[`{state.run_id[:8]}`]({run_url})" if run_url else f"`{state.run_id[:8]}`"
    head = (state.proposal or {}).get("ledger_head", "")
    return (
        f"<sub>🔥 Lamplighter · run {run} · {line(str(state.created.get('model', '')), 60)} · "
        f"${state.cost_usd:.2f} · ledger `{head[:16]}`</sub>"
    )
