"""`Broker`: the worker's side of the `tokens` function, which hands out what one run needs and no more.

The function has a URL that only signed requests reach (`AuthType: AWS_IAM`), and is told by Lambda whose signature it
was. So a worker says what it wants, and never who it is. Source: "Control access to Lambda function URLs", AWS Lambda
Developer Guide.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from app.aws.clients import Clients, translated
from app.aws.warm import Run
from app.errors import SettingsError, TransientError, UserError
from app.ports.platform import Clock
from app.retry import Retry
from app.runs import token_policy

_SECONDS = (2.0, 40.0)  # to connect, and to wait: the function itself ends after 30
_TRIES = Retry((0.2, 0.6, 1.5), spread=0.25)  # everything that is asked for may be asked for twice
_AGAIN_SECONDS = 15.0


class Broker:
    """`url` as LAMPLIGHTER_TOKENS_URL says. Thread-safe."""

    def __init__(self, url: str, clients: Clients, clock: Clock) -> None:
        self._url = url
        self._clients = clients
        self._clock = clock
        self._http = URLLib3Session(timeout=_SECONDS)

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to `question`, both JSON as `app.runs.token_policy` and `app.aws.desk` say.

        Raises UserError for what is refused, and when the URL may not be called; TransientError for what has to wait.
        """
        if not self._url:
            raise SettingsError(["LAMPLIGHTER_TOKENS_URL is not set; template.yaml sets it"])
        body = json.dumps(question).encode("ascii")
        for pause in _TRIES.tries(self._clock.sleep):
            try:
                status, answer = self._post(body)
            except TransientError:
                if pause is None:
                    raise
            else:
                if status == 200 and answer is not None:
                    return token_policy.granted(answer)
                if 400 <= status < 500 and status != 429:
                    raise _refusal(status, answer or {})
        raise TransientError("The token function failed; its log says why.", retry_after_seconds=_AGAIN_SECONDS)

    def _post(self, body: bytes) -> tuple[int, dict[str, Any] | None]:
        """The answer's status, and its JSON object when it is one: a gateway's page is none."""
        request = AWSRequest("POST", self._url, data=body, headers={"content-type": "application/json"})
        with translated("ask the token function"):
            self._clients.sign(request, "lambda")
            answer = self._http.send(request.prepare())
            text = answer.content
        try:
            said = json.loads(text)
        except ValueError:
            said = None
        return int(answer.status_code), said if isinstance(said, dict) else None


def _refusal(status: int, answer: Mapping[str, Any]) -> UserError:
    """The function's own words, or Lambda's `{"Message": "Forbidden"}` for who may not call it."""
    if "refused" in answer:
        return UserError(str(answer["refused"]))
    said = answer.get("Message") or answer.get("message") or answer.get("error") or f"status {status}"
    mend = "The role needs the policy that template.yaml gives it."
    return UserError(f"Could not ask the token function: AWS denies it ({said}). {mend}")


class AskedPlace:
    """Implements `warm.Place` in the worker; the broker knows which place is its own."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def take(self) -> bool:
        answer = self._broker.ask({"purpose": "take"})
        return bool(answer.get("waiting", True))  # not where it was given a run meanwhile

    def given(self) -> Run | None:
        return _run(self._broker.ask({"purpose": "given"}))

    def leave(self) -> Run | None:
        return _run(self._broker.ask({"purpose": "leave"}))


def _run(answer: Mapping[str, Any]) -> Run | None:
    return (str(answer["run_id"]), int(answer["attempt"])) if "run_id" in answer else None
