"""Every row of the contract's HTTP table, and: one delivery, however often it comes, is one unit of work."""

from __future__ import annotations

import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from app import log
from app.errors import SettingsError
from app.receive import Delivery, ensure_ready

DAY = 24 * 3600


def test_label_becomes_a_job(door, sample):
    answer = door.knock("issues", sample("issues.labeled"), guid="11111111-2222-3333-4444-555555555555")
    assert answer.status == 202
    assert answer.body == {
        "decision": "start",
        "reason": "lantern-maintainer put the label agent-fix on.",
        "job": "11111111-2222-3333-4444-555555555555",
    }
    [job] = door.jobs()
    assert job.id == answer.body["job"]
    assert (job.thread.repository, job.thread.number, job.thread.installation_id) == ("lantern/harbour", 7, 9001)
    assert job.thread.key == "700001#7"
    assert job.source.title == "Mean of an empty list divides by zero"
    assert job.source.author == "moth"
    assert job.sender.login == "lantern-maintainer"
    assert job.labels == ("bug", "agent-fix")
    assert job.trigger == "issues.labeled:agent-fix"
    assert job.received_at == door.clock.now()


def test_ping_is_answered_200(door, sample):
    answer = door.knock("ping", sample("ping"))
    assert (answer.status, answer.body["decision"], answer.body["job"]) == (200, "ignore", None)


@pytest.mark.parametrize("event", ["no_such_event", "star", "push", "workflow_job", "dependabot_alert", "x" * 5000])
def test_event_nobody_wants_is_dropped_before_it_is_parsed(door, event):
    answer = door.knock(event, b"this is not JSON")
    assert (answer.status, answer.body["decision"]) == (202, "ignore")
    assert answer.body["reason"]
    assert event not in answer.body["reason"]
    assert door.jobs() == []


def test_what_is_not_built_is_said(door):
    assert door.knock("push", {}).body["reason"] == "Not built yet: tests and documentation after a merge."


SIGNATURES = {
    "none": None,
    "empty": "",
    "wrong secret": "sha256=" + hmac.new(b"guess", b"{}", "sha256").hexdigest(),
    "downgraded": "sha1=" + hmac.new(b"it's a secret to everybody", b"{}", "sha1").hexdigest(),
    "sha1 called sha256": "sha256=" + hmac.new(b"it's a secret to everybody", b"{}", "sha1").hexdigest(),
    "no scheme": hmac.new(b"it's a secret to everybody", b"{}", "sha256").hexdigest(),
    "upper case": "sha256=" + hmac.new(b"it's a secret to everybody", b"{}", "sha256").hexdigest().upper(),
    "cut": "sha256=" + hmac.new(b"it's a secret to everybody", b"{}", "sha256").hexdigest()[:-1],
    "trailing": "sha256=" + hmac.new(b"it's a secret to everybody", b"{}", "sha256").hexdigest() + " ",
    "not ASCII": "sha256=ü" + "é" * 63,
    "lone surrogate": "sha256=\udcff",
    "huge": "sha256=" + "a" * 100_000,
}


@pytest.mark.parametrize("given", SIGNATURES.values(), ids=SIGNATURES.keys())
def test_bad_signature_is_401_before_anything_is_parsed(door, given):
    headers = {"content-type": "text/plain", "x-github-event": "issues"}
    if given is not None:
        headers["x-hub-signature-256"] = given
    answer = door(Delivery(headers=headers, body=b"{}"))
    assert answer.status == 401
    assert list(answer.body) == ["error"]


def test_old_and_new_secret_both_open_during_rotation(door, sample):
    door.settings = door.settings._replace(webhook_secrets=("old", "new"))
    assert door.knock("ping", sample("ping"), secret="old").status == 200
    assert door.knock("ping", sample("ping"), secret="new").status == 200
    assert door.knock("ping", sample("ping"), secret="older").status == 401


