from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import UserError
from app.ports.sandbox import FileEntry
from app.workspace import (
    Ignore,
    Mirror,
    base_ignore,
    changes,
    checkout,
    collect,
    lay,
    left_out,
    read_files,
    restore_snapshot,
    take_snapshot,
)
from tests.rooms.workspace.folders import FolderSandbox, MemoryStore, Project

FILES = {"keep.txt": b"keep", "edit.txt": b"old", "gone.txt": b"gone", "run.sh": b"#!", "dir/x.txt": b"x"}


def fill(sandbox: FolderSandbox, files: dict[str, bytes]) -> None:
    for path, content in files.items():
        sandbox.write_file(path, content)


def alter(sandbox: FolderSandbox) -> None:
    sandbox.write_file("edit.txt", b"new")
    sandbox.remove_file("gone.txt")
    (sandbox.tree / "run.sh").chmod(0o755)
    sandbox.write_file("sub/new.bin", bytes(range(256)))
    os.symlink("../keep.txt", sandbox.tree / "sub" / "link")
    sandbox.remove_file("dir/x.txt")
    (sandbox.tree / "dir").rmdir()
    sandbox.write_file("dir", b"a file now")
    (sandbox.tree / os.fsdecode(b"caf\xe9 'q'")).write_bytes(b"odd name")


def test_every_kind_of_change_is_seen(sandbox: FolderSandbox) -> None:
    fill(sandbox, FILES)
    before = sandbox.manifest()
    alter(sandbox)
    found = changes(before, sandbox.manifest(), Ignore(tracked=before))
    assert [(c.path, c.kind, c.old_mode, c.mode) for c in found] == [
        (os.fsdecode(b"caf\xe9 'q'"), "add", "", "100644"),
        ("dir", "add", "", "100644"),
        ("dir/x.txt", "delete", "100644", "100644"),
        ("edit.txt", "modify", "100644", "100644"),
        ("gone.txt", "delete", "100644", "100644"),
        ("run.sh", "mode", "100644", "100755"),
        ("sub/link", "add", "", "120000"),
        ("sub/new.bin", "add", "", "100644"),
    ]
    contents = collect(sandbox, found)
    assert contents["sub/link"] == b"../keep.txt"
    assert contents["edit.txt"] == b"new"
    assert "gone.txt" not in contents


def test_a_change_laid_over_the_clean_tree_gives_the_changed_tree(sandbox: FolderSandbox) -> None:
    fill(sandbox, FILES)
    before = sandbox.manifest()
    sandbox.seal()
    alter(sandbox)
    after = sandbox.manifest()
    found = changes(before, after, Ignore(tracked=before))
    contents = collect(sandbox, found)
    sandbox.reset()
    assert sandbox.manifest() == before
    lay(sandbox, found, contents)
    assert sandbox.manifest() == after


def test_a_file_that_changed_since_the_walk_is_not_taken(sandbox: FolderSandbox) -> None:
    fill(sandbox, FILES)
    before = sandbox.manifest()
    sandbox.write_file("edit.txt", b"new")
    found = changes(before, sandbox.manifest(), Ignore(tracked=before))
    sandbox.write_file("edit.txt", b"later")
    with pytest.raises(UserError, match="changed while"):
        collect(sandbox, found)


def test_what_tools_leave_behind_is_no_change(sandbox: FolderSandbox) -> None:
    fill(sandbox, {"pyproject.toml": b"", "src/build/tracked.py": b"", "Cargo.toml": b""})
    before = sandbox.manifest()
    noise = [
        "src/__pycache__/a.pyc", ".pytest_cache/v/x", "env-3/pyvenv.cfg", "env-3/bin/python", "node_modules/a/b.js",
        "target/debug/x", "build/lib/x.py", "dist/x.whl", "src/x.egg-info/PKG-INFO", ".coverage", "web/node_modules/y",
    ]  # fmt: skip
    kept = ["src/build/new.py", "web/build/page.ts", "docs/target/aim.md", "web/dist/x.js"]
    fill(sandbox, dict.fromkeys(noise + kept, b"x"))
    found = changes(before, sandbox.manifest(), Ignore(tracked=before))
    assert [change.path for change in found] == sorted(kept)


