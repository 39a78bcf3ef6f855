"""Which requests may leave a sandbox: the decision and the reading of a request line, without IO."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from urllib.parse import urlsplit

from app.sandbox_port import Egress

PORTS = (80, 443)
CONFIG_KEY = "sandbox.network"
METADATA = ("100.100.100.200", "fd00:ec2::254")  # a cloud's credentials; the other such addresses are link-local
UNIQUE_LOCAL = IPv6Network("fc00::/7")

Network = IPv4Network | IPv6Network


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
    except OSError:
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


class Policy:
    """The decision, without IO. An `Egress` that names no hosts lets nothing out."""

    def __init__(self, egress: Egress) -> None:
        self._hosts = tuple(host.lower().rstrip(".") for host in egress.hosts)
        self._methods = tuple(method.upper() for method in egress.methods)

    def check(self, target: Target) -> None:
        """Raises Blocked."""
        if is_literal(target.host):
            raise Blocked(f"{target.host} is an address; only names can be allowed in `{CONFIG_KEY}`")
        if not self._is_listed(target.host, target.port):
            port = "" if target.port in PORTS else f":{target.port}"
            raise Blocked(f"{target.host}{port} is not listed in `{CONFIG_KEY}`")
        if target.method not in self._methods:
            raise Blocked(f"{target.method} to {target.host} is not a method allowed in `sandbox.methods`")

    def _is_listed(self, host: str, port: int) -> bool:
        for entry in self._hosts:
            name, _colon, number = entry.partition(":")
            if (port != int(number)) if number.isdigit() else (port not in PORTS):
                continue
            if host == name or (name.startswith("*.") and host.endswith(name[1:])):
                return True
        return False


def parse(line: bytes) -> Target | None:
    """The target of a request line; None when it is not for a proxy."""
    try:
        method, where, version = line.decode("ascii").split(" ")
        if not version.startswith("HTTP/1.") or not method.isalpha() or not method.isupper():
            return None
        url = urlsplit(f"//{where}" if method == "CONNECT" else where)
        host = (url.hostname or "").rstrip(".")
        port = url.port or (443 if method == "CONNECT" else 80)
    except ValueError:
        return None
    if not host or url.username is not None or (method != "CONNECT" and url.scheme != "http"):
        return None
    path = "" if method == "CONNECT" else (url.path or "/") + (f"?{url.query}" if url.query else "")
    return Target(method=method, host=host, port=port, path=path)
