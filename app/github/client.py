"""A synchronous client for GitHub's REST and GraphQL API: one token, one place where errors and retries are decided.

Reads are repeated on connection loss and 5xx. Writes never are: an answer that does not come is `Ambiguous`.
A 401 is asked again with a new token. What is asked for is known to exist, because a webhook or our own write proved
it, so a refusal that says otherwise is asked again too (`errors.lags`); a call for something that may well be missing
says `optional`.
"""

from __future__ import annotations

import atexit
import functools
import itertools
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote

import httpx

from app.errors import TransientError
from app.github.errors import OUTAGE_SECONDS, Ambiguous, Invalid, NotYet, Refused, lags, refusal, server_time
from app.github.pacer import Pacer
from app.ports.platform import Clock, Token
from app.ports.rate import Priority
from app.settings import Settings

API_VERSION = "2022-11-28"
JSON = "application/vnd.github+json"
READ_PAUSES_SECONDS = (1.0, 3.0, 9.0)  # rides out a deploy's blip; longer outages are the caller's to wait for
LAG_PAUSES_SECONDS = (1.0, 3.0, 9.0)  # reads lag behind webhooks and writes by seconds (facts.md)
LAG = timedelta(seconds=60)  # after this what GitHub does not show is not there
TIMEOUT = httpx.Timeout(30.0, connect=10.0)  # GitHub ends requests that take it more than ten seconds
PAGE_SIZE = 100  # the most GitHub gives
MAX_REDIRECTS = 3

Params = Mapping[str, str | int]


class Credential(Protocol):
    """What authenticates requests."""

    def value(self) -> str: ...

    def refused(self, tries: int, server_seconds_ahead: float | None) -> float | None:
        """Told of a 401 to one request, the `tries`-th (from 0): the seconds after which to ask again with `value`,
        None when that makes no sense.
        """


class _Fixed:
    def __init__(self, value: str) -> None:
        self._value = value

    def value(self) -> str:
        return self._value

    def refused(self, tries: int, server_seconds_ahead: float | None) -> None:  # noqa: ARG002 - there is no other
        return None


def path(*parts: str | int) -> str:
    """An API path from raw parts: `path("repos/acme/calc/contents", "docs/a b.md")`. Slashes inside parts stay.

    Raises Invalid for parts that would leave their place in the path.
    """
    text = "/".join(str(part) for part in parts)
    if any(step in {"", ".", ".."} for step in text.split("/")):
        raise Invalid(f"/{text}", 422, "not a path")
    return "/" + quote(text, safe="/")


