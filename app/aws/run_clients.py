"""Clients that reach one run's items and objects and no others, with credentials that its worker gets of the broker."""

from __future__ import annotations

from botocore.credentials import DeferredRefreshableCredentials

from app.aws.broker import Broker
from app.aws.clients import Clients
from app.errors import TransientError
from app.log import Redactor
from app.ports.platform import Clock

_AGAIN_SECONDS = 15.0


def run_clients(broker: Broker, run_id: str, clock: Clock, redactor: Redactor) -> Clients:
    """Credentials are asked for at the first call, and good for an hour: no session of a role that took another role
    lasts longer ("Role chaining", AWS IAM User Guide). botocore asks for new ones in whatever call comes a quarter of
    an hour before their end, and goes on with the old ones where it gets none; in the last ten minutes such a call
    raises what the broker does.
    """

    def asked() -> dict[str, str]:
        given = broker.ask({"run_id": run_id, "purpose": "store"})
        try:
            for secret in (given["secret_key"], given["token"]):
                redactor.hold(secret, expires=True)
            return {name: str(given[name]) for name in ("access_key", "secret_key", "token", "expiry_time")}
        except KeyError as error:
            raise TransientError("The broker gave no credentials.", retry_after_seconds=_AGAIN_SECONDS) from error

    return Clients(credentials=DeferredRefreshableCredentials(asked, f"run {run_id}", time_fetcher=clock.now))
