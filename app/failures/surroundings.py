"""Causes from around the project: network, registries, memory, disk, secrets, the runner itself. Pure.

One row each: the cause, what it is told by, in the order of how much they explain. Sentences that only GitHub prints
are taken from public issues that quote them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from app.failures.records import Cause

# Said by GitHub: in `##[error]` lines and in annotations, believed in no other line.
_BY_GITHUB: tuple[tuple[Cause, str], ...] = (
    (
        "billing",
        r"recent account payments have failed|spending limit needs to be increased"
        r"|account is locked due to a billing|included (?:services|minutes).{0,40}(?:used up|exceeded)",
    ),
    ("superseded", r"Canceling since a (?:higher priority waiting request|deadlock)"),
    (
        "runner",
        r"no (?:enabled )?runners? (?:enabled )?online to process|awaiting a runner for"
        r"|No runner matching the specified labels|lost communication with the server"
        r"|runner has received a shutdown signal|not acquired by Runner|was not acquired|runner (?:deleted"
        r"|was deleted)",
    ),
    ("time-limit", r"exceeded the maximum execution time|has timed out after \d+ minutes|has exceeded the timeout"),
    (
        "workflow",
        r"workflow (?:file|is not valid)|Invalid workflow file|Unable to resolve action"
        r"|Can't find 'action\.yml'|Missing download info for"
        r"|has been automatically failed because it uses a deprecated version|Unexpected value '",
    ),
    ("cancelled", r"^The operation was cancell?ed\.?$|^The run was canceled by |^Error: The operation was cancell?ed"),
)
_BY_ANYBODY: tuple[tuple[Cause, str], ...] = (
    (
        "permission",
        r"Resource not accessible by (?:integration|personal access token)"
        r"|GitHub Actions is not permitted to|Permission to \S+ denied to"
        r"|refusing to allow a(?:n)? (?:GitHub App|OAuth App|integration)"
        r"|remote: Write access to repository not granted",
    ),
    (
        "secret",
        r"Input required and not supplied: |Parameter token or opts\.auth is required"
        r"|could not read Username for|Credentials could not be loaded|Unable to locate credentials"
        r"|Bad credentials|HTTP(?: [Ee]rror)? 401|\b401 Unauthorized|ENEEDAUTH|E401\b|^User for \S{1,200}: "
        r"|No credentials found"
        r"|[Ss]ecret \S{1,80} is (?:required|not set|missing)|Authentication failed for"
        r"|environment variable \S{1,80} (?:is )?(?:not set|required|missing|must be set)",
    ),
    (
        "rate-limit",
        r"\b429 (?:Too Many|Client Error)|Too Many Requests|toomanyrequests|API rate limit exceeded"
        r"|secondary rate limit|HTTP(?: [Ee]rror)? 429|indicate success: 429|error: 429\b|E429\b"
        r"|status(?: code)?:? 429",
    ),
    (
        "registry",
        r"\b50[0234] (?:Server Error|Internal Server Error|Bad Gateway"
        r"|Service (?:Temporarily )?Unavailable|Gateway Time-?[Oo]ut)|HTTP(?: [Ee]rror)? 50[0234]"
        r"|indicate success: 50[0234]"
        r"|error: 50[0234]\b|status(?: code)?:? 50[0234]|E50[0234]\b|too many 50[0-9] error responses"
        r"|Received status code 50\d|unexpected status.{0,40} 50\d",
    ),
    (
        "memory",
        r"JavaScript heap out of memory|java\.lang\.OutOfMemoryError|Java heap space|GC overhead limit"
        r"|^MemoryError\b|[^\w]MemoryError\b|std::bad_alloc|Cannot allocate memory|[Oo]ut of memory"
        r"|OOMKilled|\boom-kill|memory allocation of \d+ bytes failed|Killed +process"
        r"|fatal error: runtime: out of memory|exit code 137\b|cc1plus: out of memory"
        r"|Killed signal terminated program|signal: 9, SIGKILL|ENOMEM",
    ),
    (
        "disk",
        r"No space left on device|ENOSPC|disk quota exceeded|[Dd]isk is full|Wrote only \d{1,12} of \d{1,12} bytes"
        r"|not enough (?:free )?(?:disk )?space",
    ),
    (
        "network",
        r"Could not resolve (?:host|'|proxy)|Temporary failure in name resolution|Name or service not known"
        r"|getaddrinfo (?:ENOTFOUND|EAI_AGAIN)|nodename nor servname|ENOTFOUND|EAI_AGAIN|ECONNRESET"
        r"|ECONNREFUSED|ETIMEDOUT|Connection (?:refused|reset by peer|timed out)"
        r"|[Cc]onnect(?:ion)? timed? ?out|Network is unreachable|invalid peer certificate"
        r"|certificate verify failed|failed to lookup address information|no such host|i/o timeout"
        r"|TLS handshake timeout|SSL_ERROR_SYSCALL|Failed to connect to|Max retries exceeded with url"
        r"|ReadTimeoutError|NewConnectionError|NameResolutionError|UnknownHostException"
        r"|\bTimeoutError\b|socket\.timeout|[Rr]ead timed out|SocketTimeoutException|ConnectException"
        r"|early EOF|RPC failed|unexpected disconnect|dial tcp"
        r"|connection closed before message completed|failed to download from|spurious network error",
    ),
)

_GITHUB = tuple((cause, re.compile(pattern)) for cause, pattern in _BY_GITHUB)
_ANYBODY = tuple((cause, re.compile(pattern)) for cause, pattern in _BY_ANYBODY)
SAID_BY_GITHUB: frozenset[Cause] = frozenset(cause for cause, _ in _BY_GITHUB)


def said_by_github(texts: Iterable[str]) -> tuple[Cause, int] | None:
    """The cause that explains most, and the index of the text that tells it."""
    return _first(_GITHUB, texts)


def around(texts: Iterable[str]) -> tuple[Cause, int] | None:
    """The same for what any tool prints when something around it is missing."""
    return _first(_ANYBODY, texts)


def _first(table: tuple[tuple[Cause, re.Pattern[str]], ...], texts: Iterable[str]) -> tuple[Cause, int] | None:
    texts = list(texts)
    for cause, pattern in table:
        for at, text in enumerate(texts):
            if pattern.search(text):
                return cause, at
    return None
