"""Which requests the proxy lets out: the decision alone, without a sandbox."""

from __future__ import annotations

import pytest

from app.ports.sandbox import Egress
from app.sandbox.egress_policy import Blocked, Malformed, Policy, Target, Uploads, is_literal, is_public, parse
from app.sandbox.wire import rewrite


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
     "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "::",
     "ff02::1", "x"],
)  # fmt: skip
def test_private_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "017700000001", "[::1]", "::1"])
def test_addresses_in_disguise(host: str) -> None:
    assert is_literal(host)


@pytest.mark.parametrize(
    "line",
    [b"GET / HTTP/1.1", b"GET ftp://a/ HTTP/1.1", b"CONNECT", b"get http://a/ HTTP/1.1", b"GET http://u@a/ HTTP/1.1",
     b"GET http://a:x/ HTTP/1.1", b"GET http:/// HTTP/1.1", b"GET http://a/ HTTP/3", b"\xff\xfe x HTTP/1.1",
     b"CONNECT u@a:443 HTTP/1.1", b"GET http://a:99999/ HTTP/1.1", b"CONNECT pypi.org\0.x:443 HTTP/1.1",
     b"CONNECT " + b"a" * 64 + b".org:443 HTTP/1.1", b"CONNECT " + b"a." * 127 + b"org:443 HTTP/1.1",
     b"CONNECT a..org:443 HTTP/1.1", b"CONNECT .org:443 HTTP/1.1", b"CONNECT a%2eorg:443 HTTP/1.1",
     b"CONNECT a b:443 HTTP/1.1", b"CONNECT -a.org:443 HTTP/1.1", b"CONNECT \xc3\xa9.org:443 HTTP/1.1",
     b"GET http://pypi.org\0.x/ HTTP/1.1", b"CONNECT a.org:443 HTTP/1.1\0"],
)  # fmt: skip
def test_lines_that_are_no_request_to_a_proxy(line: bytes) -> None:
    with pytest.raises(Malformed) as odd:
        parse(line)
    target = odd.value.target
    assert f"{target.method}{target.host}".isprintable() and len(target.host) <= 80


def test_withheld_hosts_are_refused_with_the_key_that_allows_them() -> None:
    policy = Policy(Egress(hosts=("*.npmjs.org", "pypi.org"), withheld=("registry.npmjs.org",)))
    policy.check(Target(method="CONNECT", host="pypi.org", port=443))
    with pytest.raises(Blocked, match=r"sandbox\.network_with_change"):
        policy.check(Target(method="CONNECT", host="registry.npmjs.org", port=443))


def test_uploads_are_counted_by_host() -> None:
    uploads = Uploads(2 * 2**20)
    assert uploads.take("a.org", 2**20) and uploads.take("a.org", 2**20) and uploads.take("b.org", 2**21)
    assert uploads.refusal("a.org") == ""
    assert not uploads.take("a.org", 1)
    assert "more than 2 MB" in uploads.refusal("a.org") and uploads.refusal("b.org") == ""


def test_names_are_compared_whole() -> None:
    policy = Policy(Egress(hosts=("example.org", "*.wild.org")))
    for host in ("example.org", "a.wild.org", "a.b.wild.org"):
        policy.check(Target(method="GET", host=host, port=443))
    for host in ("notexample.org", "example.org.evil.com", "wild.org", "xwild.org", "a.example.org"):
        with pytest.raises(Blocked):
            policy.check(Target(method="GET", host=host, port=443))
    assert parse(b"CONNECT EXAMPLE.org.:443 HTTP/1.1") == Target(method="CONNECT", host="example.org", port=443)


def test_no_hosts_means_that_nothing_leaves() -> None:
    with pytest.raises(Blocked):
        Policy(Egress()).check(Target(method="CONNECT", host="example.org", port=443))


def test_methods_are_those_of_the_configuration() -> None:
    policy = Policy(Egress(hosts=("example.org",), methods=("GET",)))
    policy.check(Target(method="GET", host="example.org", port=80))
    for method in ("POST", "PUT", "CONNECT"):
        with pytest.raises(Blocked, match="methods"):
            policy.check(Target(method=method, host="example.org", port=443))


def test_the_host_header_is_the_checked_one() -> None:
    target = parse(b"GET http://a.test/x HTTP/1.1")
    assert target is not None
    head = rewrite(
        target, [b"", b"Host: evil.test", b"Accept: */*", b"Connection: keep-alive", b"Proxy-Authorization: x"]
    )
    assert head == b"GET /x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nAccept: */*\r\n\r\n"
