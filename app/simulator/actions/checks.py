"""Check runs and suites."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.simulator.events import emit
from app.simulator.http import ApiError, Json, invalid
from app.simulator.records import Account, AppRegistration, CheckRun, CheckSuite
from app.simulator.shapes import checks as shapes
from app.simulator.state import Repository
from app.simulator.world import World

OUTPUT_LIMIT = 65_535  # characters of summary and of text
ANNOTATIONS_PER_CALL = 50
ACTIONS_LIMIT = 3
ACTION_LIMITS = {"label": 20, "description": 40, "identifier": 20}  # characters
NOTE_LIMITS = {"message": 64 * 1024, "title": 255}  # characters of an annotation
CONCLUSIONS = ("action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out")


def suite_of(world: World, repo: Repository, app: AppRegistration, sha: str) -> CheckSuite:
    """The suite of an App on a commit, made when there is none."""
    for suite in repo.suites:
        if suite.head_sha == sha and suite.app_slug == app.slug:
            return suite
    now = world.now()
    branch = next((name for name, tip in repo.branches.items() if tip == sha), None)
    suite = CheckSuite(
        id=world.next_id(), head_sha=sha, head_branch=branch, created_at=now, updated_at=now, app_slug=app.slug
    )
    repo.suites.append(suite)
    return suite


def request_suite(world: World, actor: Account, repo: Repository, sha: str) -> None:
    """After every push GitHub opens a suite for each App that may write checks; ours stays queued while it is empty."""
    installation = world.installation_of(repo)
    if installation is None or installation.permissions.get("checks") != "write":
        return
    suite = suite_of(world, repo, world.app, sha)
    emit(world, "check_suite", "requested", repo, actor, check_suite=shapes.check_suite(world, repo, suite))


def create_run(world: World, app: AppRegistration, repo: Repository, fields: Json) -> CheckRun:
    """Create a check run from the fields of the API.

    Raises the 422 for a missing name or commit and for every limit of the output.
    """
    name, sha = fields.get("name"), fields.get("head_sha")
    if not isinstance(name, str) or not name:
        raise invalid("CheckRun", "name", "missing_field")
    if not isinstance(sha, str) or repo.git.commit(sha) is None:
        raise ApiError(422, f"No commit found for SHA: {sha}")
    _check_fields(fields)
    suite = suite_of(world, repo, app, sha)
    run = CheckRun(id=world.next_id(), name=name, head_sha=sha, suite_id=suite.id, app_slug=app.slug)
    repo.runs.append(run)
    suite.is_asked_again = False
    _apply(world, run, fields)
    tell(world, app.bot, repo, run, "created")
    _tell_if_completed(world, app.bot, repo, run)
    return run


def update_run(world: World, app: AppRegistration, repo: Repository, run: CheckRun, fields: Json) -> None:
    """Change a check run; annotations are added to those there are.

    Raises the 422 for every limit of the output.
    """
    _check_fields(fields)
    was_completed = run.status == "completed"
    _apply(world, run, fields)
    next(suite for suite in repo.suites if suite.id == run.suite_id).is_asked_again = False
    if not was_completed:
        _tell_if_completed(world, app.bot, repo, run)


def press(world: World, actor: Account, repo: Repository, run: CheckRun, identifier: str) -> None:
    """A person presses one of the run's buttons."""
    if not any(action["identifier"] == identifier for action in run.actions):
        raise LookupError(f"check run {run.name} has no button {identifier}")
    tell(world, actor, repo, run, "requested_action", requested_action={"identifier": identifier})


def rerequest(world: World, actor: Account, repo: Repository, run: CheckRun) -> None:
    """A person presses "Re-run"."""
    tell(world, actor, repo, run, "rerequested")


def rerequest_suite(world: World, actor: Account, repo: Repository, suite: CheckSuite) -> None:
    """A suite is wanted again ("Re-run all checks"): it is queued and has no conclusion until its App, which alone
    hears of it, says something. Its check runs stay as they are.
    """
    suite.is_asked_again, suite.updated_at = True, world.now()
    if suite.app_slug == world.app.slug:
        shown = shapes.check_suite(world, repo, suite)
        emit(world, "check_suite", "rerequested", repo, actor, check_suite=shown)


