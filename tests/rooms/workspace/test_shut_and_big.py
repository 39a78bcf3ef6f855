"""What a walk cannot enter, and what is too big or too much: nothing of it is lost, emptied or taken for deleted."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.errors import UserError
from app.events.parts import Blob
from app.ports.sandbox import hides
from app.sandbox import walk
from app.sandbox.walk import Walker
from app.workspace import (
    Ignore,
    Mirror,
    changes,
    checkout,
    read_file,
    restore_snapshot,
    snapshot_blobs,
    take_snapshot,
)
from app.workspace.packs import PACK_BYTES, SMALL_BYTES, Packs
from tests.rooms.workspace.folders import FolderSandbox, MemoryStore, Project

NOBODY = 65534


@contextmanager
def an_ordinary_user() -> Iterator[None]:
    """Root enters every folder, so the walk is made by somebody who does not."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


class WalkedSandbox(FolderSandbox):
    """A folder seen through the harness's own walk, by an ordinary user."""

    def manifest(self):  # type: ignore[no-untyped-def]
        walker = Walker(self.tree)
        if os.geteuid() == 0:
            for place, folders, names in os.walk(self.tree):
                for name in (*folders, *names, "."):
                    os.chown(os.path.join(place, name), NOBODY, NOBODY, follow_symlinks=False)
        with an_ordinary_user():
            found = walker.manifest()
        self.left_out = walker.left_out
        return found


@pytest.fixture
def walked() -> Iterator[WalkedSandbox]:
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        tree.mkdir()
        Path(folder).chmod(0o755)
        yield WalkedSandbox(tree)
        for place, folders, _names in os.walk(tree):
            for name in folders:
                os.chmod(os.path.join(place, name), 0o755)


BASE = {
    "kept.py": b"1", "gone.py": b"1", "dir/in.py": b"1", "dir/deep/er.py": b"1", "listed/sub/in.py": b"1",
    "secret.py": b"1", "fifo.py": b"1", "pipes/in.py": b"1", "dirty.py": b"1",
}  # fmt: skip


def shut(sandbox: FolderSandbox) -> None:
    sandbox.run(
        "chmod 000 dir secret.py; chmod 444 listed; rm gone.py fifo.py; mkfifo fifo.py; rm -r pipes; mkfifo pipes;"
        "echo 2 > dirty.py"
    )


def test_what_the_walk_cannot_enter_is_not_deleted_nor_what_lies_below(walked: WalkedSandbox) -> None:
    for path, content in BASE.items():
        walked.write_file(path, content)
    before = walked.manifest()
    shut(walked)
    found = changes(before, walked.manifest(), Ignore(tracked=before), unseen=walked.left_out)
    assert [(change.kind, change.path) for change in found] == [
        ("modify", "dirty.py"),
        ("delete", "gone.py"),
        ("delete", "pipes/in.py"),  # a pipe took the folder's place: what lay in it is gone for certain
    ]
    assert walked.left_out["dir/"] == "cannot be read: Permission denied"


def test_a_snapshot_of_a_shut_folder_deletes_nothing_and_opens_it_on_the_way_back(
    walked: WalkedSandbox, store: MemoryStore
) -> None:
    for path, content in BASE.items():
        walked.write_file(path, content)
    before = walked.manifest()
    shut(walked)
    taken = take_snapshot(walked, before, store)  # type: ignore[arg-type]
    restore_snapshot(walked, before, taken, store, read_base=BASE.__getitem__)  # type: ignore[arg-type]
    now = walked.manifest()
    assert {path: now[path] for path in before if path not in {"gone.py", "pipes/in.py", "dirty.py", "fifo.py"}} == {
        path: before[path] for path in before if path not in {"gone.py", "pipes/in.py", "dirty.py", "fifo.py"}
    }
    assert walked.read_file("dirty.py") == b"2\n"
    assert {"gone.py", "pipes/in.py"} & now.keys() == set()


