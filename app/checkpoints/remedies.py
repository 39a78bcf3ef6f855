"""What to do about a set-up that failed, by its cause: a refused request, a limit, or the command itself. Pure.

Who reads it may change the repository's configuration; what only an operator can change says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.checkpoints.before_work import UNSPENT
from app.text.outgoing import code

_FILE = "`.github/lamplighter.yml`"
_HOSTS = 5  # named in one sentence

# How the proxy words a cause (tests/rooms/checkpoints/test_remedies.py lets it say each), and what to do about it.
_REFUSALS: Sequence[tuple[str, str]] = (
    (
        "not public",
        "{hosts} has a private address: whoever runs me can name its network in `LAMPLIGHTER_SANDBOX_NETWORKS`.",
    ),
    ("is an address;", "{hosts} is an address: give it a name, and allow that under `sandbox.network`."),
    ("is not a method allowed", "Requests to {hosts} were blocked for their method: allow it under `sandbox.methods`."),
    ("takes uploads", "{hosts} is out of reach once the tree was changed: `sandbox.network_with_change` can allow it."),
    ("MB were to be sent", "Too much was to be sent to {hosts}: raise `sandbox.upload` if it has to be."),
    ("is not listed in", "Requests to {hosts} were blocked: allow under `sandbox.network` what the set-up needs."),
)
_PRIVATE, _UNLISTED = _REFUSALS[0][0], _REFUSALS[-1][0]
_UNREACHED = "not reachable"
_UNREACHABLE = (
    "{hosts} could not be reached from where I run: my operator should look at the network, at DNS, and "
    "whether a proxy is needed."
)
_OFFLINE = re.compile(
    r"Temporary failure in name resolution|Could not resolve host|Name or service not known|EAI_AGAIN"
    r"|Network is unreachable|ENETUNREACH|No route to host",
)


def set_up(
    command: str,
    ended: str,
    *,
    killed_by: str,
    tail: str,
    requests: Iterable[Mapping[str, Any]],
    memory_mb: int,
) -> str:
    """Why a run ends at its set-up, in Markdown. `requests` are the data of `egress.requested`."""
    told = f"Setting up failed: {code(command, 200)} ended with {ended}. Nothing can be verified without it. {UNSPENT}"
    found = [*_of_requests(list(requests)), *_of_limits(killed_by, memory_mb)]
    if not found and _OFFLINE.search(tail):
        found = [
            "It looks for a host past the proxy, or there is no network: tools have to take `HTTPS_PROXY` from the "
            "environment."
        ]
    return " ".join([told, *(found or [f"Put the right commands under `setup` in {_FILE}."])])


def _of_requests(requests: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    for phrase, remedy in _REFUSALS:
        if hosts := _hosts(item for item in requests if not item["allowed"] and phrase in item.get("reason", "")):
            yield remedy.format(hosts=hosts)
    if hosts := _hosts(item for item in requests if item.get("reason", "").startswith(_UNREACHED)):
        yield _UNREACHABLE.format(hosts=hosts)


def unlisted(requests: Iterable[Mapping[str, Any]]) -> list[str]:
    """Hosts that were refused because no configuration names them."""
    refused = (item for item in requests if not item["allowed"] and _UNLISTED in item.get("reason", ""))
    return list(dict.fromkeys(str(item["host"]) for item in refused))


def is_for_operators(requests: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a host was out of reach for reasons that no configuration of a repository changes."""
    reasons = [item.get("reason", "") for item in requests if not item["allowed"]]
    return any(_PRIVATE in reason or reason.startswith(_UNREACHED) for reason in reasons)


def _of_limits(killed_by: str, memory_mb: int) -> Iterable[str]:
    if killed_by == "memory":
        yield f"Raise `sandbox.memory` (now {memory_mb}m) in {_FILE}, or give `setup` a smaller command."
    elif killed_by == "time":
        yield f"A set-up has half an hour for each command: give `setup` in {_FILE} a smaller one."
    elif killed_by == "disk":
        yield f"Its files filled the sandbox: give `setup` in {_FILE} a smaller command."


def _hosts(found: Iterable[Mapping[str, Any]]) -> str:
    hosts = list(dict.fromkeys(str(item["host"]) for item in found))
    more = f" and {len(hosts) - _HOSTS} more" if len(hosts) > _HOSTS else ""
    return ", ".join(code(host, 80) for host in hosts[:_HOSTS]) + more
