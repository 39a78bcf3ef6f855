"""The onboarding issue: what will happen in a repository, who has the last word, how to switch it off. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from app.playbooks import BY_LABEL, CONFIGURABLE, LABEL_VERB, playbook
from app.text.outgoing import code, cut, line

MARKER = "<!-- lamplighter onboarding -->"
TITLE = "Lamplighter is here: what it does, and how to switch it off"
OFF_LABEL = "agent:off"


@dataclass(frozen=True, kw_only=True)
class Welcome:
    """What the issue depends on. `approvals`: None where only an administrator may see the number."""

    installed_by: str
    prefix: str
    trigger_label: str
    branch: str
    has_commits: bool
    protected: bool
    approvals: int | None
    run_usd: float
    day_usd: float
    configured: bool
    may_bypass: bool | None = False  # the rules; None where it is not shown
    rehearses: bool = False  # the tests are run once, behind the issue
    mistakes: str = ""  # in the configuration file, as Markdown of ours
    off: tuple[str, ...] = ()  # the playbooks that the configuration does not let start


def issue(facts: Welcome) -> str:
    """The body; short paragraphs, because it is read on a phone."""
    return cut(
        "\n".join(
            [
                MARKER,
                f"I am a background coding agent. {line(facts.installed_by, 60)} gave me access to this repository. "
                "**Nothing happens until somebody asks me.**",
                "",
                *_rehearsal(facts),
                "### Ask me",
                f"Put the label {code(facts.trigger_label)} on an issue, or comment "
                f"{code(f'{facts.prefix} {LABEL_VERB}')} on it. That takes write access here. Then I",
                "",
                "1. read the issue and work on a copy, in a sandbox without secrets;",
                "2. ask you when something is unclear, and wait;",
                "3. run your tests before and after the change;",
                f"4. open a **draft pull request**. I never merge, never approve, and never push to {_branch(facts)}.",
                "",
                *_more(facts),
                *_first_step(facts),
                "### Who has the last word",
                _guard(facts),
                "",
                "### What it costs",
                f"At most ${facts.run_usd:.2f} a run and ${facts.day_usd:.2f} a day in this repository. "
                f"{_where(facts)}",
                "",
                *_mistakes(facts),
                "### Switch me off",
                f"- **this repository:** put {code(OFF_LABEL)} on *this* issue. Work stops; taking it off ends that.",
                f"- **one issue or pull request:** put {code(OFF_LABEL)} there.",
                "- **for good:** an owner takes the repository out of the App, under *Settings → GitHub Apps*.",
                "",
                f"`{facts.prefix} help` says what else I understand. You may close this issue: nothing depends on it "
                "being open.",
            ]
        )
    )


def _rehearsal(facts: Welcome) -> list[str]:
    if not facts.rehearses:
        return []
    return ["But for one thing, now: I run your tests once, without a model, and say below how that went.", ""]


def _branch(facts: Welcome) -> str:
    return code(facts.branch) if facts.branch else "the default branch"


def _first_step(facts: Welcome) -> list[str]:
    if not facts.has_commits:
        return ["⚠️ There is no commit here yet, so there is nothing to work on so far.", ""]
    return [
        text
        for book in map(playbook, facts.off)
        for text in (
            f"⚠️ This repository's configuration switches {book.called} off (`playbooks.{book.name}.enabled` or "
            "`phase`).",
            "",
        )
    ]


def _more(facts: Welcome) -> list[str]:
    """What else can be asked for, besides what the label starts."""
    others = [(book, verb) for book in CONFIGURABLE if book is not BY_LABEL for verb in book.verbs]
    rows = [f"- {code(f'{facts.prefix} {verb.name}')} {verb.help}" for _book, verb in others]
    return ["I do more when you comment:", *rows, ""] if rows else []


def _guard(facts: Welcome) -> str:
    """Whether a person must approve, as GitHub really enforces it today."""
    branch = _branch(facts)
    if not facts.has_commits:
        return f"{branch} does not exist yet. When it does, protect it: require a pull request with one approval."
    if facts.approvals:
        approvals = "one approval" if facts.approvals == 1 else f"{facts.approvals} approvals"
        said = f"✅ {branch} takes no change without {approvals} by a person (those who may bypass its rules excepted)."
        return f"{said}{_BYPASS[facts.may_bypass]}"
    if facts.protected and facts.approvals is None:
        return (
            f"❔ {branch} is protected, but only an administrator can see whether that asks for a person's approval. "
            "Please check; a ruleset could be read by everybody."
        )
    protected = "is protected, but asks" if facts.protected else "is **not protected** and asks"
    return (
        f"⚠️ {branch} {protected} for nobody's approval: whoever has write access can merge my pull requests without "
        "a second person. Better require a pull request with one approval (*Settings → Rules*)."
    )


_BYPASS = {
    True: " ⚠️ **My App is one of them**: take it off the ruleset's bypass list (*Settings → Rules*).",
    None: " Whether I am one of them is not shown to me: please check that my App is not on the ruleset's bypass list.",
    False: "",
}


def _where(facts: Welcome) -> str:
    path = code(".github/lamplighter.yml")
    told = f"That and more is set in {path}." if facts.configured else f"{path} can change that; nothing is required."
    return f"{told}\nFor your editor: {code(EDITOR_LINE)} (what `lamplighter schema` prints)."


def _mistakes(facts: Welcome) -> list[str]:
    return ["### To mend first", facts.mistakes, ""] if facts.mistakes else []


# A path beside the file, because nobody publishes the schema: the command prints that of the version that runs.
EDITOR_LINE = "# yaml-language-server: $schema=lamplighter.schema.json"


def is_ours(body: str) -> bool:
    """Whether an issue's body is that of an onboarding issue (by its marker: ask also who wrote it)."""
    return MARKER in body
