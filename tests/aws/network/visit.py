"""The worker's part, run in the worker's namespace: open the sandbox, let commands in it knock everywhere, say what
they reached. `python -m tests.aws.network.visit KEY_HEX TARGETS…` prints JSON.
"""

from __future__ import annotations

import json
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from app.ports.sandbox import Egress, EgressRequest, Limits
from app.sandbox.egress import EgressProxy
from app.sandbox.remote import host as remote
from app.sandbox.remote.frames import PORT
from tests.aws.network.fabric import INTERNET, SANDBOX
from tests.aws.network.probe import knock


class Fixed:
    """The task that is there already."""

    def start(self, run_id: str, image: str, key_sha256: str) -> str:
        return run_id

    def address(self, handle: str) -> tuple[str, int]:
        return SANDBOX, PORT

    def stop(self, handle: str) -> None:
        pass


def main(key: str, targets: list[str]) -> dict[str, Any]:
    requests: list[EgressRequest] = []
    remote.new_key = lambda: (bytes.fromhex(key), "")
    host = remote.RemoteHost(
        Fixed(),
        make_proxy=lambda egress, report, uploads: EgressProxy(
            egress,
            report,
            uploads=uploads,
            resolve=lambda _name: [INTERNET],
            connect=lambda a, p: socket.create_connection((a, p), 5),
        ),
    )
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        tree.mkdir()
        (tree / "probe.py").write_bytes(Path(__file__).with_name("probe.py").read_bytes())
        sandbox = host.open(
            "r",
            tree,
            limits=Limits(timeout_seconds=200),
            egress=Egress(hosts=("mirror.test",)),
            on_request=requests.append,
        )
        with sandbox:
            told: dict[str, Any] = {"server": knock(f"tcp:{SANDBOX}:{PORT}")}
            for name, network in (("without", False), ("with", True)):
                told[name] = sandbox.run(f"python3 probe.py knock {' '.join(targets)}", network=network).text.split()
            told["shell"] = sandbox.shell(f"python3 probe.py knock {' '.join(targets)}").text.split()
            one = "curl -s -m 10 -o /dev/null -w '%{http_code} '"
            curl = f"{one} http://mirror.test/; {one} http://other.test/"
            told["proxied"] = sandbox.run(curl, network=True).text.split()
            told["names"] = sandbox.run("getent hosts mirror.test amazonaws.com", network=True).text
            told["told"] = [(request.host, request.allowed) for request in requests]
    return told


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2:])))