@pytest.mark.parametrize("secrets", [(), ("",)])
def test_without_a_secret_nothing_opens(door, sample, secrets):
    door.settings = door.settings._replace(webhook_secrets=secrets)
    with pytest.raises(SettingsError, match="LAMPLIGHTER_WEBHOOK_SECRET"):
        ensure_ready(door.settings)
    assert door.knock("ping", sample("ping"), secret="").status == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b"[]",
        b"null",
        b"1",
        b'"text"',
        b'{"a": NaN}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"action": "\xff"}',
        "{}".encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"[" * 1_000_000,
    ],
    ids=lambda body: repr(body[:12]),
)
def test_what_is_no_json_object_is_400(door, body):
    answer = door.knock("issues", body)
    assert answer.status == 400
    assert list(answer.body) == ["error"]


@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "text/plain", "application/jsonp", ""])
def test_other_media_type_is_415_and_says_what_to_set(door, sample, media_type):
    answer = door.knock("issues", sample("issues.labeled"), content_type=media_type)
    assert (answer.status, answer.body) == (415, {"error": "Set the webhook's content type to application/json."})
    assert door.jobs() == []


def test_media_type_may_name_its_charset(door, sample):
    answer = door.knock("ping", sample("ping"), content_type="Application/JSON; charset=utf-8")
    assert answer.status == 200


def test_missing_event_header_is_400(door):
    assert door.knock("", {}).status == 400


def test_body_of_25_mb_is_read_and_one_byte_more_is_413(door):
    room = 25 * 2**20 - len(b'{"zen":""}')
    assert door.knock("ping", b'{"zen":"' + b"x" * room + b'"}').status == 200
    assert door.knock("ping", b'{"zen":"' + b"x" * (room + 1) + b'"}').status == 413


# ---------------------------------------------------------------- once


def test_redelivered_webhook_changes_nothing(door, sample):
    first = door.knock("issues", sample("issues.labeled"), guid="aaa")
    for _ in range(3):
        again = door.knock("issues", sample("issues.labeled"), guid="aaa")
        assert (again.status, again.body["decision"], again.body["job"]) == (202, "duplicate", None)
        assert first.body["job"] in again.body["reason"]
    assert len(door.jobs()) == 1


def test_same_guid_with_another_serialisation_is_a_duplicate(door, sample):
    payload = sample("issues.labeled")
    door.knock("issues", payload, guid="aaa")
    polled = json.dumps(payload, indent=1).encode()
    assert door.knock("issues", polled, guid="aaa").body["decision"] == "duplicate"


def test_same_body_under_another_guid_is_a_duplicate(door, sample):
    door.knock("issues", sample("issues.labeled"), guid="aaa")
    assert door.knock("issues", sample("issues.labeled"), guid="bbb").body["decision"] == "duplicate"


def test_delivery_is_remembered_for_30_days_beyond_the_queues_own_memory(door, sample):
    door.knock("issues", sample("issues.labeled"), guid="aaa")
    assert len(door.jobs()) == 1
    door.clock.sleep(30 * DAY - 1)
    assert door.knock("issues", sample("issues.labeled"), guid="aaa").body["decision"] == "duplicate"
    door.clock.sleep(2)
    assert door.knock("issues", sample("issues.labeled"), guid="aaa").body["decision"] == "start"


def test_two_deliveries_at_the_same_moment_are_one_job(door, sample):
    def knock(_: int) -> str:
        return str(door.knock("issues", sample("issues.labeled"), guid="aaa").body["decision"])

    with ThreadPoolExecutor(8) as pool:
        decisions = set(pool.map(knock, range(16)))
    assert decisions <= {"start", "duplicate"}
    assert len(door.jobs()) == 1


@pytest.mark.parametrize("guid", ["", "x" * 65, "a b", "ü", "a\nb", "../../etc", "${jndi}"])
def test_guid_that_is_none_is_made_from_the_body(door, sample, guid):
    body = json.dumps(sample("issues.labeled")).encode()
    answer = door.knock("issues", body, guid="x", x_github_delivery=guid)
    assert answer.body["job"] == f"body-{hashlib.sha256(body).hexdigest()[:32]}"
    assert door.knock("issues", body, x_github_delivery=guid).body["decision"] == "duplicate"


def test_ignored_delivery_leaves_no_claim(door, sample):
    payload = sample("issues.labeled")
    ignored = payload | {"label": {"name": "bug"}}
    assert door.knock("issues", ignored, guid="aaa").body["decision"] == "ignore"
    assert door.knock("issues", payload, guid="aaa").body["decision"] == "start"


