"""AWS has a bad day, and what the people on GitHub see of it: nothing lost, nothing doubled, everyone told.

Told elsewhere: a death after every single request (`test_crash_sweep`); tasks killed before their start, in the middle
and after the proposal, a Spot warning, no capacity, clocks two minutes apart, with real processes
(`tests/aws/test_workers`); what each fault means to one adapter (`tests/aws/test_bad_days`). Every story here and in
the other files is told with all messages doubled, too (`twice`).
"""

from __future__ import annotations

import json
import threading

import pytest

from app import log
from app.agent.models.scripted import fault, finish
from app.simulator.auth import new_key_pair
from tests.aws.emulator import TRIES
from tests.scenarios import stories
from tests.scenarios.fuse import Killed
from tests.scenarios.stage import Bot
from tests.scenarios.test_bad_days import parts
from tests.scenarios.test_endings import ask_for_a_fix

pytestmark = [pytest.mark.aws, pytest.mark.parametrize("ground", ["aws"], indirect=True)]
once = pytest.mark.parametrize("make_bot", ["once"], indirect=True)


def ended_well(bot, issue, repo) -> None:
    """What a person sees is what a good day leaves behind."""
    assert parts(issue) == ["status", "result"]
    assert len(repo.pulls) == 1
    assert issue.labels == ["agent:done"]
    assert [run.reason for run in bot.runs] == ["proposed"]


@pytest.fixture
def shut(ground, github, model, clock):
    """A bot whose door may have to say no, and says so in its log."""
    made = Bot(ground, github, model, clock)
    made.may_refuse = True
    yield made
    assert made.verify_ledgers() == []
    made.close()


def test_while_sqs_is_down_github_is_told_to_deliver_again(shut, ground, github, repo, model):
    bot = shut
    ground.aws.is_away("sqs", "SendMessage", times=TRIES)
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()
    refused = github.deliveries[-1]
    assert (refused.status, bot.runs, issue.comments) == (503, [], [])
    assert "deliver again" in refused.answer  # what a maintainer reads under Recent deliveries

    github.redeliver(refused)
    bot.run_until_idle()
    ended_well(bot, issue, repo)


