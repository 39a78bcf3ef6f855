"""Secrets are taken out before anything is written: nothing on the disk ever holds one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.ledger import verify_chain
from app.local.clock import SystemClock
from app.local.store import SqliteStore
from app.log import MASK, Redactor
from app.runs.run_ledger import RunLedger
from tests.said import said

HELD = "correct-horse-battery-staple"
SHAPED = {
    "installation token": "ghs_12345_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjM0NSJ9.c2lnbmF0dXJl-_x",
    "personal token": "ghp_" + "a1B2" * 9,
    "fine-grained token": "github_pat_" + "a1B2_" * 12,
    "model key": "sk-ant-api03-" + "x" * 40,
    "cloud key": "AKIAIOSFODNN7EXAMPLE",
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
    "cut private key": "-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA",
}


ESCAPED = 'pässword "with"\n\\escapes'


class Odd:
    """Something that JSON does not know, and whose text holds a secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def __str__(self) -> str:
        return f"odd {self._secret}"


@pytest.fixture
def home(tmp_path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def ledger(home):
    store = SqliteStore(home, SystemClock())
    yield RunLedger(store, "run", clock=SystemClock(), redactor=Redactor([HELD]))
    store.close()


def _on_disk(home: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(home.rglob("*")) if file.is_file())


@pytest.mark.parametrize("secret", [HELD, *SHAPED.values()], ids=["held", *SHAPED])
def test_no_file_ever_holds_a_secret(home, ledger, secret):
    ledger.append(
        said(
            "command.ran",
            command=f"curl -H 'Authorization: {secret}' https://x",
            tail=f"<{secret}>",
            output=ledger.blob(f"printed {secret}\n"),
        )
    )
    ledger.append(said("publish.done", key="k", digest="d", result={"deep": [{"in": f"<{secret}>"}], secret: "a key"}))
    written = _on_disk(home)
    core = secret.encode().replace(b"\n", b"\\n")
    assert secret.encode() not in written
    assert core not in written
    assert MASK.encode() in written
    assert verify_chain("run", ledger.store.events("run"), ledger.store.witness("run")) == []


def test_a_secret_held_later_is_masked_from_then_on(home, ledger):
    ledger.redactor.hold("a-token-minted-just-now")
    event = ledger.append(said("notice.given", text="x a-token-minted-just-now y"))
    assert event.data["text"] == f"x {MASK} y"
    assert b"minted-just-now" not in _on_disk(home)


@pytest.mark.parametrize("secret", [HELD, ESCAPED, *SHAPED.values()], ids=["held", "escaped", *SHAPED])
def test_no_line_of_the_log_holds_a_secret(secret):
    line = Redactor([HELD, ESCAPED]).line({"a": f"x {secret}", "b": [f"x\n{secret}"], secret: 1, "c": Odd(secret)})
    assert line.isascii()
    assert json.loads(line) == {"a": f"x {MASK}", "b": [f"x\n{MASK}"], MASK: 1, "c": f"odd {MASK}"}


@pytest.mark.parametrize("text", ["ghost_writers are fine", "AKIA is a prefix", "sk-ant-", "the PRIVATE KEY", "gh_x"])
def test_plain_text_is_left_alone(ledger, text):
    assert ledger.append(said("notice.given", text=text)).data["text"] == text


def test_what_the_writer_sees_is_what_was_written(ledger):
    event = ledger.append(said("notice.given", text=f"x {HELD}"))
    assert ledger.store.events("run") == [event]
    assert ledger.state.head == event.digest


def test_the_shortest_secrets_are_masked_too():
    redactor = Redactor(["8letters"])
    assert redactor.text("8letters") == MASK
    assert redactor.text("AKIA" + "A" * 16) == MASK
    assert redactor.text("ghs_" + "a" * 20) == MASK


def test_what_is_held_for_ever_outlives_any_number_of_tokens() -> None:
    """The App's key was forgotten after a thousand tokens: it had come first."""
    redactor = Redactor(["the-key-of-the-app"])
    redactor.hold("a-webhook-secret")
    redactor.hold("first-a-token", expires=True)
    redactor.hold("first-a-token")  # and then known to last
    for number in range(2_000):
        redactor.hold(f"token-number-{number:05}", expires=True)
    lasting = "the-key-of-the-app a-webhook-secret first-a-token token-number-01999"
    assert redactor.text(lasting) == " ".join([MASK] * 4)
    assert redactor.text("token-number-00001") == "token-number-00001"
    assert redactor.line({"key": "the-key-of-the-app"}) == '{"key": "[redacted]"}'
