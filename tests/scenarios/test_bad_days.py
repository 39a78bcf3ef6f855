"""GitHub has a bad day, several things happen at once, workers die: nothing is lost, nothing is doubled."""

from __future__ import annotations

import httpx

from app.agent.models.scripted import bash, finish
from tests.scenarios import stories
from tests.scenarios.stage import Bot, replace
from tests.scenarios.test_endings import ask_for_a_fix

_NO_PERMISSION = "Resource not accessible by integration"


def parts(issue):
    return [comment.read().split("part=")[1].split(" ")[0] for comment in issue.comments]


def test_a_comment_whose_answer_was_lost_is_not_posted_twice(bot, github, repo, model):
    github.stale_lists(10)
    github.faults.add("POST /repos/*/*/issues/*/comments", status=502, when="after", times=2)
    github.faults.add("POST /repos/*/*/pulls", status=502, when="after", times=1)
    github.faults.add("POST /repos/*/*/check-runs", status=502, when="after", times=1)
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()

    assert parts(issue) == ["status", "result"]
    assert len(repo.pulls) == 1
    assert len(repo.check_runs(repo.pulls[0].commits[0].sha)) == 2


def test_a_dropped_connection_before_the_effect_loses_nothing(bot, github, repo, model):
    github.faults.add("POST /repos/*/*/issues/*/comments", when="before", drop=True, times=2)
    github.faults.add("POST /repos/*/*/git/*", when="before", drop=True, times=2)
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()

    assert parts(issue) == ["status", "result"]
    assert len(repo.pulls) == 1


def test_a_secondary_rate_limit_is_waited_out(bot, github, repo, model):
    github.faults.secondary_limit(match="POST /repos/*/*/issues/*/comments", retry_after=90)
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    github.faults.add("GET /repos/*/*/collaborators/*", status=503, times=5)
    bot.step_until(lambda: True)
    github.faults.clear()
    bot.run_until_idle()

    assert parts(issue) == ["status", "result"]


def test_a_permission_that_is_missing_does_not_silence_the_rest(bot, github, repo, model):
    github.faults.add(
        "POST /repos/*/*/check-runs", status=403, times=99, message="Resource not accessible by integration"
    )
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()

    assert parts(issue) == ["status", "result"]
    assert len(repo.pulls) == 1


def test_a_refused_pull_request_ends_as_a_visible_failure(bot, github, repo, model):
    github.faults.add("POST /repos/*/*/pulls", status=422, times=99, message="Validation Failed")
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()

    assert bot.runs[0].reason == "failed"
    assert "could not be opened" in issue.comments[-1].read()
    assert "agent:failed" in issue.labels
    bot.read_everything(issue)


def test_what_is_over_the_cap_waits_in_order_and_says_so(make_bot, github, repo, model):
    bot = make_bot(concurrency=1)
    issues = [github.maintainer.open_issue(repo, f"Bug {number}", body="It raises.") for number in (1, 2, 3)]
    for made, issue in enumerate(issues, start=1):
        github.maintainer.label(issue, "agent-fix")
        bot.step_until(lambda wanted=made: len(bot.runs) == wanted)
        bot.clock.advance(1)
    bot.control.drain_publishing()

    assert [run.phase for run in bot.runs] == ["working", "queued", "queued"]
    assert "Waiting" in issues[1].comments[0].read()
    assert "at most 1 at once" in issues[1].comments[0].read()
    model.will(finish("Nothing", "It is intended.", outcome="nothing_to_do"))
    bot.run_until_idle()
    numbers = {run.run_id: run.number for run in bot.runs}
    assert [numbers[run_id] for run_id in bot.workers.order] == [issue.number for issue in issues]
    assert {run.reason for run in bot.runs} == {"nothing_to_do"}
    bot.read_everything(*issues)


def test_a_worker_that_always_dies_ends_visibly(bot, github, repo):
    issue = ask_for_a_fix(github, repo)
    for _ in range(12):
        bot.step_until(lambda: True)
        bot.workers.kill()  # killed before it could say anything
        bot.control.drain_publishing()
        bot.control.scheduler.tick()
        bot.clock.advance(200)
    bot.run_until_idle()

    assert bot.runs[0].reason == "failed"
    assert "died" in issue.comments[-1].read()
    bot.read_everything(issue)


def test_a_worker_that_lives_but_says_nothing_is_replaced(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.step_until(lambda: bot.workers.waiting)
    bot.clock.advance(600)
    assert bot.control.scheduler.tick() == 0  # it may still be starting
    bot.clock.advance(400)
    assert bot.control.scheduler.tick() == 1
    assert list(bot.workers.waiting.values()) == [2]
    bot.run_until_idle()

    assert parts(issue) == ["status", "result"]
    assert bot.runs[0].attempt == 2


def test_two_people_at_once_make_one_run(bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    github.maintainer.label(issue, "agent-fix")
    github.contributor.comment(issue, "/agent fix")
    stories.fix(model)
    bot.run_until_idle()

    assert len(repo.pulls) == 1
    assert sum("already on this" in comment.read() for comment in issue.comments) == 1


def test_closing_the_issue_stops_the_run(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    model.will(bash("true"))
    bot.step_until(lambda: bot.workers.waiting)
    github.maintainer.close(issue)
    bot.run_until_idle()

    assert [run.reason for run in bot.runs] == ["cancelled"]
    bot.read_everything(issue)


def test_a_defect_of_ours_ends_visibly(ground, github, repo, model, clock):
    """GitHub answers what no description allows; the bot does not fall silent over it."""
    bot = Bot(ground, github, model, clock, change=breaks_pull_requests)
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()

    assert bot.runs[0].reason == "failed"
    assert "Something in me broke" in issue.comments[-1].read()
    bot.close()


def breaks_pull_requests(platform):
    return replace(platform, transport=NonsenseTransport(platform.transport))


class NonsenseTransport(httpx.BaseTransport):
    """Answers the making of a pull request with a list of nothing."""

    def __init__(self, real):
        self._real = real

    def handle_request(self, request):
        if request.method == "POST" and request.url.path.endswith("/pulls"):
            return httpx.Response(201, json=[])
        return self._real.handle_request(request)


def test_a_request_that_cannot_be_taken_up_is_answered_and_kept(bot, github, repo, model):
    github.faults.add("GET /repos/*/*/collaborators/*", status=503, times=999)
    issue = ask_for_a_fix(github, repo)
    bot.run_until_idle()
    [answer] = issue.comments
    assert "could not take this up" in answer.read()
    assert "12 times" in answer.body
    assert len(bot.platform.jobs.dead_letters()) == 1

    github.faults.clear()
    stories.fix(model)
    assert bot.platform.jobs.redrive() == 1
    bot.run_until_idle()
    assert parts(issue) == ["reply", "status", "result"]
    assert len(repo.pulls) == 1
    assert bot.platform.jobs.dead_letters() == []
