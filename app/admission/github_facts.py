"""What dispatch asks GitHub before it decides: configuration at a fixed commit, roles, protection, the conversation."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from app.checkpoints.welcome import OFF_LABEL, is_ours
from app.commands.verbs import needed_role
from app.config import repo_config
from app.config.repo_config import RepoConfig
from app.errors import UserError
from app.events.asked import AdmissionFacts
from app.events.configured import BudgetWanted
from app.events.deciding import Comment, Names, Protection, PullTarget
from app.github import issues, pulls, repositories
from app.github.client import GitHub
from app.jobs.job import Command, Job, Thread, label_put_on
from app.playbooks.playbook import Playbook

BOT_DEFAULTS = RepoConfig.model_validate({})
_COMMENTS = 30  # the latest of a conversation; more would drown the issue itself


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that admission and a run's first event need to know."""

    book: Playbook
    base_ref: str
    base_sha: str
    target: PullTarget | None  # the pull request whose branch `base_ref` is
    config: RepoConfig
    config_source: dict[str, Any]  # {"path", "sha"}; path None when the repository has no file
    budget: BudgetWanted  # the configured one, with what the command changed
    comments: list[Comment]
    admission: AdmissionFacts  # what GitHub and the configuration say
    protection: Protection  # of the base branch


def role_of(github: GitHub, repository: str, login: str) -> str:
    """The sender's role; `author_association` in payloads is wrong for private members and never used."""
    return repositories.role(github, repository, login)


def names_of(config: RepoConfig, prefix: str) -> Names:
    """The names a run's texts use: the command prefix and the labels by their fixed word."""
    return Names(prefix=prefix, labels=config.label_names())


def is_foreign_label(github: GitHub, job: Job) -> bool:
    """Whether the label that was put on is not the one this repository configured: then nobody asked us anything."""
    label = label_put_on(job.trigger).lower()
    if not label:
        return False
    try:
        content = repositories.file(github, job.thread.repository, repo_config.PATH, "HEAD")
        config = repo_config.parse(content) if content is not None else BOT_DEFAULTS
    except UserError:  # what is wrong with the file is said to whoever used the label that starts runs by default
        config = BOT_DEFAULTS
    return label != config.triggers.label.lower()


def organisation_defaults(github: GitHub, repository: str) -> bytes | None:
    """The file that gives an organisation's repositories their defaults."""
    owner = repository.partition("/")[0]
    return repositories.file(github, f"{owner}/.github", repo_config.PATH, "HEAD")


def switched_off(github: GitHub, repository: str, bot_login: str) -> int | None:
    """The number of the onboarding issue when `agent:off` is on it: then nothing starts in the whole repository."""
    for issue in issues.by(github, repository, bot_login, label=OFF_LABEL):
        if is_ours(issue.body):
            return issue.number
    return None


def gather(
    github: GitHub, job: Job, command: Command, book: Playbook, defaults: bytes | None = None, *, bot_login: str
) -> Facts:
    """Ask everything that a run of the kind `book` needs. `defaults` is the organisation's configuration file.

    Raises UserError when there is nothing to start from or the configuration is wrong.
    """
    name = job.thread.repository
    repository = repositories.repository(github, name)
    pull = pulls.pull(github, name, job.thread.number) if book.delivers == "commits" and job.thread.number else None
    base_ref = pull.base_ref if pull else repository.default_branch
    base_sha = _head_of(github, name, base_ref)
    config, source = configuration(github, name, base_sha, defaults)
    if not job.thread.number and not repository.has_issues:
        raise UserError(f"`{name}` has no issues in which to say what fails on `{base_ref}`.")
    protection = repositories.protection(github, name, base_ref)
    budget = config.kept().budget
    if "budget" in command.flags:
        budget = budget.model_copy(update={"run_usd": float(command.flags["budget"])})
    open_pulls = pulls.open_pulls(github, name, head_prefix=config.branch_prefix)
    return Facts(
        book=book,
        base_ref=pull.head_ref if pull else base_ref,
        base_sha=pull.head_sha if pull else base_sha,
        target=_target(github, name, pull, base_sha, bot_login, book) if pull else None,
        config=config,
        config_source=source,
        budget=budget,
        comments=_conversation(github, job),
        admission=AdmissionFacts(
            needed_role="none" if job.is_unasked else needed_role(command),
            **_standing(github, job.thread, bot_login),
            switched_off=switched_off(github, name, bot_login),
            is_pull_request=job.thread.is_pull_request,
            by_checks=job.is_by_checks,
            **_branch_of(pull, repository),
            archived=repository.archived,
            playbook=book.name,
            playbook_enabled=config.playbook(book.name).enabled,
            autonomy=config.autonomy,
            phase=config.phase,
            open_pull_requests=len(open_pulls),
            max_open_pull_requests=config.limits.open_pull_requests,
            day_usd=config.budget.day_usd,
            wanted_usd=budget.run_usd if book.asks_model else 0.0,
        ),
        protection=Protection(**asdict(protection)),
    )


