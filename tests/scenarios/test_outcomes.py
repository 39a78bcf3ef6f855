"""What becomes of our pull requests is known afterwards: how they ended, what people had to do, whether it stood."""

from __future__ import annotations

import json

import pytest

from app.outcomes.watch import CELL, MOST_WATCHED
from tests.scenarios import stories

GUARD = "    if b == 0:\n        return None\n"


@pytest.fixture
def pull(bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    stories.fix(model)
    github.maintainer.label(issue, "agent-fix")
    bot.run_until_idle()
    bot.read_everything(issue)
    [made] = repo.pulls
    return made


def landed(bot):
    return next(run.landed for run in bot.runs if run.landed)


def change(github, repo, before, after, message="Change it"):
    text = repo.file("main", "calc.py").decode()
    assert before in text
    github.contributor.push(repo, "main", {"calc.py": text.replace(before, after)}, message=message)


def test_a_merge_is_counted_with_what_people_had_to_do(bot, github, repo, model, pull):
    github.maintainer.review(pull, "changes_requested", "")
    github.contributor.push(repo, pull.head, {"NEWS": "one\ntwo\n"}, message="Say so")
    bot.clock.advance(7200)
    github.maintainer.merge(pull)
    bot.run_until_idle()
    bot.read_everything(pull)

    row = landed(bot)
    assert row["hours"] >= 2
    assert row | {"hours": 2} == {
        "pull": pull.number,
        "merged": True,
        "hours": 2,
        "human_commits": 1,
        "human_lines": 2,
        "rounds": 1,
        "after": "",
    }
    ended = bot.state_of(bot.runs[0].run_id).landing.ended
    assert [item.path for item in ended.touched] == ["NEWS", "calc.py", "test_by_zero.py"]

    change(github, repo, "a / b", "a / b  # as ever")  # not ours
    bot.days_pass(31)
    assert landed(bot)["after"] == "stood"
    settled = bot.state_of(bot.runs[0].run_id)
    bot.days_pass(3)
    assert bot.state_of(settled.run_id).seq == settled.seq


@pytest.mark.parametrize("how", ["reverted", "changed again"])
@pytest.mark.parametrize("method", ["squash", "rebase"])
def test_what_did_not_stand_is_noticed(bot, github, repo, pull, how, method):
    sha = github.maintainer.merge(pull, method=method)
    if how == "reverted":
        bot.run_until_idle()
        change(github, repo, GUARD, "", f'Revert "{pull.title}"\n\nThis reverts commit {sha}.')
    else:
        github.world.outbox.queue.clear()  # the end of the pull request is never told
        change(github, repo, "return None", "return 0")
    bot.days_pass(2)

    assert landed(bot)["after"] == how
    followed = bot.state_of(bot.runs[0].run_id).landing.followed
    assert followed.sha == repo.tip("main")


def test_a_close_is_counted_until_it_is_open_again(bot, github, repo, pull):
    github.maintainer.close(pull)
    bot.run_until_idle()
    assert landed(bot)["merged"] is False
    assert landed(bot)["rounds"] == 0

    github.maintainer.reopen(pull)
    bot.days_pass(1)
    assert all(run.landed is None for run in bot.runs)
    github.maintainer.merge(pull)
    bot.run_until_idle()
    assert landed(bot)["merged"] is True


def test_where_too_many_are_watched_the_end_is_noted_all_the_same(bot, github, repo, pull):
    looked_at = bot.clock.now().isoformat()
    others = {f"{number:016x}": looked_at for number in range(MOST_WATCHED)}
    store = bot.platform.store
    assert store.swap_cell(CELL, store.cell(CELL), json.dumps({"since": "", "runs": others}))
    github.maintainer.merge(pull)
    bot.run_until_idle()
    assert landed(bot)["merged"] is True
    assert json.loads(store.cell(CELL))["runs"] == others


def test_a_run_whose_change_is_watched_is_kept_longer_than_others(make_bot, github, repo, model):
    bot = make_bot(retention_days=7, ledger_days=7)
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    stories.fix(model)
    github.maintainer.label(issue, "agent-fix")
    bot.run_until_idle()
    github.maintainer.merge(repo.pulls[0])
    bot.run_until_idle()
    bot.days_pass(20)
    assert landed(bot)["after"] == ""
    bot.days_pass(40)
    assert bot.runs == []
    bot.read_everything(issue)
