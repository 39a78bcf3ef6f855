"""The door: one delivery in, one answer out. verify → event → decide → claim → enqueue.

Standard library only, because this is what a cold Lambda imports before GitHub gets its answer. It holds the webhook
secrets and may send to the jobs queue; it never sees a token.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from app import log
from app.errors import Rejected, SettingsError, TransientError
from app.jobs.job import REMEMBERED_SECONDS, Decided, Decision, Job
from app.settings import Settings
from app.triggers import policy
from app.webhooks import signature
from app.webhooks.parse import parse

if TYPE_CHECKING:  # twenty dataclasses the door has no use for
    from app.ports.platform import Clock, Intake

MAX_BODY_BYTES = 25 * 2**20  # GitHub sends nothing bigger
RETRY_SECONDS = 30  # the queue is away for seconds or for long; the poller looks every few minutes anyway

SECURITY_HEADERS: Mapping[str, str] = {  # of every answer over HTTP that does not set them itself
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

TOO_BIG = "The body is over 25 MB."
_UNSIGNED = "The delivery has no valid sha256 signature (X-Hub-Signature-256)."
_ONCE = ("content-type", "x-github-delivery", "x-github-event", "x-hub-signature-256")

_GUID = re.compile(r"[A-Za-z0-9-]{1,64}")
_NOT_UNDERSTOOD = "Lamplighter could not understand this delivery; it is recorded as an error in its log."


class Delivery(NamedTuple):
    """What came in. `headers` has lower-case names; the body is as it came over the wire."""

    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def signed(cls, event: str, body: bytes, *, secret: str, guid: str = "") -> Delivery:
        """A delivery as GitHub would send it, for the poller and for replays from the command line."""
        headers = {
            "content-type": "application/json",
            "x-github-event": event,
            "x-hub-signature-256": signature.sign(body, secret),
        }
        return cls(headers=headers | ({"x-github-delivery": guid} if guid else {}), body=body)


class Answer(NamedTuple):
    """What goes back: `{"decision", "reason", "job"}`, or `{"error"}` with a status above 399."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = {}  # never changed

    def to_json(self) -> bytes:
        return _rendered(tuple(self.body.items()))


AWAY = Answer(
    status=503,
    body={"error": "Something went wrong; please deliver again."},
    headers={"retry-after": str(RETRY_SECONDS)},
)  # what must not happen: the log says what it was, the sender only what to do


@functools.lru_cache(maxsize=64)  # most deliveries are unwanted, and there are few reasons for that
def _rendered(body: tuple[tuple[str, Any], ...]) -> bytes:
    return json.dumps(dict(body)).encode("ascii")


def ensure_ready(settings: Settings) -> None:
    """Raises SettingsError without a webhook secret: an unsigned door would obey anybody."""
    if not any(settings.webhook_secrets):
        raise SettingsError(["LAMPLIGHTER_WEBHOOK_SECRET is not set; the door does not open without a webhook secret"])


def too_big(announced: str) -> Answer | None:
    """The answer to a body whose `Content-Length` is over the limit; None for any other, and for what is no number."""
    is_number = announced.isascii() and announced.isdigit()
    return _refusal(Rejected(413, TOO_BIG)) if is_number and int(announced[:20]) > MAX_BODY_BYTES else None


def refused_unread(headers: Sequence[tuple[str, str]]) -> Answer | None:
    """The answer to a delivery that can be refused by its headers (lower-case names, in order), so that the bodies of
    strangers need not be read; None when it has to be.
    """
    names = [name for name, _ in headers]
    for name in _ONCE:
        if names.count(name) > 1:
            return _refusal(Rejected(400, f"The {name} header was sent more than once."))
    if not signature.is_well_formed(dict(headers).get("x-hub-signature-256")):
        return _refusal(Rejected(401, _UNSIGNED))
    return None


