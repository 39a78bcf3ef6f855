"""Whether a pull request merges, and what stands in the way: computed some time after somebody asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.simulator import git_history, git_refs
from app.simulator.git_store import Identity
from app.simulator.state import Pull, Repository
from app.simulator.world import World

MERGERS = {"write", "maintain", "admin"}
PASSING = {"success", "neutral", "skipped"}


def look(world: World, pull: Pull) -> None:
    """Somebody reads the pull request: from now on GitHub computes, unless it has for these two commits."""
    if pull.state == "open" and (pull.looked_at is None or pull.looked_at[:2] != (pull.head_sha, pull.base_sha)):
        pull.looked_at = (pull.head_sha, pull.base_sha, world.now())


def known(world: World, pull: Pull) -> bool | None:
    """It merges without conflict; None while GitHub does not know, and for ever once it is closed."""
    if pull.state != "open" or pull.looked_at is None or pull.looked_at[:2] != (pull.head_sha, pull.base_sha):
        return None
    if world.now() - pull.looked_at[2] < timedelta(seconds=world.mergeable_seconds):
        return None
    return _tree(pull) is not None


def _tree(pull: Pull) -> str | None:
    return git_history.merged_tree(pull.repository.git, pull.base_sha, pull.head_sha)


def trial_merge(world: World, pull: Pull) -> str | None:
    """The commit GitHub made to try the merge (`refs/pull/N/merge`), None while or where there is none."""
    tree = _tree(pull) if known(world, pull) else None
    if tree is None or pull.looked_at is None:
        return None
    who = Identity(name=pull.user.login, email=pull.user.email, date=pull.looked_at[2])
    message = f"Merge {pull.head_sha} into {pull.base_sha}"
    parents = (pull.base_sha, pull.head_sha)
    made = pull.repository.git.write_commit(tree=tree, parents=parents, author=who, committer=who, message=message)
    git_refs.note_ref(pull.repository.git, f"refs/pull/{pull.number}/merge", made)
    return made


def state(world: World, pull: Pull) -> str:
    """`mergeable_state`: unknown dirty draft blocked behind unstable clean."""
    merges = known(world, pull)
    if merges is None:
        return "unknown"
    if not merges:
        return "dirty"
    if pull.draft:
        return "draft"
    if missing(world, pull):
        return "blocked"
    strict = any(is_strict for _, is_strict in required_checks(pull.repository, pull.base))
    if strict and not git_history.is_ancestor(pull.repository.git, pull.base_sha, pull.head_sha):
        return "behind"
    found = outcomes(pull.repository, pull.head_sha)
    return "unstable" if any(outcome not in PASSING for outcome in found.values()) else "clean"


def missing(world: World, pull: Pull) -> list[str]:
    """What protection and rulesets still ask for, as GitHub says it."""
    repo, found = pull.repository, list[str]()
    needed = _required_approvals(repo, pull.base)
    standing = {
        review.user: review.state for review in pull.reviews if review.state in ("APPROVED", "CHANGES_REQUESTED")
    }
    counted = [
        verdict for user, verdict in standing.items() if world.role(repo, user) in ("write", "maintain", "admin")
    ]
    if needed and "CHANGES_REQUESTED" in counted:
        found.append("Changes have been requested.")
    if counted.count("APPROVED") < needed:
        found.append(f"At least {needed} approving review is required by reviewers with write access.")
    passed = outcomes(repo, pull.head_sha)
    lacking = [name for name, _ in required_checks(repo, pull.base) if passed.get(name) not in PASSING]
    if lacking:
        named = ", ".join(f'"{name}"' for name in lacking)
        found.append(f"Required status check {named} is expected.")
    return found


def outcomes(repo: Repository, sha: str) -> dict[str, str]:
    """The last outcome of every check run and status context of a commit; "pending" while there is none."""
    runs = {run.name: run.conclusion or "pending" for run in repo.check_runs(sha)}
    return runs | {status.context: status.state for status in repo.statuses if status.sha == sha}


def required_checks(repo: Repository, branch: str) -> list[tuple[str, bool]]:
    """The required contexts of a branch, each with whether the head must have all of the base."""
    rules = repo.protection.get(branch)
    found = [(name, rules.strict) for name in rules.required_checks] if rules else []
    for parameters in _rules(repo, branch, "required_status_checks"):
        strict = bool(parameters.get("strict_required_status_checks_policy"))
        found += [(check["context"], strict) for check in parameters.get("required_status_checks", [])]
    return found


def _required_approvals(repo: Repository, branch: str) -> int:
    rules = repo.protection.get(branch)
    needed = [int(p.get("required_approving_review_count", 0)) for p in _rules(repo, branch, "pull_request")]
    return max([*needed, rules.required_approvals if rules else 0])


def _rules(repo: Repository, branch: str, kind: str) -> list[dict[str, Any]]:
    return [rule.get("parameters", {}) for rule in repo.rules.get(branch, []) if rule.get("type") == kind]
