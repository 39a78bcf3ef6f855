"""A new kind of publication is one class and its line in the table: all else is written from that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from app import wiring
from app.agent.models.scripted import ask, question
from app.github import issues
from app.ports.rate import Priority
from app.publication.effect import Effect, Target
from app.publication.projection import KINDS
from app.publish import Publisher
from app.runs.state.run_state import RunState
from tests.scenarios import stories
from tests.scenarios.fuse import Killed
from tests.scenarios.stage import Bot, replace

MARK = "<!-- a verse -->"


@dataclass(frozen=True, kw_only=True)
class Verse(Effect):
    """A comment that says in rhyme how a run that waits or ended is."""

    searches = "in doubt"

    verse: str

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Verse]:
        if state.phase in {"parked", "ended"}:
            yield cls(key="verse", priority=Priority.MARKS, verse=f"{MARK}\nThe day has {state.phase}.")

    def find(self, target: Target) -> Mapping[str, Any] | None:
        author = target.bot_login
        found = issues.find_comment(target.github, target.repo, target.number, marker=MARK, author=author)
        return {"id": found.id} if found else None

    def make(self, target: Target) -> dict[str, Any]:
        return {"id": issues.create_comment(target.github, target.repo, target.number, self.verse).id}

    def change(self, target: Target, known: Mapping[str, Any]) -> dict[str, Any]:
        return {"id": issues.update_comment(target.github, target.repo, known["id"], self.verse).id}


class LastVerse(Verse):
    """The process dies when GitHub has it and the ledger does not know yet."""

    def make(self, target: Target) -> dict[str, Any]:
        super().make(target)
        raise Killed("verse")


def publishing(bot: Bot, kind: type[Effect]) -> Bot:
    publisher = Publisher(
        store=bot.platform.store,
        jobs=bot.platform.jobs,
        access=wiring.access(bot.platform),
        clock=bot.clock,
        redactor=bot.platform.redactor,
        bot_login=bot.settings.bot_login,
        clone_url=bot.platform.clone_url,
        kinds=(*KINDS, kind),
    )
    bot.control = replace(bot.control, publisher=publisher)
    return bot


def test_a_new_kind_is_made_found_again_after_a_death_and_changed(make_bot, github, repo, model):
    bot = publishing(make_bot(), LastVerse)
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    model.will(ask(question("What should it give?", "None", "an error")))
    stories.fix(model)
    github.maintainer.label(issue, "agent-fix")
    with pytest.raises(Killed):
        bot.run_until_idle()

    bot = publishing(make_bot(), Verse)
    bot.run_until_idle()
    (verse,) = [comment for comment in issue.comments if MARK in comment.body]
    assert "has parked" in verse.read()

    github.maintainer.comment(issue, "/agent answer 1a")
    bot.run_until_idle()
    (verse,) = [comment for comment in issue.comments if MARK in comment.body]
    assert "has ended" in verse.read()
    assert len(repo.pulls) == 1
    (run,) = bot.runs
    told = [event.kind for event in bot.platform.store.events(run.run_id) if event.data.get("key") == "verse"]
    assert told == ["publish.intended", *["publish.intended", "publish.done"] * 2]
    bot.read_everything(issue)
