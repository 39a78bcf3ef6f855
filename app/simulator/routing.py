"""Routes: a path, who may call it, and the function that answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar
from urllib.parse import urlencode

from app.simulator import auth
from app.simulator.http import ApiError, Json, Request, Response, UnknownRoute, not_found
from app.simulator.records import Account, Token
from app.simulator.state import Issue, Pull, Repository
from app.simulator.world import World

Auth = Literal["app", "token", "either", "nobody"]
Answer = Callable[["Call"], Response]
Item = TypeVar("Item")

PAGE_SIZE = 30
PAGE_SIZE_MAX = 100
EXPOSED_PERMISSIONS = "Resource not accessible by integration"


@dataclass(eq=False, kw_only=True)
class Call:
    """One authenticated request on its way to its answer."""

    world: World
    request: Request
    params: dict[str, str]
    token: Token | None
    needs: str = ""
    body: Json = field(default_factory=dict)

    @property
    def actor(self) -> Account:
        """In whose name: always the App's bot."""
        return self.world.app.bot

    @property
    def repo(self) -> Repository:
        """The repository of the path.

        Raises the 404, also for one the token does not reach.
        """
        repo = self.world.find_repository(f"{self.params['owner']}/{self.params['repo']}")
        if self.token is not None and not auth.covers(self.world, self.token, repo):
            raise not_found()
        return repo

    def number(self, name: str) -> int:
        """A number of the path.

        Raises the 404 when it is none.
        """
        if not self.params[name].isdecimal():
            raise not_found()
        return int(self.params[name])

    def thread(self) -> Issue:
        """The issue or pull request of the path, permitted: `issues` for one, `pull_requests` for the other."""
        self._follow(self.number("number"))
        thread = self.world.thread(self.repo, self.number("number"))
        self.demand_for(thread)
        return thread

    def _follow(self, number: int) -> None:
        """Raise the 410 of an issue that was deleted, and the redirect to one that moved to where the token reaches."""
        if number in self.repo.deleted:
            raise ApiError(410, "This issue was deleted")
        moved = self.repo.moved.get(number)
        rest = self.request.path.partition(f"/issues/{number}")[2]
        if (
            moved is not None
            and rest in ("", "/labels")
            and self.token is not None
            and auth.covers(self.world, self.token, moved.repository)
        ):
            to = f"{self.world.api_url}/repos/{moved.repository.full_name}/issues/{moved.number}{rest}"
            raise ApiError(301, "Moved Permanently", headers={"Location": to})

    def demand_for(self, thread: Issue) -> None:
        """Check the permission the kind of thread asks for (an App with either may read both)."""
        level = self.needs.partition(":")[2] or "read"
        self.demand("pull_requests" if isinstance(thread, Pull) else "issues", level)

    def pull(self) -> Pull:
        """The pull request of the path."""
        return self.world.pull(self.repo, self.number("number"))

    def demand(self, permission: str, level: str) -> None:
        """Raise the 403 unless the token carries this permission."""
        if self.token is not None and not auth.grants(self.token, permission, level):
            headers = {"X-Accepted-GitHub-Permissions": f"{permission}={level}"}
            raise ApiError(403, EXPOSED_PERMISSIONS, headers=headers)

    def demand_writable(self) -> None:
        """Raise the 403 of an archived repository."""
        if self.repo.archived:
            raise ApiError(403, "Repository was archived so is read-only.")

    def page(self, items: list[Json], *, wrap: str | None = None) -> Response:
        """One page of a list with its Link header; `wrap` names the list inside an object with total_count."""
        return self.page_of(items, lambda item: item, wrap=wrap)

    def page_of(self, items: Sequence[Item], shape: Callable[[Item], Json], *, wrap: str | None = None) -> Response:
        """The same for items that are shaped only when they are shown: a list may have ten thousand."""
        query = self.request.query
        size = bounded(query.get("per_page"), PAGE_SIZE, PAGE_SIZE_MAX)
        page = bounded(query.get("page"), 1, 10**6)
        last = max(1, -(-len(items) // size))
        shown = [shape(item) for item in items[(page - 1) * size : page * size]]
        links = []
        if page < last:
            links += [(page + 1, "next"), (last, "last")]
        if page > 1:
            links += [(1, "first"), (page - 1, "prev")]
        headers = {"Link": ", ".join(self._link(number, word) for number, word in links)} if links else {}
        return Response(200, shown if wrap is None else {"total_count": len(items), wrap: shown}, headers)

    def _link(self, page: int, word: str) -> str:
        query = urlencode({**self.request.query, "page": str(page)})
        return f'<{self.world.api_url}{self.request.path}?{query}>; rel="{word}"'


def bounded(text: str | None, default: int, maximum: int) -> int:
    """A number of the query between 1 and a maximum; anything else is the default."""
    return min(max(int(text), 1), maximum) if text and text.isdecimal() else default


@dataclass(frozen=True, kw_only=True)
class Route:
    """One operation."""

    method: str
    template: str
    pattern: re.Pattern[str]
    auth: Auth
    needs: str  # "permission:level"; "thread:level" asks for issues or pull_requests, whichever the number is
    answer: Answer


class Routes:
    """A table of operations, filled by decorators."""

    def __init__(self) -> None:
        self.table: list[Route] = []

    def add(self, method: str, template: str, *, needs: str = "", auth: Auth = "token") -> Callable[[Answer], Answer]:
        """Register an operation: `{name}` matches one segment, `{name+}` the rest of the path."""
        expression = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
        expression = re.sub(r"\\\{(\w+)\\\+\\\}", r"(?P<\1>.+)", expression)

        def register(answer: Answer) -> Answer:
            pattern = re.compile(expression)
            route = Route(method=method, template=template, pattern=pattern, auth=auth, needs=needs, answer=answer)
            self.table.append(route)
            return answer

        return register

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The operation for a request and the values in its path.

        Raises `UnknownRoute`.
        """
        for route in self.table:
            if route.method == method and (match := route.pattern.fullmatch(path)):
                return route, match.groupdict()
        raise UnknownRoute(f"{method} {path}: the simulated GitHub has no such route")


def call(world: World, routes: Routes, request: Request) -> Response:
    """Find, authenticate, authorise, answer."""
    request = _by_name(world, request)
    route, params = routes.find(request.method, request.path)
    token = None
    if route.auth == "nobody":
        return route.answer(Call(world=world, request=request, params=params, token=None, body=request.json()))
    if route.auth == "app" or (route.auth == "either" and not _is_known(world, request)):
        auth.check_app_jwt(world, request)
    else:
        token = auth.check_token(world, request)
    made = Call(world=world, request=request, params=params, token=token, needs=route.needs)
    if request.method != "GET":
        made.body = request.json()
    if token is not None and "repo" in params:
        _send_on(made)
        _ = made.repo  # a repository out of reach is a 404 before anything else
        permission, _, level = route.needs.partition(":")
        if permission and permission != "thread":
            made.demand(permission, level)
        if level == "write":
            made.demand_writable()
    return route.answer(made)


_BY_NUMBER = re.compile(r"/repositories/(\d{1,18})(/.+)?")


def _by_name(world: World, request: Request) -> Request:
    """What a redirect leads to: a repository by its number."""
    found = _BY_NUMBER.fullmatch(request.path)
    repo = world.repositories.get(int(found[1])) if found else None
    if found is None or repo is None:
        return request
    return replace(request, path=f"/repos/{repo.full_name}{found[2] or ''}")


def _send_on(made: Call) -> None:
    """Raise the redirect from a repository's former name: 301 for reading, 307 for what has to be sent again."""
    owner, name = made.params["owner"], made.params["repo"]
    repo = made.world.moved(f"{owner}/{name}")
    if repo is None or made.token is None or not auth.covers(made.world, made.token, repo):
        return
    rest = made.request.path.removeprefix(f"/repos/{owner}/{name}")
    query = f"?{urlencode(made.request.query)}" if made.request.query else ""
    to = f"{made.world.api_url}/repositories/{repo.id}{rest}{query}"
    status, words = (301, "Moved Permanently") if made.request.method == "GET" else (307, "Temporary Redirect")
    raise ApiError(status, words, headers={"Location": to})


def _is_known(world: World, request: Request) -> bool:
    return (auth.bearer(request) or "") in world.tokens
