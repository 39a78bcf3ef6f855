"""Where all tests keep their folders, which come first, and how examples are made up."""

from __future__ import annotations

import gc
import re
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

# A third of what it takes to import and to collect would go into looking for cycles among what stays.
gc.disable()
_YOUNG = 10_000  # new objects before cycles are looked for again; Python's own is 700

_MADE = pytest.StashKey[Path]()
_PREFIX = "lamplighter-tests-"

NEVER_ON_AWS = ("house", "rehearsal", "rooms")  # folders without a test for AWS's semantics
# Ten seconds and more by themselves (`--durations=40`); a story on AWS takes three times as long as on one machine.
LONGEST = re.compile(
    r"test_crash_sweep|end_to_end|test_old_runs.*aws|test_pace.*aws|outage_of_the_model.*aws|test_second_answers.*aws"
    r"|test_demo|make_demo|commands_of_the_readme|ten_thousand|test_artifacts|test_calls|test_bench_runs"
)
# Their tests look at one thing that takes half a minute to make: on several workers each would make it.
TOGETHER = re.compile(r"template/test_calls|artifacts/test_artifacts")
_ALL_ON_AWS = re.compile(r"^pytestmark = (?:\[\s*)?pytest\.mark\.aws\b", re.MULTILINE)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """A base folder of this session's own.

    Sessions and workers that share pytest's usual one change its mode while others are at work below it, which takes
    a sandbox's way to its files away.
    """
    if config.option.basetemp is None and not hasattr(config, "workerinput"):
        config.stash[_MADE] = Path(tempfile.mkdtemp(prefix=_PREFIX))
        config.option.basetemp = str(config.stash[_MADE] / "base")


@pytest.fixture(scope="session")
def is_own_base(pytestconfig: pytest.Config) -> bool:
    """Whether the base folder is one that this session, or the one whose worker it is, made and will remove."""
    return _PREFIX in str(pytestconfig.option.basetemp)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What a suite leaves out is not imported either: every worker reads all files, and the AWS side alone takes it
    seconds.
    """
    if config.option.markexpr == "aws":
        return (collection_path.parent == Path(__file__).parent and collection_path.name in NEVER_ON_AWS) or None
    if config.option.markexpr == "not aws" and collection_path.match("test_*.py"):
        return bool(_ALL_ON_AWS.search(collection_path.read_text("utf-8"))) or None
    return None


def pytest_collection_finish() -> None:
    """What is there now stays to the end; the collector of cycles need not look through it each time."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Every worker begins with its share of the longest, so that no core waits for a straggler at the end.

    A worker is given that part of the list which begins at its number, and takes from the others' ends when it is done.
    """
    workers = int(getattr(config, "workerinput", {}).get("workercount", 1))
    long: dict[str, list[pytest.Item]] = {}
    for item in items:
        if LONGEST.search(item.nodeid):
            shared = TOGETHER.search(item.nodeid)
            long.setdefault(shared[0] if shared else item.nodeid, []).append(item)
    rest = [item for item in items if not LONGEST.search(item.nodeid)]
    groups, ordered = list(long.values()), list[pytest.Item]()
    for number in range(workers):
        size = (len(items) - len(ordered)) // (workers - number)  # as xdist parts the list
        mine = [item for group in groups[number::workers] for item in group]
        fill = max(0, size - len(mine))
        ordered += [*mine, *rest[:fill]]
        rest = rest[fill:]
    items[:] = [*ordered, *rest]


def pytest_unconfigure(config: pytest.Config) -> None:
    made = config.stash.get(_MADE, None)
    if made is not None:
        shutil.rmtree(made, ignore_errors=True)