class GitHub:
    """Talks to GitHub with one token.

    `pacer` spaces the writes of `installation_id`, by `priority`, which may be set before each write; without a pacer
    they are not spaced. `known_since` is when what is asked for was proven to exist; until a minute later "it does not
    exist" is NotYet. `transport` replaces the network (the simulator in-process). Thread-safe but for `priority`, and
    cheap to make: all clients of a process share their connections.
    """

    def __init__(
        self,
        token: Token | Credential | str,
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
        self._credential = _credential(token)
        self._clock = clock
        self._pacer = pacer
        self._installation_id = installation_id
        self._api = settings.github_api_url
        self._agent = f"lamplighter ({settings.app_slug})"
        self._http = httpx.Client(transport=transport, timeout=TIMEOUT) if transport else _network()

    def __enter__(self) -> GitHub:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the use of the token. Idempotent; connections stay open for the other clients."""
        self._credential = _Fixed("")

    # ------------------------------------------------------------ reading

    def get(self, path: str, *, optional: bool = False, **params: str | int) -> Any:
        """The JSON answer. `optional`: it may well be missing. Raises Refused, RateLimited, TransientError."""
        return _json(self._read(self._api + path, params, optional=optional))

    def get_all(
        self,
        path: str,
        params: Params | None = None,
        *,
        key: str = "",
        limit: int = 10_000,
        optional: bool = False,
    ) -> Iterator[Any]:
        """The items of a list over all its pages; `key` where the list is inside an object (`check_runs`)."""
        asked = {"per_page": min(PAGE_SIZE, limit), **(params or {})}
        response = self._read(self._api + path, asked, optional=optional)
        given = 0
        while True:
            page = _json(response)
            for item in page[key] if key else page:
                if given >= limit:
                    return
                given += 1
                yield item
            following = response.links.get("next", {}).get("url")
            if not following or given >= limit:
                return
            if not following.startswith(self._api + "/"):
                raise Refused(f"GET {path}", response.status_code, "the next page is somewhere else")
            response = self._read(following, {}, optional=optional)

    def _read(self, url: str, params: Params, *, optional: bool) -> httpx.Response:
        for pause in (*READ_PAUSES_SECONDS, None):
            try:
                response = self._answered("GET", url, params=params, optional=optional)
            except httpx.TransportError as error:
                failure = f"GitHub is not reachable ({type(error).__name__})."
            else:
                if response.status_code < 500:
                    return response
                failure = f"GitHub answered {response.status_code}."
            if pause is not None:
                self._clock.sleep(pause)
        raise TransientError(failure, retry_after_seconds=OUTAGE_SECONDS)

    # ------------------------------------------------------------ writing

    def post(self, path: str, body: Any = None, *, optional: bool = False) -> Any:
        """The JSON answer. Raises Refused, RateLimited, Ambiguous; so do the other writes."""
        return self._write("POST", self._api + path, body, optional=optional)

    def patch(self, path: str, body: Any) -> Any:
        return self._write("PATCH", self._api + path, body)

    def put(self, path: str, body: Any = None) -> Any:
        return self._write("PUT", self._api + path, body)

    def delete(self, path: str) -> None:
        """Raises NotFound, among others, at once: what is gone already was deleted."""
        self._write("DELETE", self._api + path, None, optional=True)

    def graphql(self, query: str, **variables: Any) -> Any:
        """Run a mutation; the `data` of the answer. Raises Invalid for errors in it."""
        root = self._api.removesuffix("/api/v3") + "/api" if self._api.endswith("/api/v3") else self._api
        answer = self._write("POST", f"{root}/graphql", {"query": query, "variables": variables})
        if answer.get("errors"):
            raise Invalid("POST /graphql", 422, str(answer["errors"][0].get("message")), answer["errors"])
        return answer["data"]

    def _write(self, method: str, url: str, body: Any, *, optional: bool = False) -> Any:
        try:
            response = self._answered(method, url, body=body, optional=optional)
        except httpx.TransportError as error:
            raise Ambiguous(
                f"GitHub's answer to a {method} was lost ({type(error).__name__}).", retry_after_seconds=OUTAGE_SECONDS
            ) from error
        if response.status_code >= 500:
            raise Ambiguous(
                f"GitHub answered {response.status_code} to a {method}.", retry_after_seconds=OUTAGE_SECONDS
            )
        return _json(response)

    # ------------------------------------------------------------ both

    def _answered(
        self, method: str, url: str, *, params: Params | None = None, body: Any = None, optional: bool
    ) -> httpx.Response:
        """A success, or a 5xx. A refusal did nothing, so one that may pass by itself is asked again, also a write."""
        for pause in (*LAG_PAUSES_SECONDS, None):
            if self._pacer and method != "GET":
                self._pacer.wait(self._installation_id, self.priority)
            response = self._send(method, url, params, body)
            if response.is_success or response.status_code >= 500:
                return response
            error = self._refusal(response)
            if optional or not lags(error):
                raise error
            if pause is None:
                break
            self._clock.sleep(pause)
        if self._known_until and self._clock.now() < self._known_until:
            raise NotYet(str(error)) from error
        raise error

    def _send(self, method: str, url: str, params: Params | None, body: Any) -> httpx.Response:
        """One request, asked again with another credential where a 401 was that one's fault."""
        for tries in itertools.count():
            response = self._followed(method, url, params, body)
            if response.status_code != 401:
                break
            server = server_time(response.headers)
            ahead = (server - self._clock.now()).total_seconds() if server else None
            pause = self._credential.refused(tries, ahead)
            if pause is None:
                break
            if pause:
                self._clock.sleep(pause)
        return response

    def _followed(self, method: str, url: str, params: Params | None, body: Any) -> httpx.Response:
        """One exchange; follows redirects (a renamed repository)."""
        response = self._exchange(method, url, params, body)
        for _ in range(MAX_REDIRECTS):
            location = response.headers.get("location", "")
            if response.status_code not in {301, 302, 307, 308} or not location.startswith(self._api + "/"):
                break  # a token goes nowhere else
            response = self._exchange(method, location, None, body)
        return response

    def _exchange(self, method: str, url: str, params: Params | None, body: Any) -> httpx.Response:
        return self._http.request(
            method,
            url,
            params=params or None,
            json=body,
            headers={
                "Authorization": f"Bearer {self._credential.value()}",
                "Accept": JSON,
                "X-GitHub-Api-Version": API_VERSION,
                "User-Agent": self._agent,
            },
        )

    def _refusal(self, response: httpx.Response) -> Exception:
        request = f"{response.request.method} {response.request.url.path}"
        try:
            body = response.json()
        except ValueError:
            body = None
        refused = refusal(request, response.status_code, response.headers, body, self._clock.now())
        if isinstance(refused, TransientError) and self._pacer:  # a limit; who goes on asking is kept out for longer
            self._pacer.stop(self._installation_id, refused.retry_after_seconds)
        return refused


@functools.cache
def _network() -> httpx.Client:
    """One connection pool for the process: making a client loads the trusted certificates, 32 ms each time."""
    client = httpx.Client(timeout=TIMEOUT)
    atexit.register(client.close)
    return client


def _credential(token: Token | Credential | str) -> Credential:
    if isinstance(token, str):
        return _Fixed(token)
    return _Fixed(token.value) if isinstance(token, Token) else token


def _json(response: httpx.Response) -> Any:
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError:
        request = f"{response.request.method} {response.request.url.path}"
        raise Refused(request, response.status_code, "the answer is not JSON") from None
