"""How the demo looks: comments as a person reads them on a phone, between them what the run does."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markdown import Markdown
from rich.panel import Panel
from rich.syntax import Syntax
from rich.text import Text

from app.cli import screen, story
from app.ledger import Event
from app.runs.state.run_state import RunState
from app.simulator.state import Pull, Repository

if TYPE_CHECKING:
    from app.cli.demo.world import World

WIDTH = 96  # a phone's comment is narrower, a pull request's table is not
LOG_LINES = 6  # of a red check
REST_SECONDS = 1.5  # about as long as a short comment takes to read; it goes on meanwhile
_STYLES = {"plain": "", "dim": "dim", "good": "green", "bad": "red", "ask": "bold yellow", "act": "cyan"}
_DULL = frozenset({"run.created", "publish.done", "question.asked", "question.answered", "run.resumed"})
APT = "sudo apt install bubblewrap"


class Panels:
    """Writes to the terminal. `pause` gives the reader time."""

    def __init__(self, *, pause: bool) -> None:
        self._out = screen.console()
        self._out.width = self._width = min(WIDTH, self._out.width)
        self._pause = pause

    def say(self, text: str, style: str = "") -> None:
        self._out.print(Text(text, style=style))

    def rest(self) -> None:
        if self._pause:
            time.sleep(REST_SECONDS)

    @contextmanager
    def unseen(self) -> Iterator[None]:
        """Nothing is written meanwhile, and nobody is waited for."""
        out, pause = self._out, self._pause
        self._out, self._pause = Console(file=io.StringIO(), width=self._width), False
        try:
            yield
        finally:
            self._out, self._pause = out, pause

    def act(self, title: str) -> None:
        """The head of an act."""
        self._out.rule(Text(title, style="bold yellow"))

    def opening(self, world: World) -> None:
        self._out.rule(Text("Lamplighter", style="bold yellow"))
        if world.is_scripted:
            self.say(
                "The model's replies are scripted; everything else is real: HTTP, signed webhooks, git, the sandbox, "
                "the tests. With ANTHROPIC_API_KEY set, the same command uses Claude."
            )
        else:
            self.say("Claude is the model. GitHub is simulated; everything else is real.")
        self.say(f"GitHub: {world.github_url}   server: {world.server_url}", "dim")
        self._out.print()

    def deed(self, who: str, what: str) -> None:
        """Something small that somebody did."""
        self._out.print(Text(f"{_now()}  ", style="dim").append(who, style=_hue(who)).append(f" {what}", style=""))

    def comment(self, who: str, at: datetime, body: str, *, title: str = "") -> None:
        """An issue or a comment, as GitHub would render it."""
        head = Text(who, style=_hue(who)).append(f" · {at.astimezone():%H:%M:%S}", style="dim")
        if title:
            head.append(f" · {title}", style="bold")
        self._panel(Markdown(_visible(body), code_theme="ansi_dark"), head, "yellow" if _is_bot(who) else "blue")
        self.rest()

    def event(self, event: Event) -> None:
        """A step of the run, from its ledger."""
        told = None if event.kind in _DULL else story.line(event)
        if told is None or event.kind == "stage.started":
            return
        text = Text(f"{screen.clock(event.at)}  ", style="dim").append(f"{told.icon} ".ljust(3))
        text.append(told.text, style=_STYLES[told.tone])
        text.truncate(self._out.width - 1, overflow="ellipsis")
        self._out.print(text)
        if event.kind == "attempt.started" and event.data.get("sandbox") == "jail":
            self._out.print(Text(f"{' ' * 13}(no bubblewrap here, so the jail is used; better: {APT})", style="dim"))

    def pull(self, repo: Repository, pull: Pull) -> None:
        """The pull request: title, branch, checks, body, diff."""
        kind = "Draft pull request" if pull.draft else "Pull request"
        self._out.rule(Text(f"{kind} #{pull.number}", style="bold green"))
        people = ", ".join(pull.requested_reviewers) or "nobody yet"
        self.say(pull.title, "bold")
        self.say(f"{pull.base} ← {pull.head}   reviewers: {people}   assigned: {', '.join(pull.assignees)}", "dim")
        self._commits(repo, pull)
        self._panel(Markdown(_visible(pull.body or "")), Text(pull.user.login, style="yellow"), "green")
        for file in pull.files:
            self._out.print(Text(f"{file.status} {file.filename}  +{file.additions} −{file.deletions}", style="bold"))
            self._out.print(
                Syntax(file.patch or "", "diff", theme="ansi_dark", background_color="default", word_wrap=True)
            )
        self.rest()

    def _commits(self, repo: Repository, pull: Pull) -> None:
        for commit in pull.commits:
            subject = commit.message.partition("\n")[0]
            verified = "verified " if commit.verified else ""
            self.say(f"{verified}commit {commit.sha[:7]} by {commit.author}: {subject}", "dim")
            for run in repo.check_runs(commit.sha):
                good = run.conclusion == "success"
                title = run.output.get("title") or run.conclusion
                self.say(f"{'✓' if good else '✗'} {run.name}: {title}", "green" if good else "red")

    def check(self, name: str, sha: str, log: str, *, passes: bool) -> None:
        """A check of the project's CI has ended; of a red one, the end of its log."""
        how, style, verb = ("✓", "green", "passes") if passes else ("✗", "red", "fails")
        text = f"{how}  CI: `{name}` {verb} on {sha[:7]}"
        self._out.print(Text(f"{_now()}  ", style="dim").append(text, style=style))
        if not passes:
            lines = [line for line in log.splitlines() if line.strip() and not line.startswith(("##[", "---", "==="))]
            self.say("\n".join(f"{' ' * 13}{line}"[: self._width] for line in lines[-LOG_LINES:]), "dim")
        self.rest()

    def after_review(self, repo: Repository, pull: Pull) -> None:
        """The pull request as it stands in the end: its commits with their checks, and the threads of its review."""
        self._out.rule(Text(f"Pull request #{pull.number}, after the review", style="bold green"))
        self._commits(repo, pull)
        for thread in pull.review_threads:
            place = f"the thread at {thread.first.path}:{thread.first.line}"
            open_for = f"· left open for {thread.first.author}: {place}"
            self.say(f"✓ resolved: {place}" if thread.is_resolved else open_for)
        self.rest()

    def verdict(
        self, states: Sequence[RunState], *, events: int, problems: list[str], seconds: float, world: World
    ) -> None:
        self._out.rule()
        if problems:
            self.say(f"✗ audit: {'; '.join(problems)}", "bold red")
        else:
            many = f"{len(states)} run{'' if len(states) == 1 else 's'}"
            self.say(f"✓ audit: {many}, {events} events, every one in its place; the chain is whole", "bold green")
        for state in states:
            if state.outcome != "proposed":
                self.say(f"✗ run {state.run_id[:8]}: {state.outcome}: {state.reason}", "bold red")
        turns, cost = sum(state.turns for state in states), sum(state.cost_usd for state in states)
        scripted = " (scripted: nothing was charged)" if world.is_scripted else ""
        self.say(f"{seconds:.0f} s, {turns} turns, ${cost:.2f}{scripted}")
        self._out.print()
        self.say("What to try next:", "bold")
        self.say("  lamplighter demo --keep                    the same, and it stays: use it in a browser")
        self.say("  lamplighter demo --act 2                   the review and the red check alone")
        self.say("  lamplighter run --repo PATH --issue FILE   on a repository of yours, without GitHub")
        self.say("  lamplighter doctor                         what a real installation still needs")

    def kept(self, world: World) -> None:
        repo = f"{world.github_url}/{world.repo.full_name}"
        self._out.rule()
        self.say("Still running, until Ctrl-C:", "bold")
        self.say(f"  in a browser     {repo}/issues    (comment and label as anybody)")
        self.say(f"  next             put the label agent-fix on {repo}/issues/1")
        self.say(f"  the server       curl {world.server_url}/healthz")
        self.say(f"  what it knows    LAMPLIGHTER_HOME={world.home_path} lamplighter runs   (watch, audit, stop)")
        self.say(f"  its log          {world.folder / 'server.log'}")

    def _panel(self, body: Markdown, head: Text, colour: str) -> None:
        panel = Panel(body, title=head, title_align="left", border_style=colour, box=box.ROUNDED, width=self._width)
        self._out.print(panel)


def _visible(body: str) -> str:
    """What a browser shows of a body: no comments, no word joiners; small print and summaries as plain text."""
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL).replace("\u2060", "")
    body = re.sub(r"</?(sub|details|summary)>", "", body)
    return body.replace("&lt;", "<").replace("&amp;", "&").strip()


def _is_bot(who: str) -> bool:
    return who.endswith("[bot]")


def _hue(who: str) -> str:
    return "bold yellow" if _is_bot(who) else "bold blue"


def _now() -> str:
    return datetime.now(UTC).astimezone().strftime("%H:%M:%S")
