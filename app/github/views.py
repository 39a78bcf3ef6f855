"""What a call answers, and clients beside the client: what may be missing, what is polled."""

from __future__ import annotations

from typing import Any, Protocol

from githubkit import GitHubCore, Response
from githubkit.typing import URLTypes

from app.github.bearer import Bearer
from app.github.endpoints import RestNamespace
from app.github.errors import Refused


class Answer(Response[Any, Any]):
    """A success, of which only the JSON is read."""

    def json(self, **options: Any) -> Any:
        """Raises Refused when it is none."""
        try:
            return super().json(**options)
        except ValueError:
            raise Refused(named(self), self.status_code, "the answer is not JSON") from None


class Ask(Protocol):
    """As `GitHub.ask`."""

    def __call__(self, method: str, url: URLTypes, given: dict[str, Any], *, optional: bool = False) -> Answer: ...


class MayBeMissing(GitHubCore[Bearer]):
    """The same client for what may well not exist: GitHub's first word on that is taken."""

    def __init__(self, github: GitHubCore[Bearer], ask: Ask) -> None:
        super().__init__(github.auth, config=github.config)
        self._ask = ask
        self.rest = RestNamespace(self)

    def request(self, method: str, url: URLTypes, **given: Any) -> Answer:
        """As `GitHub.request`."""
        return self._ask(method, url, given, optional=True)


class Polled(GitHubCore[Bearer]):
    """The same client for what is asked for over and over: what has not changed since is not sent again, and does not
    count against the hour's requests. GitHub's ETags are of one token each, so this is for tokens that last.
    """

    def __init__(self, github: GitHubCore[Bearer], ask: Ask) -> None:
        super().__init__(github.auth, config=github.config)
        self._ask = ask
        self._last: dict[tuple[str, str], Answer] = {}
        self.rest = RestNamespace(self)

    def request(self, method: str, url: URLTypes, **given: Any) -> Answer:
        """As `GitHub.request`, for reading."""
        address = (str(url), repr(given.get("params")))
        last = self._last.get(address)
        tag = last.headers.get("etag") if last else None
        headers = {**(given.get("headers") or {}), **({"If-None-Match": tag} if tag else {})}
        answer = self._ask(method, url, {**given, "headers": headers})
        if last and answer.status_code == 304:
            return last
        self._last[address] = answer
        return answer


def named(response: Response[Any, Any]) -> str:
    """The request, as errors tell it."""
    return f"{response.raw_request.method} {response.raw_request.url.path}"
