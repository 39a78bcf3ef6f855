"""What only the adapter of AWS promises: who may ask, what is sent, and what Lambda's own errors mean."""

from __future__ import annotations

import json

import pytest

from app import log
from app.aws.tokens import BrokerTokens
from app.errors import SettingsError, TransientError, UserError
from tests.aws.functions import event
from tests.aws.identities import Principal

pytestmark = pytest.mark.aws

STORE = {"run_id": "run", "purpose": "store"}
READ = {"run_id": "run", "repository_id": 7, "purpose": "read"}


@pytest.fixture
def control(url_control):
    url_control.run("run")
    url_control.run("other")
    return url_control


def test_a_request_names_the_run_its_repository_and_the_purpose(control):
    control.read_token("run", 7)
    ((session, asked),) = control.parts.function.asked
    assert asked == READ | {"fresh": False}
    assert session in {task.id for task in control.parts.ecs.tasks.values()}


@pytest.mark.parametrize("more", [{"purpose": "write"}, {"purpose": None}, {"repository_id": None}])
def test_a_request_for_anything_else_is_refused(control, more):
    _task, role = control.parts.worker("work", "run", "--attempt", "1")
    with pytest.raises(UserError):
        control.parts.broker(role).ask(READ | more)
    assert control.asked == []


# ---------------------------------------------------------------- who asks


def started_for_another(control) -> Principal:
    return control.parts.worker("work", "other", "--attempt", "1")[1]


def stopped(control) -> Principal:
    task, role = control.parts.worker("work", "run", "--attempt", "1")
    control.parts.ecs.finished("run")
    assert task.last == "STOPPED"
    return role


def a_sandbox_that_claims_to_be_a_worker(control) -> Principal:
    group = {"group": "family:lamplighter-worker"}
    return control.parts.worker("work", "run", "--attempt", "1", family="lamplighter-sandbox", **group)[1]


def started_for_nothing(control) -> Principal:
    return control.parts.worker("doctor")[1]


def warm_and_without_a_run(control) -> Principal:
    return control.parts.worker("work", "--warm", "0")[1]


def a_person_who_calls_his_session_like_the_task(control) -> Principal:
    return control.parts.identities.issue("DispatchRole", control.parts.task("work", "run", "--attempt", "1").id)


def no_task_at_all(control) -> Principal:
    return control.parts.identities.issue("WorkerRole", "somebody")


def with_keys_that_have_run_out(control) -> Principal:
    task = control.parts.task("work", "run", "--attempt", "1")
    return control.parts.identities.issue("WorkerRole", task.id, seconds=-1)


STRANGERS = [started_for_another, stopped, a_sandbox_that_claims_to_be_a_worker, started_for_nothing,
             warm_and_without_a_run, a_person_who_calls_his_session_like_the_task, no_task_at_all,
             with_keys_that_have_run_out]  # fmt: skip


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda stranger: stranger.__name__)
@pytest.mark.parametrize("question", [READ, STORE], ids=lambda question: question["purpose"])
def test_who_is_not_this_runs_worker_gets_nothing(control, stranger, question):
    role = stranger(control)
    with log.captured() as lines, pytest.raises(UserError):
        control.parts.broker(role).ask(question)
    assert control.asked == []
    reached = [session for session, _ in control.parts.function.asked]
    assert [line["action"] for line in lines if line["action"].startswith("broker.")] == ["broker.refused"] * len(
        reached
    )


def test_an_event_that_did_not_come_by_the_url_is_nobodys(control):
    answer = control.parts.desk.answer(event(None, body=json.dumps(READ).encode()))
    assert (answer["statusCode"], json.loads(answer["body"])) == (403, {"refused": "Only a worker's task may ask."})