@once
def test_news_that_could_not_be_announced_is_published_all_the_same(bot, ground, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.step_until(lambda: bot.workers.waiting)
    ground.aws.is_away("sqs", "SendMessage", times=4 * TRIES)  # the worker's first words
    bot.run_until_idle()
    ended_well(bot, issue, repo)
    assert bot.runs[0].attempt == 1


@pytest.mark.parametrize("skip", [0, 3, 12])
@once
def test_a_throttled_table_costs_patience_only(bot, ground, github, repo, model, skip):
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.step_until(lambda: bot.workers.waiting)
    ground.aws.throttles("dynamodb", "TransactWriteItems", times=4 * TRIES, skip=skip)
    bot.run_until_idle()
    ended_well(bot, issue, repo)
    assert bot.runs[0].attempt == 1


@once
def test_a_table_that_is_away_for_longer_costs_an_attempt(bot, ground, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.step_until(lambda: bot.workers.waiting)
    ground.aws.is_away("dynamodb", "TransactWriteItems", times=7 * TRIES, skip=10)
    bot.run_until_idle()
    ended_well(bot, issue, repo)
    assert bot.runs[0].attempt == 2


def test_a_throttled_table_makes_github_wait_for_its_first_word_and_no_more(shut, ground, github, repo, model):
    bot = shut
    ground.aws.throttles("dynamodb", "*", times=TRIES)
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()
    for sent in [sent for sent in github.deliveries if sent.status == 503]:
        github.redeliver(sent)
    bot.run_until_idle()
    ended_well(bot, issue, repo)


@once
def test_one_delivery_sixteen_times_at_once_is_one_run(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    waiting = list(github.pending)
    github.deliver_pending()
    answers: list[str] = []
    racers = [
        threading.Thread(target=lambda sent=sent: answers.append(json.loads(bot.receive(sent)[1])["decision"]))
        for sent in waiting
        for _ in range(16)
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    bot.run_until_idle()
    assert set(answers) <= {"duplicate", "ignore"}
    ended_well(bot, issue, repo)


@once
def test_a_slow_bucket_leaves_the_story_whole(bot, ground, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.step_until(lambda: bot.workers.waiting)
    ground.aws.is_slow("s3", "PutObject", times=6 * TRIES)
    bot.run_until_idle()
    ended_well(bot, issue, repo)


@once
def test_a_worker_that_cannot_start_says_so_and_starts_later(bot, ground, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    ground.aws.throttles("ecs", "RunTask", times=2 * TRIES)
    bot.step_until(lambda: bot.runs and bot.runs[0].phase == "parked")
    bot.control.drain_publishing()
    assert "slow down" in issue.comments[0].body
    bot.run_until_idle()
    ended_well(bot, issue, repo)


@once
def test_without_capacity_of_either_kind_it_says_so_and_waits(bot, ground, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    ground.ecs.no_capacity("FARGATE_SPOT")
    ground.ecs.no_capacity("FARGATE")
    bot.step_until(lambda: bot.runs and bot.runs[0].phase == "parked")
    bot.control.drain_publishing()
    assert "no room" in issue.comments[0].body
    bot.run_until_idle()
    ended_well(bot, issue, repo)
    assert [task.provider for task in ground.ecs.tasks.values()] == ["FARGATE_SPOT"]


def times_out(ground, bot: Bot, method: str, path: str) -> None:
    """Lambda ends the publisher right after its next such request, which GitHub has carried out."""
    transport = bot.platform.transport
    real = transport.handle_request

    def gone(*_):
        raise Killed("Task timed out after 60.00 seconds")

    def handle(request):
        answer = real(request)
        if request.method == method and request.url.path.endswith(path):
            transport.handle_request = real
            ground.aws.around = gone  # nor does it give back its claim
            gone()
        return answer

    transport.handle_request = handle


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/comments"), ("POST", "/git/refs"), ("POST", "/pulls"), ("POST", "/check-runs"), ("POST", "/labels")],
)
@once
def test_a_publisher_that_times_out_half_way_doubles_nothing(bot, ground, github, repo, model, method, path):
    github.stale_lists(10)
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    times_out(ground, bot, method, path)
    with pytest.raises(Killed):
        bot.run_until_idle()
    ground.aws.around = lambda operation, answer: answer()
    before = bot.clock.now()
    bot.run_until_idle()
    ended_well(bot, issue, repo)
    assert len(repo.check_runs(repo.pulls[0].commits[0].sha)) == 2
    assert (bot.clock.now() - before).total_seconds() < 900


@once
def test_word_of_a_stopped_task_that_comes_late_starts_nothing(bot, ground, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.step_until(lambda: bot.workers.waiting)
    bot.workers.kill()
    late = list(ground.ecs.events)
    bot.run_until_idle()
    ground.ecs.events.extend(late)
    bot.run_until_idle()
    ended_well(bot, issue, repo)
    assert bot.runs[0].attempt == 2
    assert len(ground.ecs.tasks) == 2


@once
def test_webhooks_in_the_wrong_order_end_where_the_right_order_does(bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    github.maintainer.label(issue, "agent-fix")
    github.reorder_pending()
    stories.fix(model)
    bot.run_until_idle()
    ended_well(bot, issue, repo)


@once
def test_a_job_that_comes_again_after_six_minutes_finds_the_first(bot, github, repo, model):
    sent: list[tuple[str, dict]] = []
    jobs = bot.platform.jobs
    real = jobs.send
    jobs.send = lambda body, **named: (sent.append((body, named)), real(body, **named))
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()
    bot.clock.advance(360)  # SQS knows a message's name for five minutes
    for body, named in sent:
        real(body, **named)
    bot.run_until_idle()
    ended_well(bot, issue, repo)


def test_a_poisoned_message_is_recorded_and_stands_in_nobody_s_way(ground, github, repo, model, clock):
    bot = Bot(ground, github, model, clock)
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    for number, body in enumerate(["", "{", '{"run_id": 1}', "[]", '"\\ud800"', "null"]):
        for queue in (bot.platform.jobs, bot.platform.publishing):
            try:
                queue.send(body or " ", group=f"{repo.full_name}#{issue.number}", dedup_id=f"poison-{number}")
            except ValueError:
                continue  # what SQS would refuse never gets there
    with log.captured() as lines:
        bot.run_until_idle()
    ended_well(bot, issue, repo)
    assert "control.malformed" in {line["action"] for line in lines}
    for queue in (bot.platform.jobs, bot.platform.publishing):
        kept = {letter.body for letter in queue.dead_letters()}
        assert {"{", "[]", "null"} <= kept
        assert queue.depth() == 0
    bot.close()


@once
def test_an_app_key_that_was_renewed_is_read_again(make_bot, ground, github, repo, model):
    vault = ground.aws.clients.get("secretsmanager")
    vault.create_secret(Name="lamplighter/app-key", SecretString=github.app.private_key)
    bot = make_bot(private_key="secretsmanager:lamplighter/app-key")
    first = ask_for_a_fix(github, repo)
    model.will(finish("Nothing", "It is intended.", outcome="nothing_to_do"))
    bot.run_until_idle()
    assert first.labels == ["agent:done"]

    github.app.private_key, github.app.public_key = new_key_pair()  # the old one is deleted on GitHub
    vault.put_secret_value(SecretId="lamplighter/app-key", SecretString=github.app.private_key)
    bot.clock.advance(7200)  # every token it holds has run out
    second = ask_for_a_fix(github, repo, title="Again")
    bot.run_until_idle()
    assert second.labels == ["agent:done"]
    bot.read_everything(first, second)


@once
def test_a_model_key_that_has_expired_ends_in_words(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    model.will(fault(401, times=99))
    bot.run_until_idle()
    said = issue.comments[-1].read()
    assert "401" in said
    assert "then retry" in said
    assert "agent:failed" in issue.labels
    bot.read_everything(issue)
