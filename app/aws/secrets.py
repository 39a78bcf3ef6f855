"""Secrets by name: read when they are needed, kept for five minutes, read again at once when one no longer works.

So a secret is rotated without a deploy, and each process reads only those it uses: a worker never asks for the App's
key, and its role would not let it.
"""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

from app import log
from app.aws.clients import Clients, translated
from app.errors import TransientError, UserError
from app.log import Redactor

PREFIX = "secretsmanager:"
KEPT_SECONDS = 300.0


class _Held(NamedTuple):
    value: str
    at: float  # by the monotonic clock: this is about age, and the machine's date may jump


class Secrets:
    """Secrets Manager behind a cache; every value read is handed to `redactor`. Thread-safe."""

    def __init__(self, clients: Clients, redactor: Redactor) -> None:
        self.clients = clients
        self._redactor = redactor
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def value(self, setting: str, *, fresh: bool = False) -> str:
        """What a secret setting stands for: the text itself, or the secret that `secretsmanager:NAME` names.

        `fresh` asks past the cache. Raises UserError for a secret that is missing, empty or denied, TransientError
        when Secrets Manager is away and nothing is kept.
        """
        if not setting.startswith(PREFIX):
            return setting
        name = setting.removeprefix(PREFIX)
        with self._lock:
            held = self._held.get(name)
            if held and not fresh and time.monotonic() - held.at < KEPT_SECONDS:
                return held.value
            try:
                value = self._read(name)
            except TransientError as error:
                if held is None:
                    raise
                log.event("secrets.kept", level=log.WARNING, secret=name, reason=str(error))
                value = held.value  # an old value mostly still works; asking again is five minutes away
            self._held[name] = _Held(value, time.monotonic())
            return value

    def _read(self, name: str) -> str:
        with translated(f"read the secret `{name}`"):
            answer = self.clients.get("secretsmanager").get_secret_value(SecretId=name)
        value = str(answer.get("SecretString") or bytes(answer.get("SecretBinary") or b"").decode()).strip()
        if not value:
            raise UserError(f"The secret `{name}` is empty.")
        for part in [value] if "-----BEGIN" in value else value.split():  # two webhook secrets during a rotation
            self._redactor.hold(part)
        return value
