"""GitHub as a projection of the ledger: what should be there, compared with what was published.

Pure. `next_effect` names the first difference; the publisher performs it, records it and asks again, because a result
(a pull request's number, say) changes what the rest should say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.checkpoints import pull_text, render
from app.checkpoints.outcomes import OUTCOMES, marks, state_label
from app.jobs import label_put_on
from app.ledger import canonical
from app.run_state import RunState

Kind = Literal["reaction", "comment", "labels", "branch", "pull", "check", "people"]


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One thing that should be on GitHub. `key` is stable; a changed `digest` means it is to be edited."""

    key: str
    kind: Kind
    data: Mapping[str, Any]

    @property
    def digest(self) -> str:
        return hashlib.sha256(canonical(self.data)).hexdigest()


def next_effect(state: RunState) -> Effect | None:
    """The first thing that is not on GitHub as it should be; None when all is."""
    for effect in _desired(state):
        done = state.published.get(effect.key)
        if done is None or done["digest"] != effect.digest:
            return effect
    return None


def _desired(state: RunState) -> Iterator[Effect]:
    if not state.created:
        return
    if state.outcome in {"refused", "replied"}:
        yield from _answer(state)
        return
    if state.created.get("playbook") == "reply":
        return  # whoever was about to say something died; the job comes again
    yield from _reactions(state)
    yield from _change(state)
    yield from _comments(state)
    yield Effect(key="labels", kind="labels", data=_labels(state))


def _answer(state: RunState) -> Iterator[Effect]:
    """What a request that started nothing gets: its answer, once, and a label that was put on in vain taken off."""
    if state.reason:
        yield from _reactions(state)
        yield Effect(key="comment:reply", kind="comment", data=_comment(state, "reply", render.reply(state)))
    label = label_put_on(state.created["trigger"])
    if state.outcome == "refused" and label and not state.created.get("keeps_label"):
        data = {"state": None, "states": [], "marks": [], "remove": [label]}
        yield Effect(key="labels", kind="labels", data=data)


def _reactions(state: RunState) -> Iterator[Effect]:
    """👀 on what woke the run and on every comment it has taken in since."""
    targets = [state.created.get("comment_id")]
    heard = [*state.answers, *state.steering, *([state.cancel] if state.cancel else [])]
    targets += [item["comment_id"] for item in heard if item.get("comment_id")]
    for target in dict.fromkeys(targets):
        yield Effect(key=f"reaction:{target or 'issue'}", kind="reaction", data={"comment_id": target})


def _comments(state: RunState) -> Iterator[Effect]:
    pull, prefix = pull_of(state), state.created["names"]["prefix"]
    cap = state.run_usd or state.created["config"]["budget"]["run_usd"]
    body = render.status(state, pull=pull, cap_usd=cap, prefix=prefix)
    yield Effect(key="comment:status", kind="comment", data=_comment(state, "status", body))
    for number, asked in enumerate(state.questions, start=1):
        part = f"question-{number}"
        text = render.question(state, asked, number, prefix=prefix)
        yield Effect(key=f"comment:{part}", kind="comment", data=_comment(state, part, text))
    if state.outcome and OUTCOMES[state.outcome].comments:
        owners = (state.proposal or {}).get("owners", [])
        text = render.result(state, pull=pull, prefix=prefix, owners=owners)
        yield Effect(key="comment:result", kind="comment", data=_comment(state, "result", text))


def _comment(state: RunState, part: str, body: str) -> dict[str, Any]:
    return {"marker": render.marker(state.run_id, part), "body": body}


def _labels(state: RunState) -> dict[str, Any]:
    names = state.created["names"]["labels"]
    label = state_label(state)
    return {
        "state": names[label] if label else None,
        "states": sorted(names[name] for name in STATE_NAMES),
        "marks": [names[mark] for mark in marks(state)],
        "remove": [names["trigger"]] if state.phase == "ended" else [],
    }


STATE_NAMES = ("queued", "working", "needs-info", "needs-approval", "parked", "done", "failed")


def _change(state: RunState) -> Iterator[Effect]:
    """Branch with its one commit, draft pull request, checks, people: only for a proposal that ended the run."""
    proposal = state.proposal
    if state.outcome != "proposed" or proposal is None:
        return
    created = state.created
    yield Effect(
        key="branch",
        kind="branch",
        data={
            "branch": created["branch"],
            "base_sha": created["base"]["sha"],
            "changes": proposal["changes"],
            "message": pull_text.commit_message(
                state, requester_id=created["requester"]["id"], requester=created["requester"]["login"]
            ),
        },
    )
    head_sha = state.published.get("branch", {}).get("result", {}).get("sha")
    if head_sha:
        yield from _pull(state, proposal, head_sha)


def _pull(state: RunState, proposal: Mapping[str, Any], head_sha: str) -> Iterator[Effect]:
    created = state.created
    yield Effect(
        key="pull",
        kind="pull",
        data={
            "title": pull_text.title(state),
            "body": pull_text.body(state, template=proposal.get("template"), closes=created["base"]["default"]),
            "head": created["branch"],
            "base": created["base"]["ref"],
            "draft": proposal["draft"],
        },
    )
    pull = pull_of(state)
    if pull is None:
        return
    title, summary = render.check_summary(state, pull)
    yield _check(state, "lamplighter", head_sha, OUTCOMES["proposed"].conclusion, title, summary)
    scan_title, scan_summary = render.scan_summary(state)
    conclusion = "success" if (state.scan or {}).get("ok") else "failure"
    yield _check(state, "lamplighter/scan", head_sha, conclusion, scan_title, scan_summary)
    people = {
        "number": pull["number"],
        "assignee": created["requester"]["login"],
        "reviewers": proposal.get("reviewers", []),
        "labels": [created["names"]["labels"][mark] for mark in marks(state)],
    }
    yield Effect(key="people", kind="people", data=people)


def _check(state: RunState, name: str, head_sha: str, conclusion: str, title: str, summary: str) -> Effect:
    data = {
        "name": name,
        "external_id": f"{state.run_id}:{name}",
        "head_sha": head_sha,
        "conclusion": conclusion,
        "title": title,
        "summary": summary,
    }
    return Effect(key=f"check:{name}", kind="check", data=data)


def pull_of(state: RunState) -> Mapping[str, Any] | None:
    """`{"number", "url"}` of the pull request, once it is there."""
    done = state.published.get("pull")
    return done["result"] if done and "number" in done["result"] else None
