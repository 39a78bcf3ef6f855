"""GitHub's own 329 example payloads: each gets a 2xx and the decision the table below says."""

from __future__ import annotations

import copy
from collections import Counter

# What each event and action asks for as published (no example carries our labels or commands); the rest is ignored.
ACTED_ON = {
    "cancel": {
        "issues.deleted": 1, "issues.locked": 2, "issues.transferred": 1, "pull_request.closed": 2,
        "pull_request.locked": 2,
        "installation.deleted": 2, "installation.suspend": 1, "installation_repositories.removed": 1,
    },
    "start": {
        "installation.created": 2, "installation.new_permissions_accepted": 1, "installation.unsuspend": 1,
        "installation_repositories.added": 2, "merge_group.checks_requested": 2,
        "repository.created": 2,
        "check_suite.completed": 1, "status": 4,  # green ones of the default branch
    },
    "steer": {"repository.renamed": 1, "repository.transferred": 3},
}  # fmt: skip
PERSON = {"login": "octocat", "id": 1, "type": "User"}


def decisions(door, examples, event, action, change) -> Counter[str]:
    """The decisions about the examples of `event` and `action` after `change` was made to each."""
    found: Counter[str] = Counter()
    for name, example in examples:
        if name == event and example.get("action") == action:
            payload = {"installation": {"id": 9}, **copy.deepcopy(example)}
            change(payload)
            answer = door.knock(name, payload)
            assert answer.status == 202
            found[answer.body["decision"]] += 1
    return found


def test_every_example_gets_a_2xx_and_the_decision_of_the_table(door, examples):
    assert len(examples) == 329
    found: dict[str, Counter[str]] = {decision: Counter() for decision in ACTED_ON}
    for name, payload in examples:
        answer = door.knock(name, {"installation": {"id": 9}, **payload})
        assert answer.status == (200 if name == "ping" else 202), name
        assert answer.body["reason"]
        assert "has no usable" not in answer.body["reason"], (name, payload.get("action"), answer.body)
        assert "recorded" not in answer.body["reason"]
        if answer.body["decision"] != "ignore":
            found[answer.body["decision"]][".".join([name, *filter(None, [payload.get("action")])])] += 1
    assert found == ACTED_ON
    assert len(door.jobs()) == sum(sum(counts.values()) for counts in ACTED_ON.values())


def test_no_example_gets_further_by_another_event_name(door, examples):
    for name in ("issues", "issue_comment", "pull_request", "pull_request_review", "check_run"):
        for other, payload in examples:
            if other != name:
                assert door.knock(name, payload).status == 202


def labelled(name: str, sender: dict = PERSON):
    def change(payload):
        payload["label"] = {"name": name}
        payload["sender"] = sender

    return change


def commented(text: str, *, labels: tuple[str, ...] = (), sender: dict = PERSON):
    def change(payload):
        key = "review" if "review" in payload else "comment"
        payload[key]["body"] = text
        payload["sender"] = sender
        if "issue" in payload:
            payload["issue"]["labels"] = [{"name": label} for label in labels]

    return change


def test_trigger_label_swapped_in_starts_and_cancels(door, examples):
    assert decisions(door, examples, "issues", "labeled", labelled("agent-fix")) == {"start": 2}
    assert decisions(door, examples, "issues", "labeled", labelled("agent:off")) == {"cancel": 2}
    assert decisions(door, examples, "issues", "unlabeled", labelled("agent-fix")) == {"cancel": 2}
    assert decisions(door, examples, "issues", "unlabeled", labelled("agent:off")) == {"ignore": 2}
    assert decisions(door, examples, "issues", "labeled", labelled("agent:working")) == {"ignore": 2}
    assert decisions(door, examples, "pull_request", "labeled", labelled("agent-fix")) == {"steer": 2}
    assert decisions(door, examples, "pull_request", "labeled", labelled("agent:off")) == {"cancel": 2}


def test_trigger_label_of_a_bot_does_nothing(door, examples):
    bot = {"login": "helpful[bot]", "id": 2, "type": "Bot"}
    assert decisions(door, examples, "issues", "labeled", labelled("agent-fix", bot)) == {"ignore": 2}


def test_command_swapped_in_is_heard_wherever_something_new_was_written(door, examples):
    table = {
        ("issue_comment", "created"): {"start": 5},
        ("issue_comment", "edited"): {"ignore": 2},
        ("issue_comment", "deleted"): {"ignore": 2},
        ("pull_request_review", "submitted"): {"start": 3},
        ("pull_request_review", "dismissed"): {"ignore": 1},
        ("pull_request_review_comment", "created"): {"start": 3},
        ("pull_request_review_comment", "edited"): {"ignore": 1},
        ("pull_request_review_comment", "deleted"): {"ignore": 1},
    }
    for (event, action), expected in table.items():
        assert decisions(door, examples, event, action, commented("/agent fix it")) == expected, (event, action)


def test_plain_reply_to_an_open_question_is_an_answer(door, examples):
    asked = commented("1b, please", labels=("agent:needs-info",))
    assert decisions(door, examples, "issue_comment", "created", asked) == {"answer": 5}
    elsewhere = commented("1b, please", labels=("agent:working",))
    assert decisions(door, examples, "issue_comment", "created", elsewhere) == {"ignore": 5}


def test_merged_pull_request_ends_work_on_it(door, examples):
    def merged(payload):
        payload["pull_request"]["merged"] = True

    assert decisions(door, examples, "pull_request", "closed", merged) == {"cancel": 2}
