"""`Desk`: the `tokens` function's side of `app.aws.broker`. It knows who asks (`app.aws.callers`) and answers for
that worker's own run.

A question is JSON with a `purpose`; what is refused to a stranger has status 403, everything else 200.

    read           a read token for the run's repository: as `app.runs.token_policy` says
    store          credentials for the run's items and objects, good for an hour:
                   {"access_key": …, "secret_key": …, "token": …, "expiry_time": ISO}
    take, leave    of a warm worker's place: {"waiting": true or false}, or the run it was given
    given          {"run_id": …, "attempt": …} once there is one, else {}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from app import log
from app.aws import warm
from app.aws.callers import Caller, Callers, Stranger
from app.aws.clients import Clients, translated
from app.aws.function_url import request, response
from app.errors import TransientError, UserError
from app.ports.platform import Clock, Store
from app.runs import token_policy
from app.settings import Cloud

_ROUTES = {"/": "POST"}
_HEADERS = {"content-type": "application/json"}
_WAITING = {"take", "given", "leave"}
_SESSION_SECONDS = 3600  # the longest of a role that another role takes


class Desk:
    """Answers a function URL's events; only a defect escapes. Thread-safe."""

    def __init__(self, cloud: Cloud, store: Store, clock: Clock, clients: Clients, mint: token_policy.Mint) -> None:
        """Raises SettingsError when the stack's parts are not named."""
        cloud.require("run_role")
        self._callers = Callers(cloud, store, clock, clients)
        self._clients = clients
        self._run_role = cloud.run_role
        self._store = store
        self._mint = mint

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Lambda's answer to one event of the URL."""
        asked = request(event)
        if refused := asked.refused(_ROUTES):
            status, said, headers = refused
            return _said(status, said, headers)
        try:
            question = json.loads(asked.body)
        except ValueError:
            question = None
        if not isinstance(question, dict):
            return _said(400, {"refused": "A question is a JSON object."})
        try:
            return _said(200, self._reply(event, question))
        except Stranger as error:
            context = event.get("requestContext") or {}
            log.event("broker.refused", level=log.WARNING, reason=str(error), caller=context.get("authorizer"))
            return _said(403, {"refused": str(error)})
        except UserError as error:
            log.event("broker.failed", level=log.ERROR, reason=str(error))
            return _said(200, {"refused": str(error)})
        except TransientError as error:
            log.event("broker.delayed", level=log.WARNING, reason=str(error))
            return _said(200, token_policy.delayed(str(error), error.retry_after_seconds))

    def _reply(self, event: Mapping[str, Any], question: Mapping[str, Any]) -> dict[str, Any]:
        purpose = question.get("purpose")
        caller = self._callers.of(event, must_live=purpose not in _WAITING)
        if purpose in _WAITING:
            return self._wait(caller, str(purpose))
        if not caller.run_id or question.get("run_id") != caller.run_id:
            own = f"its own is `{caller.run_id}`" if caller.run_id else "it has none yet"
            raise Stranger(f"Task {caller.task_id} has no run `{str(question.get('run_id'))[:100]}`; {own}.")
        if purpose == "store":
            return self._credentials(caller)
        return token_policy.answer(question, self._store, self._mint)

    def _credentials(self, caller: Caller) -> dict[str, Any]:
        """For as long as the task lives, whatever became of the run: its worker has to read that, and to give up its
        lease. CloudTrail shows the session by the task's id.
        """
        with translated("take the role of a run"):
            given = self._clients.get("sts").assume_role(
                RoleArn=self._run_role,
                RoleSessionName=caller.task_id,
                DurationSeconds=_SESSION_SECONDS,
                Tags=[{"Key": "run", "Value": caller.run_id}],
            )["Credentials"]
        expires = given["Expiration"].isoformat()
        log.event("broker.store_granted", run=caller.run_id, task=caller.task_id, expires_at=expires)
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": expires,
        }

    def _wait(self, caller: Caller, purpose: str) -> dict[str, Any]:
        if caller.place is None:
            raise Stranger(f"Task {caller.task_id} was started for a run and has no place to wait in.")
        if caller.run_id:
            return {"run_id": caller.run_id, "attempt": caller.attempt}
        place = warm.StoredPlace(self._store, caller.place, caller.task)
        if purpose == "take":
            return {"waiting": place.take()}
        given = place.leave() if purpose == "leave" else None
        return {"run_id": given[0], "attempt": given[1]} if given else {}


def _said(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    return response(status, json.dumps(body).encode("ascii"), {**_HEADERS, **(headers or {})})
