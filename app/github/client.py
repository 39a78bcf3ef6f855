"""githubkit's typed endpoints with one token, and one place where errors and retries are decided.

Reads are repeated on connection loss and 5xx. Writes never are: an answer that does not come is `Ambiguous`.
A 401 is asked again with a new token (`bearer`). What is asked for is known to exist, because a webhook or our own
write proved it, so a refusal that says otherwise is asked again too (`errors.lags`); a call for something that may well
be missing goes through `GitHub.optional`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
from githubkit import GitHubCore, Response
from githubkit.exception import RequestError, RequestFailed
from githubkit.typing import URLTypes

from app.errors import TransientError
from app.github.bearer import Bearer, Credential
from app.github.endpoints import API_VERSION, RestNamespace
from app.github.errors import OUTAGE_SECONDS, Ambiguous, Invalid, NotYet, Refused, lags, refusal
from app.github.network import TIMEOUT, network
from app.github.pacer import Pacer, Turns
from app.github.views import Answer, MayBeMissing, Polled, named
from app.ports.platform import Clock, Token
from app.ports.rate import Priority
from app.retry import Retry
from app.settings import Settings

# Rides out a deploy's blip, and reads that lag behind webhooks and writes (facts.md); what lasts longer is the caller's
# to wait for.
AGAIN = Retry((1.0, 3.0, 9.0))
LAG = timedelta(seconds=60)  # after this what GitHub does not show is not there
PAGE_SIZE = 100  # the most GitHub gives
MOST = 10_000  # items of a list: GitHub names no limit, but a list must end


def quoted(text: str) -> str:
    """A path parameter for githubkit, which puts it into the address as it is. Slashes stay.

    Raises Invalid for what would leave its place in the path.
    """
    if any(step in {"", ".", ".."} for step in text.split("/")):
        raise Invalid(f"/{text}", 422, "not a path")
    return quote(text, safe="/")


def segment(text: str) -> str:
    """As `quoted`, for a parameter that is one segment of the path, whatever slashes it holds."""
    return quoted(text).replace("/", "%2F")


def place(repo: str) -> tuple[str, str]:
    """A repository's "owner/name", as githubkit takes it."""
    owner, _, name = quoted(repo).partition("/")
    return owner, segment(name)


