"""What the control side decides about a run, and what people said to it: its kinds of event. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, InstanceOf, PlainSerializer

from app.events.asked import AdmissionFacts
from app.events.configured import Configured, Effort
from app.events.parts import Blob, CheckFailure, Count, Part
from app.events.record import Record
from app.jobs.job import Person, Thread

NOWHERE = Thread(installation_id=0, repository_id=0, repository="", number=0)
NOBODY = Person(login="", id=0)


def _thread(value: Any) -> Any:
    return Thread(**{**NOWHERE._asdict(), **value}) if isinstance(value, Mapping) else value


def _person(value: Any) -> Any:
    return Person(**{**NOBODY._asdict(), **value}) if isinstance(value, Mapping) else value


_AsMapping = PlainSerializer(lambda value: value._asdict())
Where = Annotated[InstanceOf[Thread], BeforeValidator(_thread), _AsMapping]
Who = Annotated[InstanceOf[Person], BeforeValidator(_person), _AsMapping]


class Comment(Part):
    author: str
    body: str
    at: str = ""


class ReviewThread(Part):
    """What people said at a line of a pull request's diff; `line` is None where the code has changed since."""

    number: int  # in the run, from 1
    id: str
    comment_id: int  # its first comment
    path: str
    side: str = "RIGHT"
    line: int | None = None
    start_line: int | None = None
    original_line: int | None = None
    outdated: bool = False
    hunk: str = ""
    comments: list[Comment] = []
    comment_ids: list[int] = []  # of all that was said in it


class Task(Part):
    """The text a run is asked to do, frozen; all of it untrusted."""

    title: str = ""
    body: str = ""
    author: str = ""
    url: str = ""
    instructions: str = ""
    comments: list[Comment] = []
    threads: list[ReviewThread] = []
    failures: list[CheckFailure] = []


class Continued(Part):
    """The unfinished change that a run goes on from: a snapshot of the run before."""

    run_id: str
    manifest: Blob
    changed: Count


class Base(Part):
    """The commit that a run stands on; `default` when it is the default branch's."""

    ref: str
    sha: str
    default: bool = True


class Names(Part):
    """What a run's texts call things: the command's prefix, and the labels by their fixed word."""

    prefix: str = "/agent"
    labels: dict[str, str] = {}


class Protection(Part):
    """What guards the base branch."""

    protected: bool = True
    approvals_required: int | None = None
    may_bypass: bool | None = False


class PullTarget(Part):
    """The pull request that a run adds commits to; the run stands on the head of its branch."""

    base_ref: str
    base_sha: str
    url: str = ""
    draft: bool = False
    ours: bool = False  # we opened it
    fork: bool = False  # its branch is in another repository: the change is offered as a patch
    behind: Count | None = None  # commits of the base that it lacked, where the run is about that


class RunCreated(Record, kind="run.created"):
    """All that was known when the run was asked for. One that only says something has the first eight fields."""

    thread: Where = NOWHERE
    requester: Who = NOBODY
    trigger: str = ""
    reason: str = ""
    delivery: str = ""
    comment_id: int | None = None
    playbook: str = ""
    names: Names = Names()
    task: Task = Task()
    keeps_label: bool = False
    base: Base = Base(ref="", sha="")
    branch: str = ""
    continued: Continued | None = None
    plan_first: bool = False  # nothing is proposed before a plan was approved
    gathers: str = ""  # requests of this kind on its thread join it until it begins; see `app.jobs.job.Job`
    target: PullTarget | None = None  # None: the change becomes a pull request of its own
    clone_url: str = ""
    config: Configured = Configured()
    config_source: dict[str, Any] = {}
    config_notes: list[str] = []
    alias: str = "default"
    effort: Effort | None = None
    model: str = ""
    admission: AdmissionFacts = AdmissionFacts()
    protection: Protection = Protection()
    why: list[str] = []  # what was asked and found, and the rule that decided, as the lines of a tree


class RunMoved(Record, kind="run.moved"):
    """What the repository is called from now on; its id stays."""

    thread: Where
    clone_url: str


class BaseFollowed(Record, kind="base.followed"):
    """The branch that the change is for has another name."""

    ref: str


class HeadTaken(Record, kind="head.taken"):
    """The pull request as it stands when a run that has waited begins."""

    sha: str
    base_sha: str
    threads: list[ReviewThread] = []