def test_what_setup_wrote_is_no_change_until_somebody_touches_it(sandbox: FolderSandbox) -> None:
    fill(sandbox, FILES)
    before = sandbox.manifest()
    fill(sandbox, {"package-lock.json": b"{}", "edit.txt": b"by setup", "other.lock": b"1"})
    after_setup = sandbox.manifest()
    fill(sandbox, {"keep.txt": b"by the model", "other.lock": b"2"})
    found = changes(before, sandbox.manifest(), Ignore(tracked=before), after_setup=after_setup)
    assert [(change.path, change.kind) for change in found] == [("keep.txt", "modify"), ("other.lock", "add")]


def test_what_could_not_be_read_is_not_taken_for_deleted(sandbox: FolderSandbox) -> None:
    fill(sandbox, FILES)
    before = sandbox.manifest()
    sandbox.remove_file("keep.txt")
    sandbox.remove_file("gone.txt")
    rules = Ignore(tracked=before)
    found = changes(before, sandbox.manifest(), rules, unseen={"keep.txt": "cannot be read"})
    assert [change.path for change in found] == ["gone.txt"]
    with pytest.raises(UserError, match="more files than"):
        changes(before, {}, rules, unseen={"x": "too many files"})


def test_ignored_files_are_left_out_and_named(project: Project, tmp_path: Path) -> None:
    sha = project.commit({".gitignore": "*.log\n/out/\n!keep.log\n", "tracked.log": "1", "a.py": "1"})
    mirror = Mirror(tmp_path / "m.git")
    mirror.fetch(project.url, sha)
    sandbox = FolderSandbox(tmp_path / "tree")
    checkout(mirror, sha, sandbox.tree)
    before = sandbox.manifest()
    fill(sandbox, {"tracked.log": b"2", "x.log": b"", "out/y": b"", "keep.log": b"", "a.pyc": b""})
    sandbox.write_file(".gitignore", b"*.py\n")  # the base's rules count, not these
    sandbox.write_file("b.py", b"new")
    rules = base_ignore(mirror, sha)
    found = changes(before, sandbox.manifest(), rules)
    assert [change.path for change in found] == [".gitignore", "b.py", "keep.log", "tracked.log"]
    assert left_out(before, sandbox.manifest(), rules) == ["out/y", "x.log"]
    assert read_files(mirror, sha, ["tracked.log"]) == {"tracked.log": b"1"}


PATTERNS = [
    "*.o",
    "!a.o",
    "/b",
    "b/",
    "a/**",
    "**/c",
    "a/*",
    "!a/b",
    "d?",
    "[ab]c",
    "a/**/d",
    "#x",
    "\\#x",
    "!b/",
    "/a/b/",
    "**",
    "!**/d",
    "a.o/",
    "*",
    "!*/",
    "[",
    "\\",
    "[!a]",
    "[^b-",
    "d]x",
    "a*b*c",
    "*x*",
    "[]a]",
    "[[:alpha:]]",
    "a/?",
    "a/[b/]c",
    "**/a/**/b",
    "a**b",
    "a/b/**",
    "x\\",
    "*.[oa]",
    "??",
    "  ",
    "c\\ ",
    "c ",
]
NAMES = ["a", "b", "c", "d", "a.o", "ac", "dx", "#x", "c "]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    root=st.lists(st.sampled_from(PATTERNS), max_size=4),
    nested=st.lists(st.sampled_from(PATTERNS), max_size=3),
    seed=st.integers(0, 10**6),
)
def test_ignore_rules_agree_with_git(
    tmp_path_factory: pytest.TempPathFactory, root: list[str], nested: list[str], seed: int
) -> None:
    project = _ignorant(tmp_path_factory)
    rules = {".gitignore": "\n".join(root), "a/.gitignore": "\n".join(nested)}
    project.write({path: text for path, text in rules.items()})
    pick = random.Random(seed)
    paths = sorted(
        {"/".join(pick.choice(NAMES) for _ in range(pick.randint(1, 4))) for _ in range(25)} - {"a"}
    )  # "a" is a folder here
    asked = b"".join(path.encode() + b"\0" for path in paths)
    answer = project.git("check-ignore", "--no-index", "-z", "--stdin", "-v", "-n", stdin=asked, codes=(0, 1)).split(
        b"\0"
    )
    verdicts = {
        answer[at + 3].decode(): bool(answer[at]) and not answer[at + 2].startswith(b"!")
        for at in range(0, len(answer) - 1, 4)
    }
    ignore = Ignore(rules)
    assert {path: ignore.by_rule(path) for path in paths} == verdicts


