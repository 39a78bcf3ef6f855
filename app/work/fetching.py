"""Bringing commits of a run's repository into the harness's mirror, with the run's read token."""

from __future__ import annotations

from app.ports.platform import Tokens
from app.runs.run_ledger import RunLedger
from app.workspace import Mirror
from app.workspace.git import FetchRefused

_FRESH_TOKEN_SECONDS = 5.0  # a new token may not be known everywhere at once (facts.md)


class Fetcher:
    """Fetches into `mirror` for one run."""

    def __init__(self, ledger: RunLedger, tokens: Tokens, mirror: Mirror) -> None:
        self._ledger, self._tokens, self._mirror = ledger, tokens, mirror

    def fetch(self, wanted: str) -> str:
        """Bring a commit into the mirror, and return its SHA; a token that was not accepted is replaced once. Raises
        UserError, TransientError.
        """
        url: str = self._ledger.state.created.clone_url
        if not url.startswith("http"):
            return self._mirror.fetch(url, wanted)
        try:
            return self._mirror.fetch(url, wanted, self._token())
        except FetchRefused as error:
            if error.status != 401:
                raise
        token = self._token(fresh=True)
        self._ledger.clock.sleep(_FRESH_TOKEN_SECONDS)
        return self._mirror.fetch(url, wanted, token)

    def _token(self, *, fresh: bool = False) -> str:
        repository_id = self._ledger.state.created.thread.repository_id
        token = self._tokens.read_token(self._ledger.run_id, repository_id, fresh=fresh)
        self._ledger.redactor.hold(token.value, expires=True)
        return token.value
