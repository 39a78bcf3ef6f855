"""`BrokerTokens`: a worker asks the `tokens` function, which alone among what it can reach may use the App's key."""

from __future__ import annotations

from app.aws.broker import Broker
from app.errors import TransientError
from app.ports.platform import Token
from app.runs import token_policy

_AGAIN_SECONDS = 15.0


class BrokerTokens:
    """Implements `ports.Tokens`."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def read_token(self, run_id: str, repository_id: int, *, fresh: bool = False) -> Token:
        """As the port says; UserError also when the function may not be called, or says this task has another run."""
        try:
            return token_policy.token_of(self._broker.ask(token_policy.request(run_id, repository_id, fresh=fresh)))
        except ValueError as error:
            raise TransientError(
                "The token function gave no token; its log says why.", retry_after_seconds=_AGAIN_SECONDS
            ) from error
