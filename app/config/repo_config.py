"""What a repository may say in `.github/lamplighter.yml`: the schema, its defaults, and its mistakes as sentences.

A new key goes into `app.events.configured` as well, where a run keeps it. Not for the door: pydantic and PyYAML take
ten times as long to import as the door takes to answer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

from pydantic import AliasChoices, Field, ValidationError, create_model, model_validator

from app.config import errors, parse_yaml
from app.config.part import Part
from app.config.question_times import END_SECONDS, REMIND_SECONDS
from app.config.sandbox import Sandbox
from app.config.values import (
    BranchPrefix,
    Commands,
    Cron,
    ModelName,
    Paths,
    QuestionLabel,
    Reviewer,
    StateLabel,
    Text,
    TriggerLabel,
    Wait,
)
from app.errors import UserError
from app.events.configured import Configured
from app.playbooks import CONFIGURABLE
from app.playbooks.playbook import Playbook
from app.triggers.answers import OFF_LABEL

PATH = ".github/lamplighter.yml"


class Triggers(Part):
    """What starts a run."""

    label: TriggerLabel = Field(default="agent-fix", description="Putting this label on an issue starts a fix.")


class PlaybookSwitch(Part):
    """Whether this repository wants one kind of run."""

    enabled: bool = Field(default=True, description="Whether runs of this kind are started at all.")


class PlaybookSettings(PlaybookSwitch):
    """What this repository wants of one kind of run that asks a model."""

    model: ModelName | None = Field(default=None, description="Instead of the repository's `model`.")
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = Field(
        default=None, description="How hard to think, instead of what goes with the model's alias."
    )
    instructions: str = Field(default="", max_length=8000, description="Guidance for the agent, besides AGENTS.md.")


# One key for each kind of run that a worker does.
_SETTINGS = [(book, PlaybookSettings if book.asks_model else PlaybookSwitch) for book in CONFIGURABLE]
_BY_NAME: Any = {
    book.name: (settings, Field(default=settings(), description=book.does)) for book, settings in _SETTINGS
}
Playbooks = create_model("Playbooks", __base__=Part, __doc__="The kinds of run that can be configured.", **_BY_NAME)


class Budget(Part):
    """What runs may spend; checked before each call of the model."""

    run_usd: float = Field(default=2.0, gt=0, le=1000, description="US dollars for one run.")
    day_usd: float = Field(default=20.0, gt=0, le=100_000, description="US dollars for all runs here in a day (UTC).")
    turns: int = Field(default=100, ge=1, le=1000, description="Calls of the model in one run.")
    minutes: int = Field(default=30, ge=1, le=1440, description="Working time of one run; waiting does not count.")


class Questions(Part):
    """How long a run waits for an answer. Waiting costs nothing."""

    remind_after_seconds: Wait = Field(
        default=REMIND_SECONDS,
        ge=60,
        le=90 * 86_400,
        validation_alias=AliasChoices("remind_after"),
        description="When whoever asked for the run is reminded, once.",
    )
    end_after_seconds: Wait = Field(
        default=END_SECONDS,
        ge=60,
        le=90 * 86_400,
        validation_alias=AliasChoices("end_after"),
        description="When the run ends without an answer.",
    )


class Labels(Part):
    """Names of the labels the bot sets."""

    queued: StateLabel = "agent:queued"
    working: StateLabel = "agent:working"
    needs_info: QuestionLabel = Field(default="agent:needs-info", alias="needs-info")
    needs_approval: StateLabel = Field(default="agent:needs-approval", alias="needs-approval")
    parked: StateLabel = "agent:parked"
    done: StateLabel = "agent:done"
    failed: StateLabel = "agent:failed"
    uncertain: StateLabel = "agent:uncertain"
    breaking_change: StateLabel = Field(default="agent:breaking-change", alias="breaking-change")
    tests_changed: StateLabel = Field(default="agent:tests-changed", alias="tests-changed")
    needs_human: StateLabel = Field(default="agent:needs-human", alias="needs-human")


class Limits(Part):
    """What one pull request may be, and how many may wait for people."""

    files: int = Field(default=50, ge=1, le=3000, description="Files changed in one pull request.")
    bytes: int = Field(default=1_000_000, ge=1, le=50_000_000, description="Bytes of all changed files together.")
    open_pull_requests: int = Field(default=5, ge=1, le=100, description="Open pull requests of the bot at a time.")


class Appointment(Part):
    """One line of the schedule."""

    playbook: Text
    cron: Cron


class RepoConfig(Part):
    """`.github/lamplighter.yml`. Every key may be left out."""

    triggers: Triggers = Triggers()
    playbooks: Playbooks = Playbooks()  # type: ignore[valid-type] # made of the table of playbooks
    setup: Commands | None = Field(
        default=None, description="Commands that install what the tests need, with network. Detected when absent."
    )
    verify: Commands | None = Field(
        default=None, description="Commands that must pass, without network. Detected when absent."
    )
    reach: float = Field(
        default=2, ge=0, le=10, description="How long the tests may run with the change broken on purpose."
    )
    workflows: Literal["first", "last", "never"] = Field(
        default="first",
        description="When tests are taken from `.github/workflows`: before the files, where those tell of none, never.",
    )
    sandbox: Sandbox = Sandbox()
    model: ModelName = Field(default="default", description="`fast`, `default`, `deep`, or the name of a model.")
    budget: Budget = Budget()
    autonomy: Literal["diagnose", "plan", "draft", "ready"] = Field(
        default="draft", description="How far a run may go by itself: `draft` and `ready` are kinds of pull request."
    )
    keep_mergeable: bool = Field(
        default=False, description="Merge the base into the bot's own pull requests when the two conflict, unasked."
    )
    fix_default_branch: bool = Field(
        default=False,
        description="Begin a fix of what fails on the default branch, unasked; the issue about it is opened anyway.",
    )
    branch_prefix: BranchPrefix = "agent/"
    questions: Questions = Questions()
    labels: Labels = Labels()
    protect: Paths = Field(default=[], description="Paths the bot must not change, as in .gitignore.")
    limits: Limits = Limits()
    reviewers: list[Reviewer] = Field(
        default=[], max_length=15, description="Logins or `org/team`, besides CODEOWNERS."
    )
    schedule: list[Appointment] = Field(default=[], max_length=50)
    phase: int = Field(
        default=2, ge=1, le=4, description="1 maintenance, 2 issues and events, 3 teams of agents, 4 tuned."
    )

    @model_validator(mode="after")
    def _no_label_means_two_things(self) -> RepoConfig:
        seen: set[str] = set()
        for key, name in self.label_names().items():
            if name.lower() in seen:
                path = ("triggers", "label") if key == "trigger" else ("labels", key)
                raise errors.at(path, f"is {parse_yaml.shown(name)}, which stands for something else already")
            seen.add(name.lower())
        return self

    def kept(self) -> Configured:
        """As a run's first event keeps it."""
        return Configured.model_validate(self.model_dump(mode="json"))

    def playbook(self, name: str) -> PlaybookSettings:
        """What is wanted of the kind of run that `app.playbooks` calls so."""
        settings: PlaybookSwitch = getattr(self.playbooks, name)
        return settings if isinstance(settings, PlaybookSettings) else PlaybookSettings(enabled=settings.enabled)

    def allows(self, book: Playbook) -> bool:
        """Whether runs of this kind are started here."""
        return self.playbook(book.name).enabled and self.phase >= book.phase

    def label_names(self) -> dict[str, str]:
        """Every label by its fixed word: `trigger`, `off`, the states (`needs-info` …) and the marks."""
        return {"trigger": self.triggers.label, "off": OFF_LABEL} | self.labels.model_dump(by_alias=True)

    def unbuilt(self, images: Collection[str] | None = None) -> list[str]:
        """What this file asks for that this version does not do, one sentence each.

        `images` are the names that sandboxes are offered under; None where a sandbox has no image of its own. Raises
        UserError for an image that is not offered.
        """
        notes = []
        if self.schedule:
            notes.append("`schedule` is read, but nothing is started by the clock yet.")
        image = self.sandbox.image
        if image and images is None:
            notes.append("`sandbox.image` is read, but here the sandbox uses the machine's own tools.")
        elif image and images is not None and image not in images:
            offered = ", ".join(f"`{name}`" for name in sorted(images)) or "none"
            raise UserError(
                f"`sandbox.image` in `{PATH}` asks for {parse_yaml.shown(image)}, which is not offered here. "
                f"Offered: {offered}. Whoever runs Lamplighter adds more."
            )
        return notes


