"""Webhook deliveries: signed, queued, delivered, logged, delivered again."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Deliver = Callable[["Delivery"], tuple[int, bytes | str | Mapping[str, Any]]]

STATUS_WORDS = {200: "OK", 202: "Accepted", 204: "No Content", 400: "Bad Request", 401: "Unauthorized"}


@dataclass(eq=False, kw_only=True)
class Delivery:
    """One attempt to deliver one event; a redelivery is a new record with the same `guid`."""

    id: int
    guid: str
    event: str
    action: str | None
    payload: dict[str, Any]
    body: bytes
    headers: dict[str, str]
    installation_id: int | None
    repository_id: int | None
    created_at: datetime
    redelivery: bool = False
    delivered_at: datetime | None = None
    status: int = 0  # the HTTP status answered; 0 before delivery or when nobody answered
    answer: str = ""
    error: str = ""
    duration: float = 0.0
    is_lost: bool = False

    @property
    def status_word(self) -> str:
        """The status as the delivery log shows it."""
        if self.error:
            return self.error
        return STATUS_WORDS.get(self.status, f"Invalid HTTP Response: {self.status}")

    @property
    def answer_json(self) -> dict[str, Any]:
        """The JSON object the receiver answered."""
        value: dict[str, Any] = json.loads(self.answer)
        return value


def signature(secret: str, body: bytes) -> str:
    """The value of X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _text(answer: bytes | str | Mapping[str, Any]) -> str:
    if isinstance(answer, bytes):
        return answer.decode(errors="replace")
    return answer if isinstance(answer, str) else json.dumps(answer)


@dataclass(eq=False, kw_only=True)
class Outbox:
    """The queue of deliveries still to be made and the log of those made."""

    next_id: Callable[[], int]
    now: Callable[[], datetime]
    deliver: Deliver | None = None
    delivers_twice: bool = False
    queue: list[Delivery] = field(default_factory=list)
    log: list[Delivery] = field(default_factory=list)
    losses: list[str | None] = field(default_factory=list)  # one per delivery to lose: its event, or None for any
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def enqueue(
        self,
        event: str,
        payload: dict[str, Any],
        *,
        app_id: int,
        secret: str,
        guid: str | None = None,
    ) -> Delivery:
        """Sign a payload and put it into the queue."""
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        guid = guid or str(uuid.uuid4())
        installation, repository = payload.get("installation") or {}, payload.get("repository") or {}
        headers = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/simulated",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": guid,
            "X-GitHub-Hook-ID": str(app_id),
            "X-GitHub-Hook-Installation-Target-ID": str(app_id),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
        }
        if secret:
            headers["X-Hub-Signature-256"] = signature(secret, body)
            headers["X-Hub-Signature"] = "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
        delivery = Delivery(
            id=self.next_id(),
            guid=guid,
            event=event,
            action=payload.get("action"),
            payload=payload,
            body=body,
            headers=headers,
            installation_id=installation.get("id"),
            repository_id=repository.get("id"),
            created_at=self.now(),
        )
        self._push(delivery)
        return delivery

    def redeliver(self, delivery: Delivery) -> Delivery:
        """Queue a delivery again under its old GUID."""
        again = Delivery(
            id=self.next_id(),
            guid=delivery.guid,
            event=delivery.event,
            action=delivery.action,
            payload=delivery.payload,
            body=delivery.body,
            headers=delivery.headers,
            installation_id=delivery.installation_id,
            repository_id=delivery.repository_id,
            created_at=self.now(),
            redelivery=True,
        )
        self._push(again)
        return again

    def pump(self) -> int:
        """Deliver until the queue is empty; answers how many were delivered (the lost ones not counted)."""
        count = 0
        while self.deliver is not None:
            with self.arrived:
                if not self.queue:
                    break
                delivery = self.queue.pop(0)
            count += self._attempt(delivery)
        return count

    def _push(self, delivery: Delivery) -> None:
        with self.arrived:
            self.queue.append(delivery)
            self.arrived.notify_all()

    def _attempt(self, delivery: Delivery) -> int:
        for event in self.losses:
            if event is None or event == delivery.event:
                self.losses.remove(event)
                delivery.is_lost, delivery.error = True, "timed out"
                self._record(delivery)
                return 0
        self._hand_over(delivery)
        if self.delivers_twice and not delivery.redelivery:
            with self.arrived:
                self.queue.insert(0, self._copy_for_second(delivery))
        return 1

    def _copy_for_second(self, delivery: Delivery) -> Delivery:
        again = self.redeliver(delivery)
        self.queue.remove(again)
        return again

    def _hand_over(self, delivery: Delivery) -> None:
        assert self.deliver is not None
        started = time.monotonic()
        try:
            delivery.status, answer = self.deliver(delivery)
            delivery.answer = _text(answer)
        except (OSError, TimeoutError) as error:
            delivery.error = "timed out" if isinstance(error, TimeoutError) else "failed to connect to host"
        delivery.duration = round(time.monotonic() - started, 3)
        self._record(delivery)

    def _record(self, delivery: Delivery) -> None:
        delivery.delivered_at = self.now()
        self.log.append(delivery)