def receive(delivery: Delivery, *, settings: Settings, intake: Intake, clock: Clock) -> Answer:
    """Answer one delivery. Never raises, and never answers 5xx but the 503 that asks for a redelivery."""
    try:
        event_name = _checked(delivery, settings)
        if why := policy.dropped(event_name):  # and not logged: thousands a minute, and GitHub's list shows the answer
            return _answer("ignore", why, None)
        guid = _guid(delivery)
        decision = _decide(event_name, delivery.body, guid, settings, clock)
        if decision.job:
            decision = _taken_in(decision, decision.job._replace(digest=_digest(delivery.body)), intake)
    except Rejected as no:
        return _refusal(no, _guid(delivery))
    answer = _answer(decision.decision, decision.reason, decision.job, status=200 if event_name == "ping" else 202)
    log.event("receive.decided", delivery=guid, **answer.body)
    return answer


def _refusal(no: Rejected, delivery: str = "") -> Answer:
    log.event("receive.rejected", level=log.WARNING, status=no.status, reason=no.reason, delivery=delivery)
    headers = {} if no.retry_after_seconds is None else {"retry-after": str(no.retry_after_seconds)}
    return Answer(status=no.status, body={"error": no.reason}, headers=headers)


def _answer(decision: Decided, reason: str, job: Job | None, status: int = 202) -> Answer:
    return Answer(status, {"decision": decision, "reason": reason, "job": job.id if job else None})


def _checked(delivery: Delivery, settings: Settings) -> str:
    """The event's name, once the delivery is known to be signed and readable. Raises Rejected."""
    if len(delivery.body) > MAX_BODY_BYTES:
        raise Rejected(413, TOO_BIG)
    header = delivery.headers.get("x-hub-signature-256")
    if not signature.verify(delivery.body, header, settings.webhook_secrets):
        raise Rejected(401, _UNSIGNED)
    media_type = delivery.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Rejected(415, "Set the webhook's content type to application/json.")
    event_name = delivery.headers.get("x-github-event", "")
    if not event_name:
        raise Rejected(400, "The X-GitHub-Event header is missing.")
    return event_name


def _guid(delivery: Delivery) -> str:
    """The delivery's id: GitHub's GUID (the same when it redelivers), made from the body when there is none."""
    guid = delivery.headers.get("x-github-delivery", "")
    return guid if _GUID.fullmatch(guid) else f"body-{_digest(delivery.body)[:32]}"


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _decide(event_name: str, body: bytes, guid: str, settings: Settings, clock: Clock) -> Decision:
    """Raises Rejected for a body that is no JSON object. A defect of ours is logged as one and answered politely."""
    try:
        event = parse(event_name, body)
        return policy.decide(
            event, delivery_id=guid, received_at=clock.now(), slug=settings.app_slug, prefix=settings.command_prefix
        )
    except Rejected:
        raise
    except Exception as defect:
        log.event("receive.defect", level=log.ERROR, error=defect, delivery=guid)
        return Decision(decision="ignore", reason=_NOT_UNDERSTOOD)


def _taken_in(decision: Decision, job: Job, intake: Intake) -> Decision:
    """Claim the GUID and the body, and send the job. Raises Rejected 503 when that cannot be done now.

    It is sent even when it came before: a process that died here may have left a claim without a message, and what is
    sent again finds in dispatch that it was done (docs/decisions/0017).
    """
    claims = (f"delivery:{job.id}", f"body:{job.digest}")
    try:
        first = intake.take(
            job.to_json(),
            group=job.thread.key,
            dedup_id=job.digest,
            claims=claims,
            owner=job.id,
            ttl_seconds=REMEMBERED_SECONDS,
        )
    except Exception as error:
        seconds = int(error.retry_after_seconds) if isinstance(error, TransientError) else RETRY_SECONDS
        log.event("receive.not_enqueued", level=log.ERROR, error=error, delivery=job.id)
        _forget(claims, job.id, intake)
        reason = "The job queue cannot be reached; please deliver again."
        raise Rejected(503, reason, retry_after_seconds=max(seconds, 1)) from error
    if first:
        return Decision(decision="duplicate", reason=f"The same delivery was accepted before, as job {first}.")
    return decision


def _forget(claims: Sequence[str], owner: str, intake: Intake) -> None:
    """So that the redelivery that was asked for is not called a duplicate; it would be sent in any case."""
    try:
        intake.forget(claims, owner)
    except Exception as error:
        log.event("receive.not_forgotten", level=log.WARNING, error=error, delivery=owner)
