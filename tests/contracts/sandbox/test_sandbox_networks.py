"""Networks with mirrors of one's own: named by the operator, never by a repository."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from app.errors import SettingsError
from app.sandbox.egress_policy import is_reachable
from app.settings import load

EVERYTHING = (ip_network("0.0.0.0/0"), ip_network("::/0"))
OURS = (ip_network("10.20.0.0/16"),)


@pytest.mark.parametrize(
    ("address", "networks", "reachable"),
    [
        ("151.101.0.223", (), True),
        ("10.20.3.4", (), False),
        ("10.20.3.4", OURS, True),
        ("10.21.3.4", OURS, False),
        ("fd12::7", EVERYTHING, True),
        ("::ffff:10.20.3.4", OURS, False),
        ("pypi.org", EVERYTHING, False),
    ],
)
def test_an_allowed_host_may_be_on_the_open_internet_or_in_a_named_network(address, networks, reachable):
    assert is_reachable(address, networks) is reachable


INSIDE = (
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "169.254.169.254", "169.254.170.2", "100.100.100.200", "224.0.0.1",
    "::1", "::", "fe80::1", "ff02::1", "fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
)  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_this_machine_and_metadata_services_stay_out_of_reach_whatever_is_named(address):
    assert not is_reachable(address, EVERYTHING)


def test_the_networks_are_a_setting():
    found = load({"LAMPLIGHTER_SANDBOX_NETWORKS": "10.20.0.0/16, fd12::/48"}).sandbox_networks
    assert found == (ip_network("10.20.0.0/16"), ip_network("fd12::/48"))
    with pytest.raises(SettingsError, match="LAMPLIGHTER_SANDBOX_NETWORKS"):
        load({"LAMPLIGHTER_SANDBOX_NETWORKS": "10.20.0.1/16"})
