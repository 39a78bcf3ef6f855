"""Which requests may leave a sandbox: the decision and the reading of a request line, without IO."""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Union
from urllib.parse import urlsplit

from app.ports.sandbox import Egress

PORTS = (80, 443)
CONFIG_KEY = "sandbox.network"
CHANGED_CONFIG_KEY = "sandbox.network_with_change"
METADATA = ("100.100.100.200", "fd00:ec2::254")  # a cloud's credentials; the other such addresses are link-local
SHOWN = 80  # characters of an odd host name, in a report
# RFC 1123, and underscores, which some hosts have; 253 characters in all, 63 between dots.
_HOST_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*")
UNIQUE_LOCAL = IPv6Network("fc00::/7")

Network = Union[IPv4Network, IPv6Network]  # noqa: UP007 - evaluated by Python 3.9 in sandbox images


def is_public(address: str) -> bool:
    """Whether an address is of the open internet: not of this machine, its network, a metadata service or a tunnel."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if ip in ipaddress.ip_network("64:ff9b::/96"):  # NAT64: the last 32 bits are an IPv4 address
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def is_reachable(address: str, networks: Iterable[Network]) -> bool:
    """Whether an allowed host may be at `address`: on the open internet, or in a network the operator has named.

    This machine itself and the metadata services stay out of reach whatever is named.
    """
    if is_public(address):
        return True
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if ip.version == 6 and ip not in UNIQUE_LOCAL:  # the others are this machine, a link, or IPv4 in disguise
        return False
    if ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified or str(ip) in METADATA:
        return False
    return any(ip in network for network in networks)


def is_literal(host: str) -> bool:
    """Whether `host` is an address in any spelling the C library takes: 127.1, 0x7f000001, [::1]."""
    try:
        socket.inet_aton(host)
        return True
    except (OSError, ValueError):  # ValueError: a NUL in it
        pass
    return ":" in host or host.startswith("[")


@dataclass(frozen=True, kw_only=True)
class Target:
    method: str
    host: str
    port: int
    path: str = ""  # plain HTTP only


class Blocked(Exception):
    """The request may not leave; the text is one sentence for whoever made it."""


class Malformed(Exception):
    """A request line that names no host this proxy could ask for; `target` is what can be shown of it."""

    def __init__(self, line: bytes, reason: str) -> None:
        super().__init__(reason)
        shown = "".join(char if char.isprintable() else "?" for char in line.decode("latin-1")[:SHOWN])
        method, _space, where = shown.partition(" ")
        self.target = Target(method=method if method.isalpha() else "?", host=where.partition(" ")[0] or "?", port=0)


class Uploads:
    """How much has gone out to each host, of all commands of a sandbox together. Thread-safe."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._sent: dict[str, int] = {}
        self._over: set[str] = set()
        self._lock = threading.Lock()

    def take(self, host: str, size_bytes: int) -> bool:
        """Whether so many more bytes may be sent to `host`; they count when they may."""
        with self._lock:
            total = self._sent.get(host, 0) + size_bytes
            if total > self._most_bytes:
                self._over.add(host)
                return False
            self._sent[host] = total
            return True

    def refusal(self, host: str) -> str:
        """A sentence when `host` was sent too much, else nothing."""
        if host not in self._over:
            return ""
        return f"more than {self._most_bytes >> 20} MB were to be sent to {host} (`sandbox.upload`)"


class Policy:
    """The decision, without IO. An `Egress` that names no hosts lets nothing out."""

    def __init__(self, egress: Egress) -> None:
        self._withheld = egress.withheld
        self._hosts = tuple(host.lower().rstrip(".") for host in egress.hosts)
        self._methods = tuple(method.upper() for method in egress.methods)

    def check(self, target: Target) -> None:
        """Raises Blocked."""
        if is_literal(target.host):
            raise Blocked(f"{target.host} is an address; only names can be allowed in `{CONFIG_KEY}`")
        if not self._is_listed(target.host, target.port):
            port = "" if target.port in PORTS else f":{target.port}"
            raise Blocked(f"{target.host}{port} is not listed in `{CONFIG_KEY}`")
        if target.host in self._withheld:
            raise Blocked(
                f"{target.host} takes uploads, and the tree was changed (`{CHANGED_CONFIG_KEY}` can allow it)"
            )
        if target.method not in self._methods:
            raise Blocked(f"{target.method} to {target.host} is not a method allowed in `sandbox.methods`")

    def check_name(self, target: Target, name: str) -> None:
        """`name` is what the TLS hello in a tunnel to `target` asks for. Raises Blocked."""
        if name != target.host:
            said = f"asks for {name}" if _HOST_NAME.fullmatch(name) else "names no host"
            raise Blocked(f"the TLS hello to {target.host} {said}")

    def _is_listed(self, host: str, port: int) -> bool:
        for entry in self._hosts:
            name, _colon, number = entry.partition(":")
            if (port != int(number)) if number.isdigit() else (port not in PORTS):
                continue
            if host == name or (name.startswith("*.") and host.endswith(name[1:])):
                return True
        return False


def parse(line: bytes) -> Target:
    """The target of a request line. Raises Malformed when it is not for a proxy, or not for a host with a name."""
    try:
        method, where, version = line.decode("ascii").split(" ")
        url = urlsplit(f"//{where}" if method == "CONNECT" else where)
        host = (url.hostname or "").rstrip(".")
        port = url.port or (443 if method == "CONNECT" else 80)
    except ValueError:
        raise Malformed(line, "This is no request line") from None
    if not _is_http(method, version) or url.username is not None or (method != "CONNECT" and url.scheme != "http"):
        raise Malformed(line, "This is no request for a proxy")
    if not _HOST_NAME.fullmatch(host) and not is_literal(host):
        raise Malformed(line, "This is no host name")
    path = "" if method == "CONNECT" else (url.path or "/") + (f"?{url.query}" if url.query else "")
    return Target(method=method, host=host, port=port, path=path)


def parse_inner(line: bytes, outer: Target) -> Target | None:
    """The target of a plain request that came through a tunnel to `outer`; None when it is none."""
    try:
        method, path, version = line.decode("ascii").split(" ")
    except ValueError:
        return None
    if not _is_http(method, version) or method == "CONNECT" or not path.startswith("/") or not path.isprintable():
        return None
    return Target(method=method, host=outer.host, port=outer.port, path=path)


def _is_http(method: str, version: str) -> bool:
    return version in {"HTTP/1.0", "HTTP/1.1"} and method.isalpha() and method.isupper()
