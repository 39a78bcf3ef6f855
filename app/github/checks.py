"""Check runs: the state of a run beside the commit, with annotations and buttons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict, cast

from githubkit.utils import UNSET

from app.github.client import PAGE_SIZE, GitHub, place, quoted
from app.github.records import CHECK_TEXT_LIMIT, cut, number, part, text

ANNOTATIONS_PER_CALL = 50  # more make the request fail; further calls append

Status = Literal["queued", "in_progress", "completed"]
Conclusion = Literal["success", "failure", "neutral", "cancelled", "timed_out", "action_required", "skipped"]

if TYPE_CHECKING:
    from githubkit_schemas.v2022_11_28 import types

    _Annotation = types.ReposOwnerRepoCheckRunsPostBodyPropOutputPropAnnotationsItemsType
    _Output = types.ReposOwnerRepoCheckRunsPostBodyPropOutputType
    _Changed = types.ReposOwnerRepoCheckRunsCheckRunIdPatchBodyPropOutputType  # the same; its title may be missing
    _Action = types.ReposOwnerRepoCheckRunsPostBodyPropActionsItemsType


@dataclass(frozen=True, kw_only=True)
class Annotation:
    path: str
    start_line: int
    end_line: int
    level: Literal["notice", "warning", "failure"]
    message: str
    title: str = ""

    def fields(self) -> _Annotation:
        """As the API takes it; a message may be 64 KB, a title 255 characters."""
        fields: _Annotation = {
            "path": self.path,
            "start_line": self.start_line,
            "end_line": self.end_line,
            "annotation_level": self.level,
            "message": cut(self.message, 60_000),
        }
        if self.title:
            fields["title"] = cut(self.title, 255)
        return fields


@dataclass(frozen=True, kw_only=True)
class Button:
    """An action on the check run; GitHub takes 20, 40 and 20 characters. Raises ValueError for more: a button that is
    cut short means something else.
    """

    label: str
    description: str
    identifier: str

    def __post_init__(self) -> None:
        if len(self.label) > 20 or len(self.description) > 40 or len(self.identifier) > 20:
            raise ValueError(f"a button {self.identifier!r} that GitHub does not take")


@dataclass(frozen=True, kw_only=True)
class Check:
    """What a check run should show."""

    name: str
    head_sha: str
    external_id: str
    status: Status
    title: str
    summary: str
    conclusion: Conclusion | None = None  # with status completed only
    text: str = ""
    details_url: str = ""
    annotations: Sequence[Annotation] = ()
    buttons: Sequence[Button] = ()


@dataclass(frozen=True, kw_only=True)
class CheckRun:
    """What GitHub shows."""

    id: int
    name: str
    head_sha: str
    external_id: str
    status: str
    conclusion: str  # empty until completed
    title: str
    summary: str
    app_slug: str
    details_url: str
    url: str


def check_runs(github: GitHub, repo: str, ref: str, *, name: str = "") -> list[CheckRun]:
    """Every check run of a commit, older ones of the same name too."""
    first = github.rest.checks.list_for_ref(
        *place(repo), quoted(ref), filter_="all", check_name=name or UNSET, per_page=PAGE_SIZE
    )
    return [_check_run(row) for row in github.items(first, key="check_runs")]


def latest(github: GitHub, repo: str, ref: str) -> list[CheckRun]:
    """The newest check run of each name and App on a commit."""
    first = github.rest.checks.list_for_ref(*place(repo), quoted(ref), filter_="latest", per_page=PAGE_SIZE)
    return [_check_run(row) for row in github.items(first, key="check_runs")]


def annotations_of(github: GitHub, repo: str, check_id: int) -> list[Annotation]:
    """Those of a check run, 100 at most."""
    first = github.rest.checks.list_annotations(*place(repo), check_id, per_page=PAGE_SIZE)
    return [_annotation(row) for row in github.items(first, limit=PAGE_SIZE)]


def find_check(github: GitHub, repo: str, head_sha: str, *, name: str, external_id: str) -> CheckRun | None:
    """Ours is the one with our `external_id`."""
    for found in check_runs(github, repo, head_sha, name=name):
        if found.external_id == external_id:
            return found
    return None


def create_check(github: GitHub, repo: str, check: Check) -> CheckRun:
    """Not idempotent: search with `find_check` before repeating it."""
    create, where, sha, shown = github.rest.checks.create, place(repo), check.head_sha, _shown(check)
    output = _output(check, check.annotations[:ANNOTATIONS_PER_CALL])
    if check.conclusion:
        made = create(*where, head_sha=sha, status="completed", conclusion=check.conclusion, output=output, **shown)
    else:
        made = create(*where, head_sha=sha, status=_begun(check), output=output, **shown)
    return _rest_of_annotations(github, repo, check, _check_run(made.json()))


def update_check(github: GitHub, repo: str, check_id: int, check: Check) -> CheckRun:
    """Show `check`. Idempotent but for annotations, which GitHub appends: give them once."""
    update, where, shown = github.rest.checks.update, (*place(repo), check_id), _shown(check)
    output = cast("_Changed", _output(check, check.annotations[:ANNOTATIONS_PER_CALL]))
    if check.conclusion:
        changed = update(*where, status="completed", conclusion=check.conclusion, output=output, **shown)
    else:
        changed = update(*where, status=_begun(check), output=output, **shown)
    return _rest_of_annotations(github, repo, check, _check_run(changed.json()))


def _rest_of_annotations(github: GitHub, repo: str, check: Check, found: CheckRun) -> CheckRun:
    for start in range(ANNOTATIONS_PER_CALL, len(check.annotations), ANNOTATIONS_PER_CALL):
        output = cast("_Changed", _output(check, check.annotations[start : start + ANNOTATIONS_PER_CALL]))
        found = _check_run(github.rest.checks.update(*place(repo), found.id, output=output).json())
    return found


class _Shown(TypedDict):
    name: str
    external_id: str
    details_url: NotRequired[str]
    actions: list[_Action]


def _shown(check: Check) -> _Shown:
    shown: _Shown = {
        "name": check.name,
        "external_id": check.external_id,
        "actions": [
            {"label": button.label, "description": button.description, "identifier": button.identifier}
            for button in check.buttons
        ],
    }
    if check.details_url:
        shown["details_url"] = check.details_url
    return shown


def _begun(check: Check) -> Literal["queued", "in_progress"]:
    return "queued" if check.status == "queued" else "in_progress"  # completed is what has a conclusion


def _output(check: Check, annotations: Sequence[Annotation]) -> _Output:
    output: _Output = {"title": cut(check.title, 255), "summary": cut(check.summary, CHECK_TEXT_LIMIT)}
    if check.text:
        output["text"] = cut(check.text, CHECK_TEXT_LIMIT)
    if annotations:
        output["annotations"] = [annotation.fields() for annotation in annotations]
    return output


def _annotation(data: Any) -> Annotation:
    level = text(data, "annotation_level")
    return Annotation(
        path=text(data, "path"),
        start_line=number(data, "start_line"),
        end_line=number(data, "end_line"),
        level=level if level in {"notice", "warning"} else "failure",  # type: ignore[arg-type] # one of the two
        message=text(data, "message"),
        title=text(data, "title"),
    )


def _check_run(data: Any) -> CheckRun:
    output = part(data, "output")
    return CheckRun(
        id=number(data, "id"),
        name=text(data, "name"),
        head_sha=text(data, "head_sha"),
        external_id=text(data, "external_id"),
        status=text(data, "status"),
        conclusion=text(data, "conclusion"),
        title=text(output, "title"),
        summary=text(output, "summary"),
        app_slug=text(part(data, "app"), "slug"),
        details_url=text(data, "details_url"),
        url=text(data, "html_url"),
    )