class HeadMoved(Record, kind="head.moved", is_news=True):
    """The branch of the pull request went on after the run had finished its change, or was replaced: the run stands on
    `sha` from now on, and works again at `until`. It made its change on `was`.
    """

    sha: str
    was: str
    replaced: bool = False  # force-pushed: `was` is no part of what stands there
    commits: Count = 0  # that came in; 0 where nobody could count them
    by: list[str] = []  # who wrote them, as far as GitHub knows
    note: str = ""  # for people, while it waits
    until: str


class ChecksRead(Record, kind="checks.read", is_news=True):
    """The checks of a commit, when all of them had ended or the patience with them had."""

    sha: str
    failures: list[CheckFailure] = []
    green: Count = 0  # checks that passed
    pending: list[str] = []  # that were not waited for any longer
    rounds: Count = 0  # repairs of this pull request's checks before this
    again: bool = False  # one of the failures is what a repair before was for
    undone: bool = False  # a person had our last change taken back, and has asked for none since
    by_chance: list[CheckFailure] = []  # that passed when the commit ran again
    reruns: Count = 0  # so often jobs of it were run again for this
    autofix: str = ""  # what somebody said there: on, off; empty: nobody
    branch: str = ""  # the default branch, where the commit is one of its; else the checks are a pull request's
    carried: list[CheckFailure] = []  # on the branch: failed there before, and no check has said otherwise since
    over: list[CheckFailure] = []  # on the branch: failed there before, and all that failed has passed since
    fixes: list[str] = []  # on the branch: signatures for which a fix begins by itself
    begun: list[str] = []  # on the branch: for which one has begun, whatever came of it
    tired: list[str] = []  # on the branch: that came back so often, or by a revert, that none begins any more
    hindered: str = ""  # why none begins that the repository wants, in a sentence
    repairs: bool = True  # the run goes on to repair; else it ends with saying what it read


class WorkflowAttempt(Part):
    """An attempt at a workflow run of GitHub Actions, by the run's id."""

    run: int
    attempt: Count

    @property
    def key(self) -> str:
        """Of the thing on GitHub that is its running again."""
        return f"rerun:{self.run}:{self.attempt}"


class RerunAsked(Record, kind="rerun.asked", is_news=True):
    """The failed jobs of these attempts are to run again: what failed may pass."""

    sha: str
    runs: list[WorkflowAttempt]
    failures: list[CheckFailure] = []


class RunQueued(Record, kind="run.queued", is_news=True):
    reason: str = ""
    ahead: int = 0


class MaySpend(Record):
    """The run may spend, up to `cap_usd` in all; asks for one more attempt."""

    reason: str = ""
    cap_usd: float | None = None


class RunAdmitted(MaySpend, kind="run.admitted", is_news=True):
    """For the first time."""


class RunResumed(MaySpend, kind="run.resumed", is_news=True):
    """Again; without `cap_usd` a lost worker is replaced."""


class Heard(Record):
    """What somebody said to a run that was there."""

    by: str
    delivery: str = ""
    comment_id: int | None = None
    via: str = ""  # the event that brought it, which says what kind of comment it is


class RequestGathered(Heard, kind="request.gathered", is_news=True):
    """More of what the run was asked for, before it began."""

    text: str = ""
    until: str  # it is quiet if nothing more comes


class SteerReceived(Heard, kind="steer.received", is_news=True):
    text: str


class QuestionAnswered(Heard, kind="question.answered", is_news=True):
    text: str
    approves: str = ""  # the digest of the plan that may be carried out from now on


class CancelRequested(Heard, kind="cancel.requested", is_news=True):
    """`told`: the whole sentence for people, where the thread itself has ended and nobody said stop to the run."""

    reason: str = ""
    told: str = ""
    next_step: str = ""
    keeps: bool = False  # a person said stop: what there is goes on a branch. A request that was withdrawn leaves none


class BudgetRaised(Heard, kind="budget.raised", is_news=True):
    run_usd: float


class ModelChanged(Heard, kind="model.changed", is_news=True):
    """From its next call on the run asks another model: `alias` as people named it, `model` as its provider does."""

    alias: str
    model: str


class ProposalResumed(Heard, kind="proposal.resumed", is_news=True):
    """What was finished but not published is to be published after all."""


class QuestionReminded(Record, kind="question.reminded", is_news=True):
    question: int  # its number, from 1
    until: str | None  # when the run ends without an answer