_PROJECTS: list[Project] = []


def _ignorant(factory: pytest.TempPathFactory) -> Project:
    if not _PROJECTS:
        _PROJECTS.append(Project(factory.mktemp("ignore") / "p"))
    return _PROJECTS[0]


def test_a_snapshot_brings_the_tree_back_elsewhere(tmp_path: Path, store: MemoryStore) -> None:
    here = FolderSandbox(tmp_path / "here")
    fill(here, FILES)
    before = here.manifest()
    alter(here)
    fill(here, {"node_modules/x/y.js": b"n", "venv/pyvenv.cfg": b"", "venv/bin/pip": b"p", "notes.log": b"n"})
    taken = take_snapshot(here, before, store)  # type: ignore[arg-type]
    assert taken.files == 7
    there = FolderSandbox(tmp_path / "there")
    fill(there, FILES | {"node_modules/x/y.js": b"other", "leftover.txt": b"from something else"})
    restore_snapshot(there, before, taken, store)  # type: ignore[arg-type]
    expected = {p: e for p, e in here.manifest().items() if not p.startswith(("node_modules/", "venv/"))}
    assert {p: e for p, e in there.manifest().items() if not p.startswith("node_modules/")} == expected
    assert there.read_file("node_modules/x/y.js") == b"other"
    assert restore_snapshot(there, before, taken, store) == 0  # type: ignore[arg-type]


def test_a_second_snapshot_stores_only_what_is_new(sandbox: FolderSandbox, store: MemoryStore) -> None:
    fill(sandbox, FILES)
    before = sandbox.manifest()
    alter(sandbox)
    first = take_snapshot(sandbox, before, store)  # type: ignore[arg-type]
    store.puts.clear()
    sandbox.write_file("one.txt", b"one more")
    second = take_snapshot(sandbox, before, store, previous=first)  # type: ignore[arg-type]
    assert len(store.puts) == 2  # the file and the manifest
    assert second.files == first.files + 1


def test_files_too_big_for_a_snapshot_are_named(
    sandbox: FolderSandbox, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.workspace.snapshots.MAX_FILE_BYTES", 100)
    monkeypatch.setattr("app.workspace.snapshots.MAX_BYTES", 120)
    fill(sandbox, {"big": b"b" * 101, "mid": b"m" * 90, "small": b"s" * 50})
    taken = take_snapshot(sandbox, {}, store)  # type: ignore[arg-type]
    assert taken.skipped == ["big", "mid"]
    assert restore_snapshot(sandbox, {}, taken, store) == 2  # type: ignore[arg-type]
    assert list(sandbox.manifest()) == ["small"]


def test_a_base_file_somebody_else_changed_is_put_back(sandbox: FolderSandbox, store: MemoryStore) -> None:
    fill(sandbox, FILES)
    before = sandbox.manifest()
    taken = take_snapshot(sandbox, before, store)  # type: ignore[arg-type]
    sandbox.write_file("edit.txt", b"by setup")
    with pytest.raises(UserError, match="not as at base"):
        restore_snapshot(sandbox, before, taken, store)  # type: ignore[arg-type]
    restore_snapshot(sandbox, before, taken, store, read_base=FILES.__getitem__)  # type: ignore[arg-type]
    assert sandbox.manifest() == before


entry = st.builds(FileEntry, mode=st.sampled_from(["100644", "100755"]), digest=st.sampled_from("abc"), size=st.just(1))
manifests = st.dictionaries(st.sampled_from(["a", "b", "c/d", "e"]), entry)


@given(manifests, manifests)
def test_changes_lead_from_one_manifest_to_the_other(before: dict[str, FileEntry], after: dict[str, FileEntry]) -> None:
    result = dict(before)
    for change in changes(before, after, Ignore(tracked=before)):
        if change.kind == "delete":
            del result[change.path]
        else:
            result[change.path] = FileEntry(mode=change.mode, digest=change.digest, size=change.size)
    assert result == after
