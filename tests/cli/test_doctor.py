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


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("LAMPLIGHTER_WEBHOOK_SECRETS", "Did you mean LAMPLIGHTER_WEBHOOK_SECRET?"),
        ("LAMPLIGHTER_SANDBOX_NETWORK", "Did you mean LAMPLIGHTER_SANDBOX_NETWORKS?"),
        ("LAMPLIGTHER_APP_ID", "Did you mean LAMPLIGHTER_APP_ID?"),
        ("Lamplighter_Home", "Did you mean LAMPLIGHTER_HOME?"),
        ("LAMPLIGHTER_ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY?"),
        ("LAMPLIGHTER_FAVOURITE_COLOUR", "Take it out"),
    ],
)
@pytest.mark.parametrize("is_broken", [False, True])
def test_a_misspelt_setting_is_found(name, meant, is_broken):
    from app.cli import doctor_settings

    rest = {"LAMPLIGHTER_CONCURRENCY": "0" if is_broken else "1", "LAMP": "x", "PATH": "/bin", "LIGHTER_FLUID": "x"}
    (finding,) = doctor_settings.examine(rest | {name: "x"})
    assert name in finding.text
    assert meant in finding.mend


def test_every_setting_of_the_readme_is_one_that_is_read():
    import re
    from pathlib import Path

    from app.cli import doctor_settings

    table = re.findall(r"^\| (`[A-Z_`, ]+`) \|", (Path(__file__).parents[2] / "README.md").read_text(), re.MULTILINE)
    names = {name for row in table for name in re.findall(r"`([A-Z_]+)`", row)}
    assert len(names) > 15
    assert names <= doctor_settings.known()


def test_doctor_says_so(lamplighter):
    for more in ({}, {"LAMPLIGHTER_CONCURRENCY": "0"}):
        done = lamplighter(
            "doctor", LAMPLIGHTER_HOMES="x", LAMPLIGHTER_GITHUB_API_URL="http://127.0.0.1:9", **more
        )  # fmt: skip
        assert "LAMPLIGHTER_HOMES is set, and nothing reads it" in done.stdout + done.stderr


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
    app.permissions |= {"workflows": "write", "actions": "write", "statuses": "write"}
    app.events.remove("issue_comment")
    done = lamplighter("doctor", **world.environment() | {"LAMPLIGHTER_APP_SLUG": "candle"})
    assert done.returncode == 1
    for words in (
        "too few: checks: write missing",
        "too many: workflows must never be granted",
        "more than is used: statuses: write",
        "not subscribed: issue_comment",
        "LAMPLIGHTER_APP_SLUG says `candle`",
    ):
        assert words in done.stdout


@pytest.mark.parametrize("level", ["read", "write", "admin"])
def test_write_covers_read(level):
    assert doctor_app._covers(level, "read")
    assert doctor_app._covers(level, "write") == (level != "read")
