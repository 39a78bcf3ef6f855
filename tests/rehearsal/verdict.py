"""What must hold after a rehearsal: asked of git, the ledger and the text people read, not of the run's own word."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from app.events.parts import Counts
from app.ledger import Event
from tests.rehearsal.projects import git, git_bytes
from tests.rehearsal.routes import LAMPLIGHTER, NOT_HERE, REGISTRIES, ROOT, Outcome

PULLS = "refs/pull/"  # GitHub's own, of each pull request


def refs(git_dir: Path) -> str:
    return git(git_dir, "for-each-ref", "--format=%(refname) %(objectname)")


def problems(outcome: Outcome) -> list[str]:
    """What is wrong, in sentences; empty when everything holds."""
    if outcome.failure:
        return [outcome.failure]
    state = outcome.state
    if state.outcome != "proposed":
        return [f"it ended with `{state.outcome}`: {state.reason} {_last_words(outcome)}"]
    found = _branch(outcome) + _evidence(outcome) + egress(outcome.events) + ledger(outcome.home, outcome.run_id)
    return found + (_github(outcome) if outcome.route == "webhook" else _untouched(outcome))


def _last_words(outcome: Outcome) -> str:
    failed = [ran.said for ran in outcome.state.commands if ran.said.exit_code]
    return f"Last output: {failed[-1].tail[-600:]}" if failed else ""


def branch(outcome: Outcome) -> str:
    return str(outcome.state.created.branch)


def _branch(outcome: Outcome) -> list[str]:
    """The branch is there with one commit on the base, holds exactly the true fix, and nothing else has moved."""
    place, name, base = outcome.git_dir, branch(outcome), outcome.base
    after = refs(place).splitlines()
    new = [line for line in after if line not in outcome.refs_before.splitlines() and not line.startswith(PULLS)]
    gone = [line for line in outcome.refs_before.splitlines() if line not in after]
    if gone or [line.partition(" ")[0] for line in new] != [f"refs/heads/{name}"]:
        return [f"references: new {new}, gone {gone}; only `{name}` should be new"]
    found = []
    if git(place, "rev-list", "--parents", f"{base}..{name}").split()[1:] != [base]:
        found.append("the branch is not one commit on top of the base")
    before = {item.path: git_bytes(place, "show", f"{base}:{item.path}") for item in outcome.case.edits if item.old}
    intended = outcome.case.after(before)
    changed = git(place, "diff", "--raw", "--no-renames", "--no-abbrev", base, name).splitlines()
    paths = {line.partition("\t")[2] for line in changed}
    if paths != set(intended):
        found.append(f"changed files are {sorted(paths)}, intended {sorted(intended)}")
    modes = [(line, *line.lstrip(":").split()[:2]) for line in changed]
    found += [f"mode changed: {line}" for line, old, new in modes if (old, new) != ("000000", "100644") and old != new]
    for path, content in intended.items():
        if path in paths and git_bytes(place, "show", f"{name}:{path}") != content:
            found.append(f"{path} is not what was intended")
    return found


def _evidence(outcome: Outcome) -> list[str]:
    """Recorded executions say that the test fails before and passes after, and so does the text."""
    state, found = outcome.state, []
    known = set(outcome.case.known_failures)
    for at, words, expected in (("base", "at base", known | set(outcome.case.broken)), ("head", "at head", known)):
        failing = counts(outcome, at)
        if failing is None:
            found.append(f"the tests were not counted {words}")
        elif set(failing.failing) - set(outcome.case.by_chance) != expected or not failing.passed:
            found.append(f"{words} {failing.passed} tests pass, and these fail: {failing.failing}")
    if not any(ran.said.exit_code for ran in state.commands if ran.said.at == "tests@base"):
        found.append("no recorded execution shows the regression test failing at base")
    proof = (state.verification and state.verification.regression) or {}
    if (proof.get("fails_before"), proof.get("passes_after")) != (True, True):
        found.append(f"the regression proof is {proof}")
    ended = "exit 1" if outcome.case.known_failures else "exit 0"
    said = ("fails without the change and passes with it", ended, "Written from recorded executions")
    found += [f"the text does not say “{text}”" for text in said if text not in outcome.body]
    return found


def counts(outcome: Outcome, at: str) -> Counts | None:
    """Of the suite as it ran there last: of all its commands together, of those that were counted. Projects that only
    a change brings in have a base of their own.
    """
    ran = {
        told.said.command: told.said.counts
        for told in outcome.state.commands
        if told.said.purpose == "verify" and told.said.at.partition(":")[0] == at
    }
    known = [found for found in ran.values() if found is not None]
    if not known:
        return None
    return Counts(
        passed=sum(found.passed or 0 for found in known),
        failed=sum(found.failed or 0 for found in known),
        errors=sum(found.errors or 0 for found in known),
        skipped=sum(found.skipped or 0 for found in known),
        failing=[name for found in known for name in found.failing],
    )


def egress(events: Sequence[Event]) -> list[str]:
    """Requests were made by set-up only, and reached the package registries only."""
    found: list[str] = []
    asked: list[str] = []  # by what is under way: it is told of when it has ended
    for event in events:
        if event.kind == "egress.requested":
            asked.append(event.data["host"])
            if event.data["allowed"] and event.data["host"] not in (*REGISTRIES, *NOT_HERE):
                found.append(f"{event.data['host']} was reached")
        elif event.kind in ("command.ran", "tool.ran"):
            who = event.data.get("purpose") or event.data["name"]
            found += [f"{host} was asked for by {who}" for host in asked if who != "setup"]
            asked = []
    return sorted(set(found))


def ledger(home: Path, run_id: str) -> list[str]:
    """Whether its chain of events holds."""
    done = subprocess.run(
        [*LAMPLIGHTER, "audit", "verify", run_id],
        env={"PATH": os.environ["PATH"], "LAMPLIGHTER_HOME": str(home), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return [] if done.returncode == 0 else [f"audit verify: {(done.stdout + done.stderr).strip()[-300:]}"]


def _untouched(outcome: Outcome) -> list[str]:
    """The person's own work tree is as it was."""
    said = git(outcome.git_dir, "status", "--porcelain") or git(outcome.git_dir, "stash", "list")
    where = git(outcome.git_dir, "symbolic-ref", "HEAD")
    return [f"the work tree was touched: {where} {said}"] if said or where != "refs/heads/main" else []


def _github(outcome: Outcome) -> list[str]:
    """One draft pull request, one status comment, the labels, the check."""
    assert outcome.issue is not None
    if len(outcome.pulls) != 1:
        return [f"{len(outcome.pulls)} pull requests"]
    (pull,), issue, case, repo = outcome.pulls, outcome.issue, outcome.case, outcome.issue.repository
    checks = {run.name: run.conclusion for run in repo.check_runs(pull.head_sha)}
    facts = {
        "a draft": pull.draft,
        "from the branch into main": (pull.head, pull.base) == (branch(outcome), "main"),
        "closing the issue": f"Fixes #{issue.number}" in outcome.body,
        "one signed commit of the bot": [commit.verified for commit in pull.commits] == [True],
        "one status comment": sum("part=status" in comment.body for comment in issue.comments) == 1,
        "the right labels": {name for name in issue.labels if name.startswith("agent:")} == {"agent:done", *case.marks},
        "the eyes": [reaction.content for reaction in issue.reactions] == ["eyes"],
        "the check that belongs to it": checks.get("lamplighter") == ("neutral" if case.marks else "success"),
    }
    return [f"not {text}" for text, holds in facts.items() if not holds]