def test_more_names_than_can_be_told_hide_everything(walked: WalkedSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MAX_LEFT_OUT", 3)
    walked.run("for i in 1 2 3 4; do mkfifo p$i; done")
    walked.manifest()
    assert len(walked.left_out) == 4
    assert hides(walked.left_out, "any/path.py")


@pytest.mark.parametrize(
    ("left_out", "path", "hidden"),
    [
        ({}, "a", False),
        ({"a/": "shut"}, "a/b/c", True),
        ({"a/": "shut"}, "a", True),
        ({"a/": "shut"}, "ab/c", False),
        ({"a/b/": "shut"}, "a/c", False),
        ({"a": "not a regular file"}, "a", True),
        ({"a": "not a regular file"}, "a/b", False),
        ({"/": "more"}, "x/y", True),
    ],
)
def test_hides(left_out: dict[str, str], path: str, hidden: bool) -> None:
    assert hides(left_out, path) is hidden


@pytest.mark.parametrize("size", [0, 1, 10 * 2**20 + 1, 40 * 2**20])
def test_a_base_file_of_any_size_comes_back_as_it_was(
    project: Project, tmp_path: Path, store: MemoryStore, size: int
) -> None:
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    sha = project.commit({"data.bin": content, "other": b"x"})
    mirror, sandbox = Mirror(tmp_path / "m.git"), FolderSandbox(tmp_path / "tree")
    mirror.fetch(project.url, sha)
    checkout(mirror, sha, sandbox.tree)
    before = sandbox.manifest()
    sandbox.write_file("other", b"by the model")
    taken = take_snapshot(sandbox, before, store)  # type: ignore[arg-type]
    sandbox.write_file("data.bin", content + b"by a test")
    restore_snapshot(sandbox, before, taken, store, read_base=lambda path: read_file(mirror, sha, path))  # type: ignore[arg-type]
    assert sandbox.read_file("data.bin") == content
    with pytest.raises(KeyError):
        read_file(mirror, sha, "missing")


def test_a_thousand_small_files_are_one_blob(sandbox: FolderSandbox, store: MemoryStore) -> None:
    for number in range(1000):
        sandbox.write_file(f"n/{number}.txt", b"content %d" % number)
    sandbox.write_file("big", b"b" * (SMALL_BYTES + 1))
    before = dict(sandbox.manifest())
    first = take_snapshot(sandbox, {}, store)  # type: ignore[arg-type]
    assert len(store.puts) == 3  # the pack, the big one, the manifest
    sandbox.write_file("n/1.txt", b"another")
    sandbox.write_file("n/2.txt", b"and another")
    second = take_snapshot(sandbox, {}, store, previous=first)  # type: ignore[arg-type]
    assert len(store.puts) == 5
    after = dict(sandbox.manifest())
    for name, taken, expected in (("one", first, before), ("two", second, after)):
        there = FolderSandbox(sandbox.tree.with_name(name))
        there.tree.mkdir()
        restore_snapshot(there, {}, taken, store)  # type: ignore[arg-type]
        assert there.manifest() == expected
    assert set(store.blobs) >= set(snapshot_blobs(_body(store, second)))


def _body(store: MemoryStore, taken: dict) -> dict:  # type: ignore[type-arg]

    return dict(json.loads(store.blobs[taken.manifest.blob]))


def test_a_snapshot_without_packs_is_still_read(sandbox: FolderSandbox, store: MemoryStore) -> None:
    sandbox.write_file("a", b"1")
    sandbox.write_file("b", b"2")
    taken = take_snapshot(sandbox, {}, store)  # type: ignore[arg-type]
    body = _body(store, taken)
    del body["packs"]
    for content in (b"1", b"2"):
        store.put_blob(content)

    manifest = Blob(blob=store.put_blob(json.dumps(body).encode()), size=1)
    old = taken.model_copy(update={"manifest": manifest})
    sandbox.remove_file("a")
    assert restore_snapshot(sandbox, {}, old, store) == 1  # type: ignore[arg-type]
    assert sandbox.read_file("a") == b"1"


def test_too_many_files_are_named_and_those_of_the_base_go_first(
    sandbox: FolderSandbox, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.workspace.snapshots.MAX_FILES", 3)
    sandbox.write_file("base.txt", b"a long content at base")
    before = sandbox.manifest()
    sandbox.write_file("base.txt", b"a long content, changed by the model")
    for number in range(5):
        sandbox.write_file(f"{number}", b"%d" % number)
    taken = take_snapshot(sandbox, before, store)  # type: ignore[arg-type]
    assert taken.skipped == ["2", "3", "4"]


def test_a_damaged_pack_is_noticed(store: MemoryStore) -> None:
    packs = Packs(store)  # type: ignore[arg-type]
    contents = {store.put_blob(content): content for content in (b"one", b"two")}
    for digest, content in contents.items():
        packs.put(digest, content)
    packs.flush()
    (pack,) = rows = packs.rows(contents)
    assert packs.rows([]) == {}
    store.blobs[pack] = b"oneTWO"
    again = Packs(store, rows)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="damaged"):
        for digest in contents:
            again.get(digest)
    assert PACK_BYTES > SMALL_BYTES
