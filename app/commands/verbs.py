"""Every verb after `/agent`: what it does, who may say it, where, and whether this version does it."""

from __future__ import annotations

from collections.abc import Mapping

from app.jobs.job import Command
from app.jobs.verb import ISSUE, PULL_REQUEST, ROLES, START_FLAGS, Verb, may
from app.playbooks import BY_VERB, LABEL_VERB

_BOTH = (ISSUE, PULL_REQUEST)
_ISSUE = (ISSUE,)
_PULL = (PULL_REQUEST,)

# (an example of its value, what it does) of every flag.
FLAGS: Mapping[str, tuple[str, str]] = {
    "model": ("deep", "Use another model: `fast`, `default` or `deep`."),
    "budget": ("1.50", "Let this run spend so many US dollars."),
    "fresh": ("", "Start anew, and leave what the run before had changed."),  # takes no value
}


ALIASES = ("fast", "default", "deep")  # of models; the settings say which stand behind them
RETRY, FRESH = "retry", "fresh"

# What starts work comes from the playbooks, and takes the place of a row here that only promised it. The others need a
# rule in `app.routing.route`.
_TABLE = (
    Verb(name="triage", role="write", places=_ISSUE, help="Sort this issue: labels, duplicates, what is missing."),
    Verb(name="plan", role="write", places=_ISSUE, help="Propose a plan and wait for approval."),
    Verb(name="approve", role="write", places=_BOTH, works=_BOTH, action="answer", help="Approve the plan."),
    Verb(
        name="revise",
        role="write",
        places=_BOTH,
        works=_BOTH,
        action="answer",
        raw=True,
        help="Ask for another plan.",
        example="revise without a new file",
    ),
    Verb(
        name="answer",
        role="write",
        places=_BOTH,
        works=_BOTH,
        action="answer",
        raw=True,
        help="Answer the open questions.",
        example="answer 1b",
    ),
    Verb(name="review", role="write", places=_PULL, help="Prepare the review of this pull request."),
    Verb(name="test", role="write", places=_BOTH, help="Write tests for what this changes."),
    Verb(name="docs", role="write", places=_BOTH, help="Bring the documentation up to date."),
    Verb(name="deps", role="write", places=_BOTH, help="Update a dependency."),
    Verb(name="lint", role="write", places=_BOTH, help="Mend what the project's linters find."),
    Verb(name="ci", role="write", places=_PULL, help="Find out why a check failed."),
    Verb(name="rebase", role="write", places=_PULL, help="Bring the branch up to its base."),
    Verb(
        name=RETRY,
        role="write",
        places=_BOTH,
        works=_BOTH,
        flags={**START_FLAGS, FRESH: "write"},
        help="Go on with the last run, or start it anew.",
    ),
    Verb(name="resume", role="write", places=_BOTH, works=_BOTH, action="steer", help="Go on with a parked run now."),
    Verb(name="stop", role="write", places=_BOTH, works=_BOTH, action="cancel", help="Stop the run."),
    Verb(name="status", role="triage", places=_BOTH, works=_BOTH, action="steer", help="Say where the run is."),
    Verb(
        name="explain",
        role="triage",
        places=_BOTH,
        works=_BOTH,
        action="steer",
        help="Say why the run did what it did.",
    ),
    Verb(
        name="budget",
        role="maintain",
        places=_BOTH,
        works=_BOTH,
        action="steer",
        raw=True,
        help="Let the run at work spend so many US dollars in all.",
        example="budget 3",
    ),
    Verb(
        name="autofix",
        role="maintain",
        places=_PULL,
        works=_PULL,
        action="steer",
        raw=True,
        help="Repair failing checks of this pull request without a word, or no longer.",
        example="autofix on",
    ),
    Verb(
        name="model",
        role="write",  # as the flag: what may be spent stays what it is
        places=_BOTH,
        works=_BOTH,
        action="steer",
        raw=True,
        help="Let the run at work go on with another model.",
        example="model deep",
    ),
    Verb(name="best-of", role="write", places=_ISSUE, help="Try it several times and compare."),
    Verb(name="handoff", role="write", places=_BOTH, action="steer", help="Hand the run to a laptop."),
    Verb(name="undo", role="write", places=_BOTH, works=_BOTH, action="steer", help="Take my last commit back."),
    Verb(name="help", role="triage", places=_BOTH, works=_BOTH, action="steer", help="List the commands."),
)

# Text after the prefix that begins with no verb.
INSTRUCT = Verb(
    name="instruct",
    role="write",
    places=_BOTH,
    works=_BOTH,
    action="steer",
    flags=START_FLAGS,
    help="Tell the run at work; on a pull request without one, change its branch.",
    example="use the existing parser",
)

_PROMISED = {verb.name: verb for verb in _TABLE}
_NAMES = dict.fromkeys([LABEL_VERB, *_PROMISED, *BY_VERB])  # in the order in which people read them
VERBS: Mapping[str, Verb] = {name: BY_VERB[name].verb(name) if name in BY_VERB else _PROMISED[name] for name in _NAMES}


def lookup(name: str) -> Verb:
    """The row of a `Command.verb`. Raises KeyError for a name that is none."""
    return INSTRUCT if name == INSTRUCT.name else VERBS[name]


def needed_role(command: Command) -> str:
    """The least role that may say `command`, its flags included. A mistaken command may be answered to triage."""
    return max((role for role, _ in _demands(command)), key=ROLES.index)


def lacking(command: Command, role: str) -> tuple[str, str] | None:
    """(needed role, flag) of the first thing in `command` that `role` may not; None when it may all.

    The flag is empty when it is the verb itself: without its flags the command would be refused as well.
    """
    return next(((needed, flag) for needed, flag in _demands(command) if not may(role, needed)), None)


def _demands(command: Command) -> list[tuple[str, str]]:
    """(least role, flag) of the verb, whose flag is empty, and of each flag, in the order in which they were given."""
    verb = lookup(command.verb)
    if command.error is not None:
        return [("triage", "")]
    return [(verb.role, ""), *((verb.flags[flag], flag) for flag in command.flags if flag in verb.flags)]