def _standing(github: GitHub, thread: Thread, bot_login: str) -> dict[str, Any]:
    """How the thread stands, as fields of AdmissionFacts. The default branch as a whole is nothing one could close."""
    if not thread.number:
        return {}
    issue = issues.issue(github, thread.repository, thread.number)
    return {
        "thread_labels": tuple(issue.labels),
        "own_issue": issue.author == bot_login and is_ours(issue.body),
        "thread_open": issue.is_open,
        "thread_locked": issue.is_locked,
    }


def _head_of(github: GitHub, name: str, base_ref: str) -> str:
    sha = repositories.branch_sha(github, name, base_ref)
    if sha is None:
        raise UserError(f"`{name}` has no commit on `{base_ref}` yet, so there is nothing to work on.")
    return sha


def _branch_of(pull: pulls.PullRequest | None, repository: repositories.Repository) -> dict[str, Any]:
    """What speaks against adding to the branch of a pull request; nothing on an issue."""
    if pull is None:
        return {}
    is_default = pull.head_ref == repository.default_branch
    return {"thread_merged": pull.merged, "from_fork": pull.from_fork, "head_is_default": is_default}


def _target(
    github: GitHub, name: str, pull: pulls.PullRequest, base_sha: str, bot_login: str, book: Playbook
) -> PullTarget:
    asks = book.merges_base and not pull.from_fork
    return PullTarget(
        base_ref=pull.base_ref,
        base_sha=base_sha,
        url=pull.url,
        draft=pull.draft,
        ours=pull.author == bot_login,
        fork=pull.from_fork,
        behind=repositories.behind(github, name, base=base_sha, head=pull.head_sha) if asks else None,
    )


def _conversation(github: GitHub, job: Job) -> list[Comment]:
    """What people had said on the thread when the job came, the command itself left out."""
    if not job.thread.number:
        return []
    said = issues.comments(github, job.thread.repository, job.thread.number, until=job.received_at)
    return [
        Comment(author=comment.author, body=comment.body, at=comment.created_at.isoformat())
        for comment in said[-_COMMENTS:]
        if comment.author_type != "Bot" and comment.id != job.source.comment_id
    ]


def configuration(github: GitHub, name: str, ref: str, defaults: bytes | None) -> tuple[RepoConfig, dict[str, Any]]:
    """The repository's configuration at `ref` over the organisation's, and where it is from. Raises UserError with
    every mistake in it.
    """
    content = repositories.file(github, name, repo_config.PATH, ref)
    config = repo_config.parse(content) if content is not None else BOT_DEFAULTS
    source = {"path": repo_config.PATH if content is not None else None, "sha": ref, "defaults": defaults is not None}
    if defaults is not None:
        owner = name.partition("/")[0]
        config = repo_config.merge(repo_config.parse(defaults, f"{owner}/.github: {repo_config.PATH}"), config)
    return config, source