class GitHub(GitHubCore[Bearer]):
    """Talks to GitHub with one token (or as nobody, without), through `rest`, githubkit's typed endpoints. Their
    answers are read with `.json()`: their models are not loaded (`endpoints`).

    `pacer` spaces the writes of `installation_id`, by `priority`, which may be set before each write; without a pacer
    they are not spaced. `known_since` is when what is asked for was proven to exist; until a minute later "it does not
    exist" is NotYet. `transport` replaces the network (the simulator in-process). Thread-safe but for `priority`, and
    cheap to make: all clients of a process share their connections.

    All calls raise Refused, RateLimited, TransientError; those that write Ambiguous.
    """

    def __init__(
        self,
        token: Token | Credential | str | None,
        settings: Settings,
        clock: Clock,
        *,
        transport: httpx.BaseTransport | None = None,
        pacer: Pacer | None = None,
        installation_id: int = 0,
        known_since: datetime | None = None,
        priority: Priority = Priority.MARKS,
    ) -> None:
        self.priority = priority
        self._known_until = known_since + LAG if known_since else None
        self._clock = clock
        self._pacer = pacer
        self._installation_id = installation_id
        self._api = settings.github_api_url
        self._transport = transport or network()
        super().__init__(
            Bearer(token, self._api, clock),
            base_url=self._api,
            user_agent=f"lamplighter ({settings.app_slug})",
            follow_redirects=False,  # `Bearer` does
            timeout=TIMEOUT,
            transport=self._transport,
            throttler=Turns(self._wait_for_turn),
            http_cache=False,
            auto_retry=False,
            rest_api_validate_body=False,  # mypy does
        )
        self.rest = RestNamespace(self)

    @functools.cached_property
    def optional(self) -> MayBeMissing:
        """For what may well not exist."""
        return MayBeMissing(self, self.ask)

    @functools.cached_property
    def polled(self) -> Polled:
        """For what is asked for over and over."""
        return Polled(self, self.ask)

    @contextmanager
    def elsewhere(self) -> Iterator[httpx.Client]:
        """A client without our token, for what GitHub keeps on other hosts. Raises TransientError: they are away."""
        with httpx.Client(transport=_Shared(self._transport), timeout=TIMEOUT) as storage:
            try:
                yield storage
            except httpx.TransportError as error:
                raise _lost("GET", type(error).__name__) from error

    def __enter__(self) -> GitHub:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the use of the token. Idempotent; connections stay open for the other clients."""
        self.auth.end()

    def items(self, first: Response[Any, Any], *, key: str = "", limit: int = MOST) -> Iterator[Any]:
        """The items of a list over all its pages, of which `first` is the first; `key` where the list is inside an
        object (`check_runs`).
        """
        page, given = first, 0
        while True:
            rows = page.json()
            for item in rows[key] if key else rows:
                if given >= limit:
                    return
                given += 1
                yield item
            following = page.raw_response.links.get("next", {}).get("url")
            if not following or given >= limit:
                return
            if not following.startswith(self._api + "/"):
                raise Refused(named(page), page.status_code, "the next page is somewhere else")
            page = self.request("GET", following)

    def graphql(self, query: str, **variables: Any) -> Any:
        """Run a mutation; the `data` of the answer. Raises Invalid for errors in it."""
        root = self._api.removesuffix("/api/v3") + "/api" if self._api.endswith("/api/v3") else self._api
        answer = self.request("POST", f"{root}/graphql", json={"query": query, "variables": variables}).json()
        if answer.get("errors"):
            raise Invalid("POST /graphql", 422, str(answer["errors"][0].get("message")), answer["errors"])
        return answer["data"]

    # ------------------------------------------------------------ what githubkit's endpoints call

    def request(self, method: str, url: URLTypes, **given: Any) -> Answer:
        """A success. Raises as the class says."""
        return self.ask(method, url, given)

    def ask(self, method: str, url: URLTypes, given: Mapping[str, Any], *, optional: bool = False) -> Answer:
        """As `request`; `optional`: it may well be missing. A refusal did nothing, so one that may pass by itself is
        asked again, also of a write; an answer that was lost only of a read.
        """
        for _pause in AGAIN.tries(self._clock.sleep):
            try:
                return self._once(method, url, given)
            except _Away as error:
                failure: TransientError | Refused = error
            except Refused as error:
                if optional or not lags(error):
                    raise
                failure = error
        if isinstance(failure, Refused) and self._known_until and self._clock.now() < self._known_until:
            raise NotYet(str(failure)) from failure
        raise failure

    def _once(self, method: str, url: URLTypes, given: Mapping[str, Any]) -> Answer:
        headers = {"X-GitHub-Api-Version": API_VERSION, **(given.get("headers") or {})}
        params = {name: _in_query(value) for name, value in (given.get("params") or {}).items()}
        try:
            response = super().request(method, url, **{**given, "headers": headers, "params": params or None})
        except RequestFailed as error:
            response = error.response
        except RequestError as error:
            if not isinstance(error.exc, httpx.TransportError):
                raise error.exc from None  # of a credential, or a defect
            raise _lost(method, type(error.exc).__name__) from error.exc
        is_elsewhere = response.status_code == 302 and "location" in response.headers
        if is_elsewhere and str(url).endswith("/logs"):  # the one thing that we fetch there: see `elsewhere`
            return Answer(response.raw_response, Any)
        if response.is_success or (response.status_code == 304 and "if-none-match" in response.raw_request.headers):
            return Answer(response.raw_response, Any)
        if response.status_code >= 500:
            raise _lost(method, response.status_code)
        raise self._refusal(response)

    def _check_rate_limit(self, response: Response[Any, Any]) -> None:
        """Nothing: githubkit's own goes by the machine's clock and fails at a header that is no number."""

    def _refusal(self, response: Response[Any, Any]) -> Exception:
        try:
            body = response.json()
        except ValueError:
            body = None
        refused = refusal(named(response), response.status_code, response.headers, body, self._clock.now())
        if isinstance(refused, TransientError) and self._pacer:  # a limit; who goes on asking is kept out for longer
            self._pacer.stop(self._installation_id, refused.retry_after_seconds)
        return refused

    def _wait_for_turn(self, request: httpx.Request) -> None:
        if self._pacer and request.method != "GET":
            self._pacer.wait(self._installation_id, self.priority)


class _Shared(httpx.BaseTransport):
    """The connections of all clients, which one that is closed leaves open."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._transport.handle_request(request)


class _Away(TransientError):
    """A read whose answer never came."""


def _lost(method: str, how: str | int) -> TransientError:
    """`how`: the error of the connection, or a 5xx."""
    if method == "GET":
        text = f"GitHub answered {how}." if isinstance(how, int) else f"GitHub is not reachable ({how})."
        return _Away(text, retry_after_seconds=OUTAGE_SECONDS)
    lost = f"GitHub's answer to a {method} was lost ({how})."
    text = f"GitHub answered {how} to a {method}." if isinstance(how, int) else lost
    return Ambiguous(text, retry_after_seconds=OUTAGE_SECONDS)


def _in_query(value: Any) -> Any:
    """GitHub takes times in ISO 8601 with a Z."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value
