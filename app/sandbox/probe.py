"""Which sandbox this machine can have: found out by starting one, never by looking at versions. Fails closed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from app import log
from app.errors import LamplighterError, UserError
from app.ports.sandbox import Egress, Limits, SandboxHost
from app.sandbox.bubblewrap import BubblewrapHost
from app.sandbox.egress import EgressProxy
from app.sandbox.egress_policy import Network
from app.sandbox.host import LocalHost
from app.sandbox.jail import JailHost

APT = "sudo apt install bubblewrap"
PROBE_SECONDS = 20.0
ANSWER = "lamplighter"
PROBE_LIMITS = Limits(timeout_seconds=PROBE_SECONDS, memory_bytes=2**30, processes=64, disk_bytes=2**26)


# The best first.
KINDS: Mapping[str, Callable[..., BubblewrapHost | JailHost]] = {"bubblewrap": BubblewrapHost, "jail": JailHost}


def choose(
    setting: str,
    home: Path,
    networks: tuple[Network, ...] = (),
    *,
    kinds: Mapping[str, Callable[..., BubblewrapHost | JailHost]] = KINDS,
) -> SandboxHost:
    """The host for `setting` ("auto", "bubblewrap", "jail"), proven to work here. `networks`: see `EgressProxy`.

    Raises UserError that says what is missing and the one line that fixes it.
    """
    if setting in {"remote", "beside"}:
        raise UserError(f"`LAMPLIGHTER_SANDBOX={setting}` belongs to the AWS platform; on one machine use `auto`")
    make_proxy = partial(EgressProxy, networks=networks)
    hosts = {name: make(home, make_proxy=make_proxy) for name, make in kinds.items()}
    if setting != "auto" and setting not in hosts:
        raise UserError(f"`LAMPLIGHTER_SANDBOX={setting}` is not one of auto, bubblewrap, jail, remote")
    wanted = list(hosts) if setting == "auto" else [setting]
    failures: list[str] = []
    for name in wanted:
        why = probe(hosts[name], home)
        if not why:
            if failures:
                log.event("sandbox.fallback", sandbox=name, because=failures)
            return hosts[name]
        failures.append(f"{name}: {why}")
    raise UserError(
        f"no sandbox works on this machine, and nothing runs without one. Mend it with `{APT}`. " + "; ".join(failures)
    )


def probe(host: LocalHost, home: Path) -> str:
    """Start one and let it prove itself; "" when it did, else why not."""
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix="probe-") as folder:
        tree, outside = Path(folder) / "tree", Path(folder) / "outside"
        tree.mkdir()
        outside.write_text("seen")
        outside.chmod(0o644)
        command = f"touch written && ! cat '{outside}' 2>/dev/null && echo {ANSWER}"
        try:
            with host.open("probe", tree, limits=PROBE_LIMITS, egress=Egress(), on_request=lambda _: None) as sandbox:
                done = sandbox.run(command)
        except (LamplighterError, OSError) as error:
            return str(error)
    if done.ok and done.text == f"{ANSWER}\n":
        return ""
    return done.text.strip()[-300:] or f"the probe ended with {done.exit_code} {done.killed_by}".strip()
