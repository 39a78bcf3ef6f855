"""Where all tests keep their folders, which come first, and how examples are made up."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Two noisy cores: how long an example takes says nothing. The same examples each time, so that a commit passes or does
# not; `pytest --hypothesis-profile explore` looks for others.
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", settings.get_profile("explore"), derandomize=True, database=None)
settings.load_profile("same")

_MADE = pytest.StashKey[Path]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """A base folder of this session's own.

    Sessions and workers that share pytest's usual one change its mode while others are at work below it, which takes
    a sandbox's way to its files away.
    """
    if config.option.basetemp is None and not hasattr(config, "workerinput"):
        config.stash[_MADE] = Path(tempfile.mkdtemp(prefix="lamplighter-tests-"))
        config.option.basetemp = str(config.stash[_MADE] / "base")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that no core waits for a straggler at the end."""
    items.sort(key=lambda item: "test_crash_sweep" not in item.nodeid)


def pytest_unconfigure(config: pytest.Config) -> None:
    made = config.stash.get(_MADE, None)
    if made is not None:
        shutil.rmtree(made, ignore_errors=True)