def _check_fields(fields: Json) -> None:
    output = fields.get("output") or {}
    for name in ("summary", "text"):
        if len(output.get(name) or "") > OUTPUT_LIMIT:
            message = f"{name} exceeds a maximum of {OUTPUT_LIMIT} characters"
            raise invalid("CheckRun", f"output.{name}", "custom", message)
    if output and not (output.get("title") and output.get("summary") is not None):
        raise invalid("CheckRun", "output.title", "missing_field")
    if len(output.get("annotations") or []) > ANNOTATIONS_PER_CALL:
        raise ApiError(422, f"Invalid request. No more than {ANNOTATIONS_PER_CALL} annotations per call.")
    for note in output.get("annotations") or []:
        _check_annotation(note)
    actions = fields.get("actions") or []
    too_long = any(len(action.get(name) or "") > limit for action in actions for name, limit in ACTION_LIMITS.items())
    if len(actions) > ACTIONS_LIMIT or too_long:
        raise invalid("CheckRun", "actions", "custom", "at most three actions with short texts")
    if fields.get("conclusion") is not None and fields["conclusion"] not in CONCLUSIONS:
        raise invalid("CheckRun", "conclusion")
    if fields.get("status") == "completed" and not fields.get("conclusion"):
        raise invalid("CheckRun", "conclusion", "missing_field")


def _check_annotation(note: Json) -> None:
    """The 422 for what is no line of a file, or too long."""
    too_long = [name for name, limit in NOTE_LIMITS.items() if len(note.get(name) or "") > limit]
    if too_long:
        raise invalid("CheckRun", f"output.annotations.{too_long[0]}", "custom", "is too long")
    first, last = note.get("start_line"), note.get("end_line")
    is_a_range = isinstance(first, int) and isinstance(last, int) and 1 <= first <= last
    if not (note.get("path") and note.get("message") and is_a_range):
        raise ApiError(422, "Invalid request. An annotation names a path, a range of lines and a message.")


def _apply(world: World, run: CheckRun, fields: Json) -> None:
    run.name = fields.get("name") or run.name
    run.external_id = fields.get("external_id", run.external_id)
    run.details_url = fields.get("details_url", run.details_url)
    run.actions = fields.get("actions", run.actions)
    if fields.get("conclusion"):
        run.status, run.conclusion = "completed", fields["conclusion"]
        run.completed_at = _moment(fields.get("completed_at")) or world.now()
    elif fields.get("status"):
        run.status, run.conclusion, run.completed_at = fields["status"], None, None
    run.started_at = _moment(fields.get("started_at")) or run.started_at or world.now()
    if output := fields.get("output"):
        run.output.update({name: output[name] for name in shapes.OUTPUT_FIELDS if name in output})
        run.annotations += output.get("annotations") or []


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def tell(world: World, actor: Account, repo: Repository, run: CheckRun, action: str, **parts: Any) -> None:
    """Send `check_run`: whoever may read checks hears of every App's, but only its owner that one is wanted again."""
    if action in ("rerequested", "requested_action") and run.app_slug != world.app.slug:
        return
    suite = next(suite for suite in repo.suites if suite.id == run.suite_id)
    shown = shapes.check_run(world, repo, run)
    shown["check_suite"] = shapes.check_suite(world, repo, suite)
    emit(world, "check_run", action, repo, actor, check_run=shown, **parts)


def _tell_if_completed(world: World, actor: Account, repo: Repository, run: CheckRun) -> None:
    if run.status != "completed":
        return
    tell(world, actor, repo, run, "completed")
    tell_suite(world, actor, repo, run.suite_id)


def tell_suite(world: World, actor: Account, repo: Repository, suite_id: int) -> None:
    """Send `check_suite.completed` when all its runs are."""
    suite = next(suite for suite in repo.suites if suite.id == suite_id)
    suite.updated_at = world.now()
    if shapes.suite_outcome(repo, suite)[0] == "completed":
        shown = shapes.check_suite(world, repo, suite)
        emit(world, "check_suite", "completed", repo, actor, check_suite=shown)
