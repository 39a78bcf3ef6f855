"""The schema and the parser say yes and no to the same files, so that an editor's silence means something."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from app.config.repo_config import examine
from app.config.schema import json_schema
from app.config.values import numbers
from app.playbooks import BY_LABEL, CONFIGURABLE

VALIDATOR = jsonschema_rs.validator_for(json_schema())

CRONS = ["0 3 * * 1", "*/5 0-23 1,15 JAN-mar Mon-FRI", "59 23 31 12 7", "00 09 01 02 0", "0 0-23/2 * * *"]
NO_CRONS = [
    *("0 3 * *", "99 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * * 8", "", "@daily"),
    *("*/0 * * * *", "a * * * *", "* * * MON *", "1- * * * *", "1,, * * * *", "* *  * * *", "0 3 * * 1 2026"),
]

# Every key with values it takes and values it does not.
VALUES: dict[str, tuple[list[Any], list[Any]]] = {
    "triggers.label": (["agent-go", "AGENT-x"], ["go", "", None, 3, "agent:fix", "agent-" + "x" * 45, "agent-\0"]),
    "playbooks.fix.enabled": ([True, False], ["yes", 1, None]),
    "playbooks.fix.model": (["deep", None, "eu.anthropic.claude-x:0"], ["", "a b", 4]),
    "playbooks.fix.instructions": (["", "x" * 8000], ["x" * 8001, None]),
    "playbooks.fix.playbook": ([], ["x"]),
    "playbooks.review": ([], [{}]),
    "setup": (["make", ["make", "x" * 4000], [], None, ["a"] * 50], ["", [""], ["x" * 4001], [1], 7, {}, ["a"] * 51]),
    "verify": (["make", [], None, "cd a &&\n\tmake"], ["", [None], True, "make\0", ["a\x1b[31m"]]),
    "reach": ([0, 2.5, 10], [-1, 11, "x", None]),
    "sandbox.image": (["x", None], ["", "x" * 501, 7]),
    "sandbox.network": (
        ["packages", [], ["PACKAGES", "Example.org", "*.example.org"], ["a.org"] * 100],
        ["", "localhost", ["https://a.org"], ["a.org:443"], ["10.0.0.1"], [1], None, "*.*.org", "a..org",
         ["a.org"] * 101],
    ),
    "sandbox.network_with_change": (["a.org", []], ["-a.org", "a_b.org", ["x"]]),
    "sandbox.methods": (["GET", ["GET", "PUT"]], ["get", [], ["DELETE"], None]),
    "sandbox.memory": (
        [256, 61440, 256.0, "256m", "60g", "1 G", " 4GB ", "262144k", "61440mb", "004g", "62915583k"],
        [255, 61441, 4.5, "4", "255m", "61g", "262143k", "4t", "", "m", True, None, "4.5g", "-4g", "0g", "0000000004g"],
    ),
    "sandbox.memory_mb": ([], [4096]),
    "sandbox.upload": ([1, 10240, "8m", "10g", "1024k"], [0, 10241, "11g", "1023k", "10485761kb0"]),
    "sandbox.timeout": ([1, 7200, "90s", "2h", "120m"], [0, 7201, "3h", "121m", "0s", "1d", "90", "never"]),
    "sandbox.timeout_seconds": ([], [60]),
    "model": (["fast", "anthropic/x:1"], ["", "-x", None, "x" * 101]),
    "budget": ([{}], [None, [], 3]),
    "budget.run_usd": ([3, 3.5, 1000], [0, -1, 1000.5, "3", True, None]),
    "budget.turns": ([1, 1000, 50.0], [0, 1001, 50.5, "5", True]),
    "budget.minutes": ([1440], [1441]),
    "keep_mergeable": ([True, False], ["yes", 1, None]),
    "fix_default_branch": ([True, False], ["yes", 1, None]),
    "workflows": (["first", "last", "never"], ["off", False, "First", None]),
    "autonomy": (["draft", "ready"], ["Draft", "", None, "merge"]),
    "branch_prefix": (
        ["bot/", "a/b/", "x-", "refsx/", "a.b/", "lock/"],
        ["", "bot", "/", "//", "/a/", "a//", "refs/", "a/refs/x/", ".a/", "a/-b/", "a.lock/", "a./", "a..b/", "é/",
         "a/-"],
    ),
    "questions.remind_after": (
        ["36h", "7d", 60, "never", None, "90d", "1m"],
        ["soon", 59, "91d", "59s", "Never", "1000d"],
    ),
    "questions.end_after": (["1h"], ["", [], -1]),
    "labels.done": (["bot:done", "x" * 50], ["", "agent-done", "AGENT-x", "x" * 51, None, "a\nb"]),
    "labels.needs-info": (["bot:Needs-Info", "needs-info"], ["waiting", "agent-needs-info", "", "\0needs-info"]),
    "labels.needs_info": ([], ["x:needs-info"]),
    "protect": (["a", [], ["a"] * 200], ["", [""], ["x" * 501], ["a"] * 201, None, "a\0"]),
    "limits.files": ([1, 3000], [0, 3001, "3"]),
    "limits.bytes": ([50_000_000], [50_000_001]),
    "reviewers": ([[], ["ada", "@grace", "o/team"]], ["ada", ["a b"], ["a"] * 16, [""], None]),
    "schedule": (
        [[], *([{"playbook": "deps", "cron": cron}] for cron in CRONS)],
        [
            *({}, [{"playbook": "deps"}], [{"playbook": "", "cron": "0 3 * * 1"}]),
            *([{"playbook": "x", "cron": cron}] for cron in NO_CRONS),
        ],
    ),
    "phase": ([1, 4], [0, 5, "1", None]),
    "budgets": ([], [1, {}]),
}  # fmt: skip


def document(key: str, value: Any) -> dict[str, Any]:
    for name in reversed(key.split(".")):
        value = {name: value}
    found: dict[str, Any] = value
    return found


def cases() -> list[Any]:
    return [
        pytest.param(document(key, value), is_good, id=f"{key}={str(value)[:30]!r}")
        for key, (good, bad) in VALUES.items()
        for is_good, values in ((True, good), (False, bad))
        for value in values
    ]


@pytest.mark.parametrize(("data", "is_good"), cases())
def test_schema_and_parser_agree(data, is_good):
    config, mistakes = examine(json.dumps(data).encode())
    assert (config is not None) is is_good, mistakes
    assert VALIDATOR.is_valid(data) is is_good


def test_every_key_is_tried():
    def keys(schema: dict[str, Any], path: str = "") -> set[str]:
        found = set()
        for name, held in schema["properties"].items():
            if "$ref" in held:
                found |= keys(json_schema()["$defs"][held["$ref"].rpartition("/")[2]], f"{path}{name}.")
            else:
                found.add(path + name)
        return found

    alike = {f"labels.{name}" for name in json_schema()["$defs"]["Labels"]["properties"]}
    books = {f"playbooks.{book.name}." for book in CONFIGURABLE if book is not BY_LABEL}  # whose keys are those of one
    alike |= {key for key in keys(json_schema()) if key.startswith(tuple(books))}
    untried = keys(json_schema()) - VALUES.keys() - alike
    assert untried <= {"budget.day_usd", "limits.open_pull_requests", "playbooks.fix.effort"}, (
        "checked by type elsewhere"
    )


def test_labels_that_mean_two_things_are_seen_by_the_parser_alone():
    data = {"labels": {"done": "x", "failed": "X"}}
    assert VALIDATOR.is_valid(data)
    assert examine(json.dumps(data).encode())[0] is None


@pytest.mark.parametrize(("low", "high"), [(1, 9), (1, 10), (7, 7), (8, 123), (99, 1001), (256, 614), (100, 199)])
def test_patterns_of_numbers(low, high):
    import re

    pattern = re.compile("|".join(numbers(low, high)))
    assert [number for number in range(2000) if pattern.fullmatch(str(number))] == list(range(low, high + 1))
