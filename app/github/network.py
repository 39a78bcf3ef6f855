"""The connections to GitHub of all clients of a process."""

from __future__ import annotations

import atexit
import functools

import httpx

TIMEOUT = httpx.Timeout(30.0, connect=10.0)  # GitHub ends requests that take it more than ten seconds


class _Connections(httpx.BaseTransport):
    """The connections of all clients, through the environment's proxies. Making an `httpx.Client` loads the trusted
    certificates, 32 ms each time; githubkit makes one for every request, and closing those closes nothing here.
    """

    def __init__(self) -> None:
        self._pool = httpx.Client(timeout=TIMEOUT)
        atexit.register(self._pool.close)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._pool.send(request, stream=True)


@functools.cache
def network() -> httpx.BaseTransport:
    """The one of this process."""
    return _Connections()
