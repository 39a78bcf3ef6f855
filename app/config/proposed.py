"""The text of a configuration that somebody may commit as it is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_HERE = "how the tests of this project are run"


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What commands may have that they did not; what is empty or 0 stays as it is."""

    network: Sequence[str] = ()
    memory_mb: int = 0
    timeout_seconds: int = 0


def proposed(setup: Sequence[str], verify: Sequence[str], allowance: Allowance = Allowance()) -> str:
    """YAML for `.github/lamplighter.yml`. Without a command for `verify` there is a line to be replaced."""
    import yaml  # noqa: PLC0415 - of all workers only one that rehearses writes any

    memory = allowance.memory_mb and f"{allowance.memory_mb}m"
    sandbox = {"network": list(allowance.network), "memory": memory, "timeout": allowance.timeout_seconds}
    wider = {key: value for key, value in sandbox.items() if value}
    said = {"setup": list(setup), "verify": list(verify) or [_HERE], **({"sandbox": wider} if wider else {})}
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=1_000_000, default_flow_style=False)
