"""Who gets which token: the worker of an active run, for that run's repository, to read. One rule for both platforms.

Requests and answers are JSON, whatever carries them (a unix socket, a function's URL):

    {"run_id": …, "repository_id": …, "purpose": "read", "fresh": false}
    {"value": …, "expires_at": …}  or  {"refused": …}  or  {"delayed": …, "retry_after_seconds": …}
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from app import log
from app.errors import TransientError, UserError
from app.ports.platform import Store, Token

READ = "read"

# Gets the run's thread as recorded in `run.created` (installation_id, repository_id, repository, number) and whether
# the token given before was refused; returns a read token for that one repository.
Mint = Callable[[Mapping[str, Any], bool], Token]


def request(run_id: str, repository_id: int, *, fresh: bool) -> dict[str, Any]:
    """What a worker sends."""
    return {"run_id": run_id, "repository_id": repository_id, "purpose": READ, "fresh": fresh}


def answer(asked: Mapping[str, Any], store: Store, mint: Mint) -> dict[str, Any]:
    """Control side: grant, refuse or delay, with an audit line. Only a defect escapes."""
    run_id = str(asked.get("run_id"))
    try:
        token = mint(_thread(asked, run_id, store), bool(asked.get("fresh")))
    except UserError as error:
        log.event("tokens.refused", run_id=run_id, reason=str(error))
        return {"refused": str(error)}
    except TransientError as error:
        log.event("tokens.delayed", run_id=run_id, reason=str(error))
        return delayed(str(error), error.retry_after_seconds)
    prefix = hashlib.sha256(token.value.encode()).hexdigest()[:12]
    log.event("tokens.granted", run_id=run_id, token_sha256=prefix, expires_at=token.expires_at.isoformat())
    return {"value": token.value, "expires_at": token.expires_at.isoformat()}


def delayed(reason: str, retry_after_seconds: float) -> dict[str, Any]:
    """The answer that asks a worker to come again."""
    return {"delayed": reason, "retry_after_seconds": retry_after_seconds}


def granted(answered: Mapping[str, Any]) -> dict[str, Any]:
    """Worker side: an answer that grants something. Raises what the control side met: UserError, TransientError."""
    if "refused" in answered:
        raise UserError(str(answered["refused"]))
    if "delayed" in answered:
        raise TransientError(str(answered["delayed"]), retry_after_seconds=float(answered["retry_after_seconds"]))
    return dict(answered)


def token_of(answered: Mapping[str, Any]) -> Token:
    """The token in it. Raises as `granted` does; ValueError for no answer at all."""
    answered = granted(answered)
    try:
        return Token(value=str(answered["value"]), expires_at=datetime.fromisoformat(answered["expires_at"]))
    except (KeyError, TypeError) as error:
        raise ValueError("neither a token nor a reason") from error


def _thread(asked: Mapping[str, Any], run_id: str, store: Store) -> Mapping[str, Any]:
    """The thread of the run that asks. Raises UserError unless it is active and asks for what is its own."""
    summary = store.summary(run_id)
    if summary is None:
        raise UserError(f"There is no run `{run_id[:100]}`.")
    if summary.phase == "ended":
        raise UserError(f"Run `{run_id}` has ended; it gets no token.")
    if asked.get("purpose") != READ:
        raise UserError("A worker's token is for reading; there is no other purpose.")
    kinds = {"run.created", "run.moved"}
    told = [event.data for event in store.events(run_id) if event.kind in kinds and event.is_rightful]
    if not told:
        raise UserError(f"Nobody but its worker says where run `{run_id}` belongs.")
    thread: Mapping[str, Any] = told[-1]["thread"]
    if asked.get("repository_id") != thread["repository_id"]:
        raise UserError(f"Run `{run_id}` asks for a repository that is not its own.")
    return thread
