"""`doctor` finds what is missing and what is too much, and says how to mend it."""

from __future__ import annotations

import json

import pytest

from app.cli import doctor_app


def levels(done) -> dict[str, str]:
    return {row["name"]: row["level"] for row in json.loads(done.stdout)["findings"]}


def test_nothing_set_up_yet(lamplighter):
    done = lamplighter(
        "doctor", LAMPLIGHTER_MODEL_PROVIDER="anthropic", LAMPLIGHTER_GITHUB_API_URL="http://127.0.0.1:9"
    )
    assert done.returncode == 1
    assert "✗ model: ANTHROPIC_API_KEY is not set" in done.stdout
    assert "✗ webhook secret: is not set" in done.stdout
    assert "→ Register a GitHub App" in done.stdout
    assert "✓ git: git version" in done.stdout
    assert "to mend" in done.stdout


def test_wrong_settings(lamplighter):
    done = lamplighter("doctor", "--json", LAMPLIGHTER_SANDBOX="castle", LAMPLIGHTER_CONCURRENCY="0")
    assert done.returncode == 1
    assert len(json.loads(done.stdout)["findings"]) == 2


def test_secrets_are_starred(lamplighter):
    done = lamplighter(
        "doctor",
        ANTHROPIC_API_KEY="sk-ant-not-to-be-seen",
        LAMPLIGHTER_WEBHOOK_SECRET="one-not-to-be-seen two-not-to-be-seen",
        LAMPLIGHTER_GITHUB_API_URL="http://127.0.0.1:9",
    )
    assert "not-to-be-seen" not in done.stdout + done.stderr
    assert "******** ********" in done.stdout


def test_a_working_installation(lamplighter, world):
    world.start()
    done = lamplighter("doctor", "--json", **world.environment())
    assert done.returncode == 0, done.stdout
    found = levels(done)
    assert {found[name] for name in ("app", "permissions", "events", "webhook", "clock", "sandbox")} == {"ok"}
    assert found["supper-club/tab"] == "warn"  # classic protection: only an administrator can see the approvals


def test_an_app_that_is_registered_wrongly(lamplighter, world):
    world.start()
    app = world.github.app
    app.permissions.pop("checks")
    app.permissions |= {"workflows": "write", "actions": "write"}
    app.events.remove("issue_comment")
    done = lamplighter("doctor", **world.environment() | {"LAMPLIGHTER_APP_SLUG": "candle"})
    assert done.returncode == 1
    for words in (
        "too few: checks: write missing",
        "too many: workflows must never be granted",
        "more than is used: actions: write",
        "not subscribed: issue_comment",
        "LAMPLIGHTER_APP_SLUG says `candle`",
    ):
        assert words in done.stdout


@pytest.mark.parametrize("level", ["read", "write", "admin"])
def test_write_covers_read(level):
    assert doctor_app._covers(level, "read")
    assert doctor_app._covers(level, "write") == (level != "read")