@pytest.mark.parametrize("arn", [
    "arn:aws:sts::999999999999:assumed-role/WorkerRole/{task}",  # of another account
    "arn:aws:sts::123456789012:assumed-role/WorkerRole2/{task}",
    "arn:aws:sts::123456789012:assumed-role/WorkerRole/x/{task}",
    "arn:aws:iam::123456789012:user/{task}",
])  # fmt: skip
def test_a_name_that_only_looks_like_a_workers_is_a_strangers(control, arn):
    task, role = control.parts.worker("work", "run", "--attempt", "1")
    said = event(role, body=json.dumps(READ).encode())
    assert control.parts.desk.answer(said)["statusCode"] == 200
    said["requestContext"]["authorizer"]["iam"]["userArn"] = arn.format(task=task.id)
    assert control.parts.desk.answer(said)["statusCode"] == 403


def test_a_task_that_ecs_does_not_know_yet_is_waited_for(control):
    task, role = control.parts.worker("work", "run", "--attempt", "1")
    task.hidden = 2
    assert BrokerTokens(control.parts.broker(role)).read_token("run", 7)
    task.hidden = 99
    with pytest.raises(TransientError, match="does not know yet"):
        BrokerTokens(control.parts.broker(role)).read_token("run", 7)


@pytest.mark.parametrize("body", [b"", b"nothing", b"[]", b"{\xff}"])
def test_a_body_that_is_no_question_is_refused(control, body):
    _task, role = control.parts.worker("work", "run", "--attempt", "1")
    said = event(role, body=body, as_base64=True)
    assert control.parts.desk.answer(said)["statusCode"] == 400
    for other in ({"method": "GET"}, {"path": "/other"}):
        assert control.parts.desk.answer(event(role, **other))["statusCode"] in {404, 405}


# ---------------------------------------------------------------- the warm pool


def test_a_warm_workers_run_is_what_the_control_side_gave_it(control):
    from app.aws import warm
    from app.aws.broker import AskedPlace

    task, role = control.parts.worker("work", "--warm", "3")
    place = AskedPlace(control.parts.broker(role))
    assert place.take() and place.given() is None
    assert control.store.claimed_by("warm:3") == task.arn
    assert warm.assign(control.store, 4, "run", 2) == task.arn
    assert (place.given(), place.leave(), place.take()) == (("run", 2), ("run", 2), True)
    assert control.store.claimed_by("warm:3") is None  # it does not wait for a second one
    assert BrokerTokens(control.parts.broker(role)).read_token("run", 7)
    with pytest.raises(UserError, match="no run `other`"):
        BrokerTokens(control.parts.broker(role)).read_token("other", 7)


def test_a_worker_with_a_run_has_no_place_in_the_pool(control):
    _task, role = control.parts.worker("work", "run", "--attempt", "1")
    for purpose in ("take", "given", "leave"):
        with pytest.raises(UserError, match="no place"):
            control.parts.broker(role).ask({"purpose": purpose, "place": 0})
    assert control.store.claimed_by("warm:0") is None


# ---------------------------------------------------------------- Lambda's own answers


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_service_is_transient_and_asked_again(control, status):
    _task, role = control.parts.worker("work", "run", "--attempt", "1")
    tokens = BrokerTokens(control.parts.broker(role))
    control.parts.function.fail(status, times=4)
    with pytest.raises(TransientError):
        tokens.read_token("run", 7)
    control.parts.function.fail(status, times=3)
    assert tokens.read_token("run", 7)


def test_a_function_that_is_not_there_or_not_ours_to_call_is_said_plainly(control):
    _task, role = control.parts.worker("work", "run", "--attempt", "1")
    control.parts.function.fail(403, "Forbidden")
    with pytest.raises(UserError, match="denies it"):
        BrokerTokens(control.parts.broker(role)).read_token("run", 7)
    with pytest.raises(TransientError, match="does not answer"):
        BrokerTokens(control.parts.broker(role, url="http://127.0.0.1:9/")).read_token("run", 7)


def test_a_worker_without_the_functions_address_says_which_setting_is_missing(control):
    from app.aws.broker import Broker
    from app.aws.clients import Clients

    with pytest.raises(SettingsError, match="LAMPLIGHTER_TOKENS_URL"):
        Broker("", Clients(), control.clock).ask(READ)


def test_audit_line_has_the_digest_and_never_the_token(control):
    with log.captured() as lines:
        token = control.read_token("run", 7)
    assert [line["action"] for line in lines] == ["tokens.granted"]
    assert token.value not in json.dumps(lines)
