"""`LambdaTokens`: a worker asks the `tokens` function, which alone among what it can reach may use the App's key."""

from __future__ import annotations

import json

from app.aws.clients import Clients, translated
from app.errors import SettingsError, TransientError
from app.ports.platform import Token
from app.runs import token_policy

_AGAIN_SECONDS = 15.0


class LambdaTokens:
    """Implements `ports.Tokens`. `function` is the function's name or ARN, as LAMPLIGHTER_TOKENS_FUNCTION says."""

    def __init__(self, function: str, clients: Clients) -> None:
        self._function = function
        self._clients = clients

    def read_token(self, run_id: str, repository_id: int, *, fresh: bool = False) -> Token:
        """As the port says; UserError also when the function is missing or may not be called."""
        if not self._function:
            raise SettingsError(["LAMPLIGHTER_TOKENS_FUNCTION is not set; template.yaml sets it"])
        payload = json.dumps(token_policy.request(run_id, repository_id, fresh=fresh)).encode()
        with translated("ask for a token"):
            answer = self._clients.get("lambda").invoke(FunctionName=self._function, Payload=payload)
            body = answer["Payload"].read()
        if not answer.get("FunctionError"):
            try:
                return token_policy.token_of(json.loads(body))
            except (ValueError, TypeError):
                pass
        raise TransientError("The token function failed; its log says why.", retry_after_seconds=_AGAIN_SECONDS)
