"""Who reaches whom, with packets: two network namespaces behind the template's own security groups.

Security groups do not filter a task's metadata address nor the VPC's resolver. Both are within reach of the sandbox's
network here, as they are on Fargate, so that it shows what keeps commands from them: the sockets they are given.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws import container
from tests.aws.network import fabric
from tests.aws.network.fabric import (
    CREDENTIALS,
    INTERNET,
    METADATA,
    NEIGHBOUR,
    OTHER_PORT,
    REGISTRY,
    RESOLVER,
    S3,
    SANDBOX,
    WORKER,
    Fabric,
)
from tests.aws.template.deployed import VARIANTS, Deployed
from tests.aws.template.test_network import rules

pytestmark = [
    pytest.mark.aws,
    pytest.mark.skipif(bool(fabric.missing()), reason=fabric.missing() or "-"),
]

TARGETS = [
    f"tcp:{WORKER}:{OTHER_PORT}", f"tcp:{WORKER}:443", f"tcp:{METADATA}:80", f"tcp:{CREDENTIALS}:80",
    f"tcp:{RESOLVER}:53", f"udp:{RESOLVER}:53", f"tcp:{INTERNET}:80", f"tcp:{INTERNET}:443", f"udp:{INTERNET}:53",
    f"tcp:{REGISTRY}:443", f"tcp:{S3}:443", f"tcp:{NEIGHBOUR}:7420", f"tcp:{SANDBOX}:7420",
]  # fmt: skip
NOT_FILTERED = {f"tcp:{METADATA}:80", f"tcp:{CREDENTIALS}:80", f"tcp:{RESOLVER}:53", f"udp:{RESOLVER}:53"}
FOR_THE_PULL = {f"tcp:{REGISTRY}:443", f"tcp:{S3}:443"}


@pytest.fixture(scope="module")
def network() -> Iterator[Fabric]:
    deployed = Deployed(**VARIANTS["isolated"])
    s3 = deployed._template["Mappings"]["S3PrefixList"]["eu-central-1"]["Id"]
    built = Fabric(rules(deployed, "Ingress"), rules(deployed, "Egress"), s3)
    try:
        others = [name for name in TARGETS if f":{WORKER}:" not in name and f":{SANDBOX}:" not in name]
        with (
            built.serving(built.between, *others),
            built.serving(built.worker, f"tcp:{WORKER}:{OTHER_PORT}", f"tcp:{WORKER}:443"),
        ):
            yield built
    finally:
        built.close()


def knock(network: Fabric, namespace: str, *names: str) -> dict[str, str]:
    """What whoever rules the namespace reaches."""
    text = network.run(namespace, [sys.executable, "-m", "tests.aws.network.probe", "knock", *names])
    return dict(entry.split("=") for entry in text.split())


def test_the_sandboxs_network_leads_to_the_proxy_and_what_aws_does_not_filter(network: Fabric) -> None:
    """Even for somebody who had taken over the server."""
    with network.serving(network.worker, f"tcp:{WORKER}:3128"):
        reached = knock(network, network.sandbox, *TARGETS, f"tcp:{WORKER}:3128")
    assert reached.pop(f"tcp:{WORKER}:3128") == "answered"
    assert set(reached) == NOT_FILTERED | FOR_THE_PULL


def test_nobody_but_the_worker_comes_in(network: Fabric) -> None:
    doors = [f"tcp:{SANDBOX}:7420", f"tcp:{SANDBOX}:22"]
    with network.serving(network.sandbox, *doors):
        assert knock(network, network.worker, *doors) == {doors[0]: "answered"}
        assert knock(network, network.between, *doors, f"tcp:{WORKER}:{OTHER_PORT}") == {}


def test_commands_reach_the_proxy_and_nothing_else(network: Fabric) -> None:
    """Not the worker's other ports, not a metadata address, no DNS, not the registry; the proxy by its rules."""
    key = secrets.token_bytes(32)
    with tempfile.TemporaryDirectory(prefix="reach-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        (place / "server").mkdir()
        server = network.start_server(place, container.shipped(place / "server"), hashlib.sha256(key).hexdigest())
        visit = [sys.executable, "-m", "tests.aws.network.visit", key.hex(), *TARGETS]
        told = json.loads(network.run(network.worker, visit, seconds=200))
        server.wait(10)
    assert told["without"] == told["with"] == told["shell"] == []
    assert told["proxied"] == ["200", "403"] and told["names"] == ""
    assert told["told"] == [["mirror.test", True], ["other.test", False]]
    assert told["server"] == ""  # it listens to nobody once its worker has come
