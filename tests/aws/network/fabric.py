"""Two tasks on a network like a VPC's: namespaces for worker and sandbox, one between them for everything else.

The firewalls are the template's security groups, rule by rule. As on AWS they do not filter link-local addresses (the
task's metadata, the VPC's resolver); and there is more road than AWS gives: the sandbox has a default route.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from app.sandbox import identity
from tests.aws import container
from tests.aws.template.test_network import Rule

ROOT = Path(__file__).parents[3]
WORKER, SANDBOX = "10.71.0.10", "10.71.128.10"
REGISTRY, S3, INTERNET, NEIGHBOUR = "10.71.128.200", "52.219.1.1", "93.184.215.14", "10.71.128.77"
METADATA, CREDENTIALS, RESOLVER = "169.254.169.254", "169.254.170.2", "169.254.169.253"
LINK_LOCAL = "169.254.0.0/16"
OTHER_PORT = 9999  # of the worker: anything but the proxy
HOSTS = (REGISTRY, S3, INTERNET, NEIGHBOUR, METADATA, CREDENTIALS, RESOLVER)
TOOLS = {"ip": "iproute2", "nft": "nftables", "setpriv": "util-linux"}


def missing() -> str:
    """Why this machine cannot; "" when it can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    absent = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if absent:
        return f"missing: `sudo apt install {' '.join(absent)}`"
    done = subprocess.run(["ip", "netns", "list"], capture_output=True, check=False)
    return container.missing() or ("" if done.returncode == 0 else "this kernel has no network namespaces")


class Fabric:
    """Built from the rules of the security groups; `close` takes everything down and ends what was started in it."""

    def __init__(self, ingress: Iterable[Rule], egress: Iterable[Rule], s3_list: str) -> None:
        mark = secrets.token_hex(3)
        self.worker, self.sandbox, self.between = (f"ll{mark}{end}" for end in "wsv")
        self._processes: list[subprocess.Popen[bytes]] = []
        self.peers = {
            "WorkerSecurityGroup": WORKER,
            "SandboxSecurityGroup": SANDBOX,
            "RegistrySecurityGroup": REGISTRY,
            s3_list: S3,
        }
        for namespace in (self.between, self.worker, self.sandbox):
            _ip("netns", "add", namespace)
            _ip("-n", namespace, "link", "set", "lo", "up")
        self._link(self.worker, WORKER, "10.71.0.1")
        self._link(self.sandbox, SANDBOX, "10.71.128.1")
        for host in HOSTS:
            _ip("-n", self.between, "address", "add", f"{host}/32", "dev", "lo")
        self.run(self.between, ["sysctl", "-qw", "net.ipv4.ip_forward=1"])
        rules = {"in": list(ingress), "out": list(egress)}
        for namespace, group in ((self.worker, "WorkerSecurityGroup"), (self.sandbox, "SandboxSecurityGroup")):
            self.run(namespace, ["nft", "-f", "-"], text=self.firewall(group, rules))

    def _link(self, namespace: str, address: str, gateway: str) -> None:
        _ip("link", "add", "eth0", "netns", namespace, "type", "veth", "peer", "name", f"to{namespace[-1]}", "netns",
            self.between)  # fmt: skip
        for place, name, own in ((namespace, "eth0", address), (self.between, f"to{namespace[-1]}", gateway)):
            _ip("-n", place, "address", "add", f"{own}/17", "dev", name)
            _ip("-n", place, "link", "set", name, "up")
        _ip("-n", namespace, "route", "add", "default", "via", gateway)

    def firewall(self, group: str, rules: Mapping[str, list[Rule]]) -> str:
        """One network interface's: stateful, closed but for the group's rules."""
        lines = ["table inet interface {"]
        for way, hook, device, peer in (("in", "input", "iif", "saddr"), ("out", "output", "oif", "daddr")):
            lines += [f"chain {way} {{ type filter hook {hook} priority 0; policy drop;", f"{device} lo accept"]
            lines += ["ct state established,related accept", f"ip {peer} {LINK_LOCAL} accept"]
            for rule in rules[way]:
                if rule.group == group and rule.protocol == "tcp":
                    address, (first, last) = self.peers.get(rule.peer, rule.peer), rule.ports
                    lines.append(f"ip {peer} {address} tcp dport {first}-{last} accept")
            lines.append("}")
        return "\n".join([*lines, "}\n"])

    def run(self, namespace: str, command: list[str], *, text: str = "", seconds: float = 60) -> str:
        done = subprocess.run(
            ["ip", "netns", "exec", namespace, *command],
            input=text, capture_output=True, text=True, timeout=seconds, check=False, cwd=ROOT,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    @contextmanager
    def serving(self, namespace: str, *services: str) -> Iterator[None]:
        """`services` of `tests.aws.network.probe` answer there meanwhile."""
        process = subprocess.Popen(
            ["ip", "netns", "exec", namespace, sys.executable, "-m", "tests.aws.network.probe", "serve", *services],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        try:
            with process.stdout:
                assert process.stdout.readline() == b"listening\n"
            yield
        finally:
            process.kill()
            process.wait()

    def start_server(self, folder: Path, server: Path, key_sha256: str) -> subprocess.Popen[bytes]:
        """The sandbox server in its container, on the sandbox's interface, as its image starts it."""
        etc = folder / "etc"
        for name in ("ssl/certs", "alternatives"):
            (etc / name).mkdir(parents=True)
        for name, content in container.ETC.items():
            (etc / name).write_text(content)
        uid = str(identity.own_uid())
        command = ["ip", "netns", "exec", self.sandbox, "setpriv", "--reuid", uid, "--regid", uid, "--clear-groups"]
        command += [str(container.BWRAP), *container.arguments(server, etc, net=False)]
        command += ["--setenv", "LAMPLIGHTER_SANDBOX_KEY_SHA256", key_sha256, "--"]
        command += [container.SYSTEM_PYTHON, "-I", "-S", "-B", container.INSIDE]
        profile = container.runtime_profile()
        process = container.spawn(command, {5: profile}, folder / "log", {})
        os.close(profile)
        self._processes.append(process)
        return process

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
        for namespace in (self.worker, self.sandbox, self.between):
            _ip("netns", "del", namespace, check=False)


def _ip(*arguments: str, check: bool = True) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not check, f"ip {' '.join(arguments)}: {done.stderr}"
