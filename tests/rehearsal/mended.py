"""What must hold after a breakage was diagnosed and mended: asked of git, the ledger, CI and the comment's text."""

from __future__ import annotations

from app.events.deciding import ChecksRead
from app.events.parts import CheckFailure
from app.ledger import Event
from tests.rehearsal.cases import Edit
from tests.rehearsal.projects import git, git_bytes
from tests.rehearsal.repairs import Repair
from tests.rehearsal.verdict import egress, ledger

FAILED = (1, 2)  # pytest says 2 where it cannot load the tests


def problems(repair: Repair) -> list[str]:
    """What is wrong, in sentences; empty when everything holds."""
    if repair.failure:
        return [repair.failure]
    found = _checks(repair) + _diagnosis(repair) + _commit(repair) + _proof(repair) + _thread(repair)
    for run_id, events in repair.runs.items():
        found += egress(events) + ledger(repair.home, run_id)
    return found


def _checks(repair: Repair) -> list[str]:
    """The step as it really ran: it passed before, failed on the person's head, and passes on ours."""
    codes = (repair.code_before or 0, repair.code_red, repair.code_after)
    is_as_told = codes[0] == 0 and codes[1] in FAILED and codes[2] == 0
    return [] if is_as_told else [f"the step's exit codes before, red and after are {codes}"]


def read(repair: Repair) -> list[CheckFailure]:
    """What the first run read of the checks."""
    first: list[Event] = next(iter(repair.runs.values()), [])
    events = [ChecksRead.model_validate(event.data) for event in first if event.kind == "checks.read"]
    return events[-1].failures if events else []


def _diagnosis(repair: Repair) -> list[str]:
    """One cause, the true one, in the ledger and in the comment's words."""
    truth, failures = repair.case.truth, read(repair)
    if len(failures) != 1:
        return [f"{len(failures)} causes instead of one: {[failure.key for failure in failures]}"]
    (failure,) = failures
    said = {"cause": failure.cause, "tool": failure.tool, "kind": failure.kind, "step": failure.step}
    true = {"cause": truth.cause, "tool": truth.tool, "kind": truth.kind, "step": repair.case.step}
    found = [f"the ledger says {said}, the truth is {true}"] if said != true else []
    places = [f"{place.path}:{place.line}" for place in failure.places]
    found += [] if truth.place in places else [f"{truth.place} is not among the places {places}"]
    path, _, line = truth.place.rpartition(":")
    heading = repair.comment.split("<details>")[0]
    found += [] if truth.key in heading else [f"the comment does not say {truth.key!r} in sight: {heading}"]
    seen = any(path in text and line in text for text in repair.comment.splitlines())
    return found + ([] if seen else [f"the comment does not name {truth.place}: {repair.comment}"])


def _commit(repair: Repair) -> list[str]:
    """One commit on the person's head that holds exactly what the next release changed; nothing else has moved."""
    place, head, ours = repair.git_dir, repair.head, repair.repaired
    found = []
    if git(place, "rev-list", "--parents", f"{head}..{ours}").split() != [ours, head]:
        found.append("what was added is not one commit on the person's head")
    if git(place, "rev-parse", "refs/heads/main") != repair.base:
        found.append("main has moved")
    names = git(place, "for-each-ref", "--format=%(refname)", "refs/heads").split()
    if names != ["refs/heads/main", "refs/heads/words"]:
        found.append(f"the branches are {names}")
    changed = git(place, "diff", "--name-only", "--no-renames", head, ours).splitlines()
    if changed != sorted(repair.case.fixed.paths):
        found.append(f"changed files are {changed}, the true change is in {sorted(repair.case.fixed.paths)}")
    for path in repair.case.fixed.paths:
        before = git_bytes(place, "show", f"{head}:{path}").decode()
        if git_bytes(place, "show", f"{ours}:{path}").decode() != _replaced(before, path, repair.edits):
            found.append(f"{path} is not what the next release has")
    return found


def _replaced(text: str, path: str, edits: tuple[Edit, ...]) -> str:
    for edit in edits:
        if edit.path == path:
            assert text.count(edit.old) == 1, edit.old
            text = text.replace(edit.old, edit.new)
    return text


def _proof(repair: Repair) -> list[str]:
    """Recorded executions: the project's own verification failed on the person's head and passes on ours."""
    state = repair.states[-1]
    codes = {
        at: [told.said.exit_code for told in state.commands if told.said.purpose == "verify" and told.said.at == at]
        for at in ("base", "head")
    }
    if state.outcome != "proposed" or not codes["base"] or not codes["base"][-1] or codes["head"][-1:] != [0]:
        return [f"it ended with `{state.outcome}` {state.reason}; verification's exit codes are {codes}"]
    return []


def _thread(repair: Repair) -> list[str]:
    """The person's pull request: still theirs, signed commits of the bot, nothing left open."""
    pull = repair.pull
    assert pull is not None
    ours = [commit.verified for commit in pull.commits if commit.sha == repair.repaired]
    facts = {
        "one signed commit of the bot": ours == [True],
        "one diagnosis": sum("lamplighter checks" in comment.body for comment in pull.comments) == 1,
        "open": pull.state == "open",
        "without a wish for a person": "agent:needs-human" not in pull.labels,
    }
    return [f"not {text}" for text, holds in facts.items() if not holds]