# ---------------------------------------------------------------- when the world is away


def test_unreachable_queue_is_503_and_the_redelivery_is_not_swallowed(door, sample, unreachable):
    door.queue.failing["send"] = unreachable
    answer = door.knock("issues", sample("issues.labeled"), guid="aaa")
    assert (answer.status, answer.headers) == (503, {"retry-after": "7"})
    assert list(answer.body) == ["error"]
    door.queue.failing.clear()
    assert door.knock("issues", sample("issues.labeled"), guid="aaa").body["decision"] == "start"
    assert len(door.jobs()) == 1


@pytest.mark.parametrize("error", [OSError("disk gone: /secret/path"), RuntimeError("bug"), KeyError("x")])
def test_any_failure_of_the_ports_is_that_503_and_tells_nothing(door, sample, error):
    door.queue.failing["send"] = error
    answer = door.knock("issues", sample("issues.labeled"))
    assert (answer.status, answer.headers) == (503, {"retry-after": "30"})
    assert str(error) not in json.dumps(answer.body)


def test_unreachable_store_is_503_too(door, sample, unreachable):
    door.store.failing["claim_all"] = unreachable
    assert door.knock("issues", sample("issues.labeled"), guid="aaa").status == 503
    door.store.failing.clear()
    assert door.knock("issues", sample("issues.labeled"), guid="aaa").body["decision"] == "start"
    assert len(door.jobs()) == 1


def test_death_between_claim_and_send_loses_nothing(door, sample, unreachable):
    door.queue.failing["send"] = door.store.failing["release"] = unreachable  # as if the process had died there
    assert door.knock("issues", sample("issues.labeled"), guid="aaa").status == 503
    door.queue.failing.clear()
    assert door.knock("issues", sample("issues.labeled"), guid="bbb").body["decision"] == "duplicate"
    assert [job.id for job in door.jobs()] == ["bbb"]


def test_what_came_before_is_sent_again_for_dispatch_to_know(door, sample):
    body = json.dumps(sample("issues.labeled")).encode()
    door.knock("issues", body, guid="aaa")
    door.knock("issues", body, guid="bbb")  # the queue drops what it has seen in the last five minutes
    assert [job.id for job in door.jobs()] == ["aaa"]
    door.clock.sleep(600)
    assert door.knock("issues", body, guid="bbb").body["decision"] == "duplicate"
    [job] = door.jobs()
    assert (job.id, job.digest) == ("bbb", hashlib.sha256(body).hexdigest())


# ---------------------------------------------------------------- odd payloads, defects


@pytest.mark.parametrize("named", [None, {}, {"id": -1}, {"id": "../1"}, {"id": True}, {"id": 2**63}])
def test_delivery_without_a_usable_installation_is_ignored_with_that_reason(door, sample, named):
    answer = door.knock("issues", sample("issues.labeled") | {"installation": named})
    assert (answer.status, answer.body["decision"], answer.body["job"]) == (202, "ignore", None)
    assert "installation" in answer.body["reason"]
    assert door.jobs() == []


@pytest.mark.parametrize("event", ["issues", "issue_comment", "pull_request", "pull_request_review", "check_run"])
@pytest.mark.parametrize("payload", [{}, {"action": None}, {"action": "labeled", "issue": []}, {"action": {"a": 1}}])
def test_odd_but_valid_payload_is_ignored_with_a_reason(door, event, payload):
    answer = door.knock(event, payload)
    assert (answer.status, answer.body["decision"]) == (202, "ignore")
    assert "has no usable" in answer.body["reason"]


def test_defect_of_ours_is_recorded_and_not_hidden(door, sample, monkeypatch):
    monkeypatch.setattr("app.triggers.policy.decide", lambda *_, **__: 1 / 0)
    with log.captured() as lines:
        answer = door.knock("issues", sample("issues.labeled"))
    assert answer.status == 202
    assert "recorded" in answer.body["reason"]
    assert [line["action"] for line in lines if line["level"] == "error"] == ["receive.defect"]
    assert "ZeroDivisionError" not in json.dumps(answer.body)