def parse(content: bytes, source: str = PATH) -> RepoConfig:
    """Read a configuration file.

    Raises UserError, Markdown fit for a comment, listing every mistake with key, line and what is allowed. `source`
    is how the text calls the file.
    """
    config, mistakes = examine(content)
    if config is None:
        raise UserError(errors.listed(source, mistakes))
    return config


def examine(content: bytes) -> tuple[RepoConfig | None, list[str]]:
    """The configuration, or everything that is wrong with it, one sentence each, by line."""
    try:
        document = parse_yaml.load(content)
    except UserError as error:
        return None, [str(error)]
    mistakes = list(document.mistakes)
    config = None
    try:
        config = RepoConfig.model_validate(document.data, by_alias=True, by_name=False)  # names are ours, not theirs
    except ValidationError as error:
        mistakes += errors.sentences(error, document, RepoConfig)
    told = [f"line {line}: {text}" for line, text in sorted(mistakes)]
    return (None if told else config), told


def merge(defaults: RepoConfig, repository: RepoConfig) -> RepoConfig:
    """The organisation's `defaults` with everything `repository` says laid over it; lists are replaced as a whole.

    Raises UserError when the two contradict each other.
    """
    try:
        return RepoConfig.model_validate(
            _laid_over(defaults.model_dump(exclude_unset=True), repository.model_dump(exclude_unset=True))
        )
    except ValidationError as error:
        found = errors.sentences(error, parse_yaml.Document(), RepoConfig)
        source = f"`{PATH}` together with the organisation's defaults"
        raise UserError(errors.listed(source, [text for _, text in found])) from None


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = _laid_over(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged
