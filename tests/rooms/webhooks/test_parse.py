"""Payloads as GitHub sends them and as it should not: what an Event holds, and what makes one incomplete."""

from __future__ import annotations

import json

import pytest

from app.errors import Rejected
from app.webhooks.events import (
    CheckRunEvent,
    CommentEvent,
    GroupEvent,
    IncompleteEvent,
    InstallationEvent,
    PlainEvent,
    RepositoryEvent,
    ThreadEvent,
)
from app.webhooks.fields import BODY_BYTES, CUT
from app.webhooks.parse import WANTED, parse

REPOSITORY = {"id": 5, "full_name": "o/r"}
PERSON = {"login": "ada", "id": 3, "type": "User"}
ISSUE = {
    "number": 7,
    "title": "T",
    "body": "B",
    "html_url": "https://github.com/o/r/issues/7",
    "user": {"login": "grace", "id": 4},
    "labels": [{"name": "bug"}, {"name": "agent-fix"}],
}
FULL = {"repository": REPOSITORY, "sender": PERSON, "installation": {"id": 9}}


def read(name: str, payload: object):
    return parse(name, json.dumps(payload).encode())


def test_issue_event_holds_thread_sender_text_and_labels():
    event = read("issues", {**FULL, "action": "labeled", "issue": ISSUE, "label": {"name": "agent-fix"}})
    assert isinstance(event, ThreadEvent)
    assert (event.thread.key, event.thread.repository, event.thread.installation_id) == ("5#7", "o/r", 9)
    assert not event.thread.is_pull_request
    assert (event.sender.login, event.sender.id, event.sender.type) == ("ada", 3, "User")
    assert (event.source.title, event.source.body, event.source.author) == ("T", "B", "grace")
    assert event.source.url == "https://github.com/o/r/issues/7"
    assert event.labels == ("bug", "agent-fix")
    assert (event.action, event.label) == ("labeled", "agent-fix")


def test_closed_and_locked_threads_are_known_and_the_rest_is_open():
    for name, subject in (("issues", "issue"), ("pull_request", "pull_request")):
        for state, locked, expected in (
            ("closed", True, (False, True)),
            ("open", False, (True, False)),
            (None, None, (True, False)),
        ):
            event = read(name, {**FULL, "action": "labeled", subject: ISSUE | {"state": state, "locked": locked}})
            assert isinstance(event, ThreadEvent)
            assert (event.is_open, event.is_locked) == expected


@pytest.mark.parametrize("named", [None, {}, {"id": -1}, {"id": "../1"}, {"id": True}, {"id": 2**63}, {"id": 1.5}, 7])
def test_installation_that_cannot_be_one_is_none(named):
    event = read("issues", {**FULL, "action": "labeled", "issue": ISSUE, "installation": named})
    assert isinstance(event, ThreadEvent)
    assert event.thread.installation_id == 0


def test_comment_event_knows_an_issue_from_a_pull_request():
    comment = {"id": 11, "body": "/agent fix", "html_url": "https://github.com/o/r/issues/7#issuecomment-11"}
    on_issue = read("issue_comment", {**FULL, "action": "created", "issue": ISSUE, "comment": comment})
    on_pull = read(
        "issue_comment", {**FULL, "action": "created", "issue": ISSUE | {"pull_request": {}}, "comment": comment}
    )
    assert isinstance(on_issue, CommentEvent) and isinstance(on_pull, CommentEvent)
    assert not on_issue.thread.is_pull_request
    assert on_pull.thread.is_pull_request
    assert (on_issue.source.comment, on_issue.source.comment_id) == ("/agent fix", 11)
    assert on_issue.source.url.endswith("#issuecomment-11")


def test_review_and_its_state():
    review = {"id": 12, "body": None, "state": "CHANGES_REQUESTED"}
    event = read("pull_request_review", {**FULL, "action": "submitted", "pull_request": ISSUE, "review": review})
    assert isinstance(event, CommentEvent)
    assert (event.review_state, event.source.comment, event.thread.is_pull_request) == ("changes_requested", "", True)


def test_button_on_a_check_run():
    check = {
        "name": "lamplighter",
        "external_id": "run1",
        "app": {"slug": "lamplighter"},
        "pull_requests": [{"number": 8}],
    }
    payload = {**FULL, "action": "requested_action", "requested_action": {"identifier": "stop"}, "check_run": check}
    event = read("check_run", payload)
    assert isinstance(event, CheckRunEvent)
    assert (event.check, event.app_slug, event.external_id, event.button) == (
        "lamplighter",
        "lamplighter",
        "run1",
        "stop",
    )
    assert (event.thread.number, event.thread.is_pull_request) == (8, True)


def test_check_run_of_a_fork_names_no_pull_request():
    event = read("check_run", {**FULL, "action": "requested_action", "check_run": {"name": "x", "pull_requests": []}})
    assert isinstance(event, CheckRunEvent)
    assert (event.thread.number, event.thread.is_pull_request) == (0, False)


def test_merge_group_is_its_commit():
    event = read("merge_group", {**FULL, "action": "checks_requested", "merge_group": {"head_sha": "a" * 40}})
    assert isinstance(event, GroupEvent)
    assert (event.action, event.sha, event.thread.number) == ("checks_requested", "a" * 40, 0)
    event = read("merge_group", {**FULL, "action": "checks_requested", "merge_group": {"head_sha": "main"}})
    assert event == IncompleteEvent(name="merge_group", action="checks_requested", missing="merge_group.head_sha")


def test_ping_is_only_a_name():
    assert read("ping", {"zen": "…"}) == PlainEvent(name="ping", action="")


INSTALLATION = {"id": 9, "account": {"login": "acme", "id": 4, "type": "Organization"}}


def test_installation_names_its_account_and_what_it_gained():
    rows = [{"id": 5, "full_name": "acme/a"}, {"id": 6, "full_name": "acme/b"}]
    payload = {"action": "added", "installation": INSTALLATION, "repositories_added": rows, "sender": PERSON}
    event = read("installation_repositories", payload)
    assert isinstance(event, InstallationEvent)
    assert (event.thread.key, event.thread.repository, event.repositories) == ("installation-9", "acme", (5, 6))


@pytest.mark.parametrize("rows", [None, "all", [{"id": "5"}], [{"id": 5}] * 1001, [5]])
def test_what_cannot_be_listed_means_look_at_all(rows):
    event = read("installation", {"action": "created", "installation": INSTALLATION, "repositories_added": rows})
    assert event.repositories == ()
    assert event.sender.login == "ghost"


def test_renamed_account_is_called_by_its_new_name():
    renamed = {"action": "renamed", "account": {"login": "newer", "id": 4}, "installation": {"id": 9}}
    assert read("installation_target", renamed).thread.repository == "newer"


def test_repository_as_a_whole():
    event = read("repository", {**FULL, "action": "renamed"})
    assert isinstance(event, RepositoryEvent)
    assert (event.thread.key, event.thread.repository, event.action) == ("5#0", "o/r", "renamed")


def test_installation_without_id_is_incomplete():
    event = read("installation", {"action": "created", "installation": {"account": {}}})
    assert event == IncompleteEvent(name="installation", action="created", missing="installation.id")


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"issue": None}, "issue"),
        ({"issue": []}, "issue"),
        ({"issue": {**ISSUE, "number": 0}}, "number"),
        ({"issue": {**ISSUE, "number": -1}}, "number"),
        ({"issue": {**ISSUE, "number": True}}, "number"),
        ({"issue": {**ISSUE, "number": "7"}}, "number"),
        ({"issue": {**ISSUE, "number": 7.0}}, "number"),
        ({"issue": {**ISSUE, "number": 2**63}}, "number"),
        ({"repository": None}, "repository"),
        ({"repository": {"id": 5}}, "repository.full_name"),
        ({"repository": {"id": 5, "full_name": "o/r/../x"}}, "repository.full_name"),
        ({"repository": {"id": 5, "full_name": "o/r\n"}}, "repository.full_name"),
        ({"repository": {"id": 5, "full_name": "o"}}, "repository.full_name"),
        ({"repository": {"full_name": "o/r"}}, "repository.id"),
    ],
)
def test_what_a_thread_cannot_be_without(change, missing):
    event = read("issues", {**FULL, "action": "labeled", "issue": ISSUE, **change})
    assert event == IncompleteEvent(name="issues", action="labeled", missing=missing)


@pytest.mark.parametrize("sender", [None, {}, "ada", {"login": 3}, {"login": "a b"}, {"login": "x" * 101}])
def test_sender_that_is_nobody_is_a_ghost(sender):
    event = read("issues", {**FULL, "issue": ISSUE, "sender": sender})
    assert isinstance(event, ThreadEvent)
    assert (event.sender.login, event.sender.id) == ("ghost", 0)


@pytest.mark.parametrize("login", ["ada", "ada_corp", "dependabot[bot]", "A-1"])
def test_logins_github_gives_out(login):
    event = read("issues", {**FULL, "issue": ISSUE, "sender": {"login": login, "id": 1}})
    assert isinstance(event, ThreadEvent)
    assert event.sender.login == login


def test_nulls_and_other_types_are_empty():
    issue = {"number": 7, "title": None, "body": 3, "labels": [None, "bug", {"name": None}, {"name": "x" * 60}]}
    event = read("issues", {**FULL, "action": 3, "issue": issue, "installation": None})
    assert isinstance(event, ThreadEvent)
    assert (event.action, event.source.title, event.source.body, event.source.url) == ("", "", "", "")
    assert event.labels == ("x" * 50,)
    assert event.thread.installation_id == 0


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://x", 3, "https://" + "x" * 2000])
def test_address_that_is_none_is_left_out(url):
    event = read("issues", {**FULL, "issue": ISSUE | {"html_url": url}})
    assert isinstance(event, ThreadEvent)
    assert event.source.url == ""


def test_text_github_would_send_is_kept_whole():
    for text in ("x" * 65_536, "汉" * 65_536):
        event = read("issues", {**FULL, "issue": ISSUE | {"body": text}})
        assert isinstance(event, ThreadEvent)
        assert event.source.body == text


def test_longer_text_is_cut_visibly():
    event = read("issues", {**FULL, "issue": ISSUE | {"body": "💡" * 65_536}})
    assert isinstance(event, ThreadEvent)
    assert event.source.body.endswith(CUT)
    assert BODY_BYTES - 100 < len(json.dumps(event.source.body)) <= BODY_BYTES


def test_lone_surrogate_becomes_a_question_mark():
    event = read("issues", {**FULL, "issue": ISSUE | {"title": "a\ud800b"}, "label": {"name": "\udfff"}})
    assert isinstance(event, ThreadEvent)
    assert (event.source.title, event.label) == ("a?b", "?")


@pytest.mark.parametrize("name", WANTED)
@pytest.mark.parametrize(
    ("body", "says"),
    [(b"[" * 200_000, "deeply"), (b"\xff", "UTF-8"), (b"{]", "not JSON"), (b"[1]", "not an object"), (b"", "not JSON")],
)
def test_body_that_is_no_object_is_rejected(name, body, says):
    with pytest.raises(Rejected, match=says) as caught:
        parse(name, body)
    assert caught.value.status == 400
