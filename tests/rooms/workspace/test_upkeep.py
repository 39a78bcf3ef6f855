"""Mirrors between runs: packed when nobody looks, deleted when nobody needs them."""

from __future__ import annotations

import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.errors import TransientError
from app.workspace import Mirror, base_manifest, read_file, upkeep
from app.workspace.upkeep import Use, is_untidy, mirrored, tend
from tests.rooms.workspace.folders import Project
from tests.waiting import until

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MONTH = timedelta(days=30)


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror(tmp_path / "mirrors" / "7.git")


def use(mirror: Mirror, at: datetime = NOW) -> None:
    Use(mirror.path, 5, at).close()


def packs(mirror: Mirror) -> int:
    return len(list(mirror.path.glob("objects/pack/*.pack")))


def fetched_often(project: Project, mirror: Mirror, times: int = 24) -> list[str]:
    """A commit and a fetch each time, kept as a pack as big fetches are."""
    found = []
    for number in range(times):
        project.commit({f"{number}.txt": f"{number}\n" * 50})
        found.append(mirror.fetch(project.url, project.head()))
        subprocess.run(["git", "-C", str(mirror.path), "repack", "-q", "-d"], check=True)  # git's own: loose to a pack
    return found


def test_a_mirror_of_many_fetches_is_packed_and_reads_as_before(project: Project, mirror: Mirror) -> None:
    commits = fetched_often(project, mirror)
    use(mirror)
    assert is_untidy(mirror.path)
    assert tend(mirror.path.parent, NOW - MONTH, commits) == 0
    assert packs(mirror) == 1
    assert not is_untidy(mirror.path)
    assert all(mirror.has(sha) for sha in commits)
    assert read_file(mirror, commits[-1], "3.txt") == b"3\n" * 50
    project.commit({"new.txt": "new"})
    assert mirror.fetch(project.url, "main") == project.head()


def test_what_was_forced_away_is_dropped_but_not_the_base_of_a_run_at_work(
    project: Project, mirror: Mirror, monkeypatch
) -> None:
    monkeypatch.setattr(upkeep, "MOST_BASES", 2)
    first = project.commit({"a.txt": "1"})
    bases = []
    for name in ("dropped", "needed"):
        project.git("checkout", "-q", "-B", name, first)
        bases.append(project.commit({"a.txt": name}))
        mirror.fetch(project.url, bases[-1])
    project.git("tag", "gone", bases[0])
    for number in range(3):
        project.git("checkout", "-q", "-B", f"later{number}", first)
        later = project.commit({"b.txt": f"{number}"})
        mirror.fetch(project.url, later)
    use(mirror)
    assert is_untidy(mirror.path)
    tend(mirror.path.parent, NOW - MONTH, [bases[1]])
    assert [mirror.has(sha) for sha in (*bases, later, first)] == [False, True, True, True]
    assert "refs/tags/gone" not in mirror.tags()
    assert mirror.fetch(project.url, bases[0]) == bases[0]


def test_nobody_packs_or_deletes_under_a_run_at_work(project: Project, mirror: Mirror) -> None:
    commits = fetched_often(project, mirror)
    at_work, beside = Use(mirror.path, 5, NOW), Use(mirror.path, 5, NOW)
    upkeep.forget(mirror.path.parent, 7)
    before = packs(mirror)
    for one in (at_work, beside):
        assert tend(mirror.path.parent, NOW + MONTH, commits) == 0
        assert packs(mirror) == before
        assert base_manifest(mirror, commits[-1])
        one.close()
    assert tend(mirror.path.parent, NOW - MONTH, commits) == 1
    assert list(mirror.path.parent.iterdir()) == []


def test_who_comes_while_a_mirror_is_packed_waits_and_reads(project: Project, mirror: Mirror, monkeypatch) -> None:
    sha = fetched_often(project, mirror)[-1]
    use(mirror)
    packing, goes_on = threading.Event(), threading.Event()
    pack = upkeep._pack

    def slowly(*words) -> None:
        packing.set()
        assert goes_on.wait(30)
        pack(*words)

    monkeypatch.setattr(upkeep, "_pack", slowly)
    tending = threading.Thread(target=tend, args=(mirror.path.parent, NOW - MONTH, [sha]))
    tending.start()
    assert packing.wait(30)
    monkeypatch.setattr(upkeep, "WAIT_SECONDS", 0.1)
    with pytest.raises(TransientError):
        Use(mirror.path, 5, NOW)
    monkeypatch.setattr(upkeep, "WAIT_SECONDS", 30.0)
    read: list[bytes] = []

    def work() -> None:
        held = Use(mirror.path, 5, NOW)
        read.append(read_file(mirror, sha, "3.txt"))
        held.close()

    working = threading.Thread(target=work)
    working.start()
    goes_on.set()
    tending.join(30)
    until(lambda: read == [b"3\n" * 50])
    working.join(30)
    assert packs(mirror) == 1


def test_a_mirror_that_nobody_used_for_long_goes_and_comes_again(project: Project, mirror: Mirror) -> None:
    sha = project.commit({"a.txt": "1"})
    use(mirror)
    mirror.fetch(project.url, sha)
    assert tend(mirror.path.parent, NOW, []) == 0
    assert tend(mirror.path.parent, NOW + timedelta(seconds=1), []) == 1
    assert list(mirror.path.parent.iterdir()) == []
    use(mirror)
    assert mirror.fetch(project.url, sha) == sha


def test_the_mirrors_of_an_installation_are_known(project: Project, tmp_path: Path) -> None:
    project.commit({"a.txt": "1"})
    for repository, installation in ((7, 5), (8, 50), (9, 5)):
        mirror = Mirror(tmp_path / "mirrors" / f"{repository}.git")
        Use(mirror.path, installation, NOW).close()
        mirror.fetch(project.url, "main")
    assert mirrored(tmp_path / "mirrors", 5) == [7, 9]
    assert mirrored(tmp_path / "mirrors", 50) == [8]
    assert mirrored(tmp_path / "nowhere", 5) == []


def test_a_repack_that_was_killed_leaves_nothing_in_the_way(project: Project, mirror: Mirror) -> None:
    commits = fetched_often(project, mirror)
    use(mirror)
    (mirror.path / "objects/pack/.tmp-4711-pack-abc.pack").write_bytes(b"half")
    (mirror.path / "objects/pack/tmp_pack_4711").write_bytes(b"half")
    tend(mirror.path.parent, NOW - MONTH, commits)
    assert packs(mirror) == 1
    assert not list(mirror.path.glob("objects/pack/.tmp-*"))
    assert all(mirror.has(sha) for sha in commits)
