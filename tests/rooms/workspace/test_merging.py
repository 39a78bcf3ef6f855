"""Two commits merged in the mirror: what agrees, what conflicts and in which way, and what is laid out of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.errors import UserError
from app.workspace import Mirror, base_manifest, lay, read_file
from app.workspace.changes import Change
from app.workspace.merging import Conflict, composed, differing, laid, markers, merge
from tests.rooms.workspace.folders import FolderSandbox, Project

TEXT = "".join(f"line {number}\n" for number in range(1, 31))
FILES: dict[str, bytes | str] = {"a.txt": TEXT, "b.txt": "b\n", "logo.png": b"\x89\0one", "d/q": "q\n"}


@pytest.fixture
def mirror(project: Project, tmp_path) -> Mirror:
    return Mirror(tmp_path / "mirror.git")


Side = Callable[[Project], object]


def put(**files: bytes | str) -> Side:
    return lambda project: project.write(
        {name.replace("__", "/").replace("_", "."): text for name, text in files.items()}
    )


def run(*commands: str) -> Side:
    return lambda project: [project.git(*command.split()) for command in commands]


def both(*sides: Side) -> Side:
    return lambda project: [side(project) for side in sides]


def two_sides(project: Project, mirror: Mirror, ours: Side, theirs: Side) -> tuple[str, str]:
    """A head and a base that grew apart; both are in the mirror."""
    start = project.commit(FILES)
    tips = []
    for name, side in (("ours", ours), ("theirs", theirs)):
        project.git("checkout", "-q", "-f", "-b", name, start)
        project.git("clean", "-q", "-f", "-d")
        side(project)
        tips.append(project.commit(message=name))
        mirror.fetch(project.url, tips[-1])
    return tips[0], tips[1]


FOLDER_TO_FILE = both(run("rm -q -r d"), put(d="file\n"))
CASES: list[tuple[str, Side, Side, list[tuple[str, str]]]] = [
    ("other files", put(a_txt="A\n"), put(b_txt="B\n"), []),
    ("other lines", put(a_txt=TEXT.replace("line 2\n", "two\n")), put(a_txt=TEXT.replace("line 29\n", "29\n")), []),
    ("the same", put(a_txt="A\n"), put(a_txt="A\n"), []),
    ("moved and changed", run("mv a.txt moved.txt"), put(a_txt=TEXT.replace("line 2\n", "two\n")), []),
    ("one line", put(b_txt="ours\n"), put(b_txt="theirs\n"), [("b.txt", "content")]),
    ("both added", put(new_txt="ours\n"), put(new_txt="theirs\n"), [("new.txt", "content")]),
    ("binary", put(logo_png=b"\x89\0two"), put(logo_png=b"\x89\0three"), [("logo.png", "binary")]),
    ("deleted here", run("rm -q b.txt"), put(b_txt="theirs\n"), [("b.txt", "deleted")]),
    ("deleted there", put(b_txt="ours\n"), run("rm -q b.txt"), [("b.txt", "deleted")]),
    ("renamed twice", run("mv a.txt one.txt"), run("mv a.txt two.txt"), [("a.txt", "renamed")]),
    ("renamed and deleted", run("mv a.txt one.txt"), run("rm -q a.txt"), [("one.txt", "renamed")]),
    ("a file for a folder", FOLDER_TO_FILE, put(d__q="q2\n"), [("d", "folder"), ("d/q", "deleted")]),
]  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs", "conflicts"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_kind_of_conflict_is_named(project, mirror, ours, theirs, conflicts):
    merged = merge(mirror, *two_sides(project, mirror, ours, theirs))

    assert [(conflict.path, conflict.kind) for conflict in merged.conflicts] == conflicts
    assert merged.behind == 1
    assert base_manifest(mirror, merged.tree)


def test_a_submodule_that_both_moved_is_for_a_person(project, mirror):
    trees = []
    for name in "abc":
        commit = project.commit_blobs([("160000", b"lib", name.encode() * 40), ("100644", b"a", b"a")])
        trees.append(project.git("rev-parse", f"{commit}^{{tree}}").decode().strip())
    start = project.git("commit-tree", trees[0], "-m", "start").decode().strip()
    sides = [project.git("commit-tree", tree, "-p", start, "-m", "side").decode().strip() for tree in trees[1:]]
    for number, side in enumerate(sides):
        project.git("branch", f"side-{number}", side)
        mirror.fetch(project.url, side)

    assert [(found.path, found.kind) for found in merge(mirror, *sides).conflicts] == [("lib", "submodule")]


def test_a_conflicting_text_shows_both_sides_and_where_they_began(project, mirror):
    head, base = two_sides(project, mirror, put(b_txt="ours\n"), put(b_txt="theirs\n"))
    merged = merge(mirror, head, base)

    text = read_file(mirror, merged.tree, "b.txt")
    assert text.startswith(f"<<<<<<< {head}\nours\n||||||| ".encode()) and text.endswith(f"\n>>>>>>> {base}\n".encode())
    assert merged.conflicts == (Conflict(path="b.txt", kind="content", lines=(1,)),)
    assert markers(text) == [1, 3, 7] and markers(text, text) == []
    assert markers(b"Title\n=======\n") == []


def test_nothing_new_is_nothing_to_merge_and_strangers_are_refused(project, mirror):
    old = project.commit(FILES)
    new = project.commit({"a.txt": "A\n"})
    project.git("checkout", "-q", "--orphan", "alone")
    alone = project.commit({"z.txt": "z\n"})
    for sha in (old, new, alone):
        mirror.fetch(project.url, sha)

    assert merge(mirror, new, old).behind == 0
    assert read_file(mirror, merge(mirror, old, new).tree, "a.txt") == b"A\n"
    with pytest.raises(UserError, match="share no commit"):
        merge(mirror, new, alone)


def test_attributes_of_the_project_choose_no_driver(project, mirror):
    union = put(b_txt="ours\n", _gitattributes="*.txt merge=union\n")
    head, base = two_sides(project, mirror, union, put(b_txt="theirs\n", _gitattributes="*.txt merge=union\n"))

    assert [conflict.path for conflict in merge(mirror, head, base).conflicts] == ["b.txt"]


def test_what_differs_is_laid_over_a_tree(project, mirror, sandbox: FolderSandbox, tmp_path):
    ours = both(run("rm -q d/q"), put(d="now a file\n", a_txt="A\n"))
    head, base = two_sides(project, mirror, ours, put(b_txt="B\n"))
    for path in base_manifest(mirror, base):
        sandbox.write_file(path, read_file(mirror, base, path), mode="100644")

    found, contents = laid(mirror, base, head)
    lay(sandbox, found, contents)
    assert {path: entry.digest for path, entry in sandbox.manifest().items()} == {
        change.path: change.digest
        for change in laid(mirror, mirror.git("hash-object", "-t", "tree", "-w", "--stdin").decode().strip(), head)[0]
    }
    assert [(one.path, bool(one.old), bool(one.new)) for one in differing(mirror, base, head)] == [
        ("a.txt", True, True),
        ("b.txt", True, True),
        ("d", False, True),
        ("d/q", True, False),
    ]


EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def change(path: str, kind: str, old_mode: str = "") -> Change:
    return Change(path=path, kind=kind, mode="100644", digest=kind, size=1, old_mode=old_mode)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "then", "whole"),
    [
        (None, ("add", ""), ("add", "add", "")),
        (("add", ""), None, ("add", "add", "")),
        (("add", ""), ("modify", "100644"), ("modify", "add", "")),
        (("add", ""), ("delete", "100644"), None),
        (("modify", "100755"), ("modify", "100644"), ("modify", "modify", "100755")),
        (("modify", "100755"), ("delete", "100644"), ("delete", "delete", "100755")),
        (("delete", "100755"), ("add", ""), ("add", "modify", "100755")),
    ],
)
def test_changes_one_after_another_are_one(first, then, whole):
    made = composed([change("f", *first)] if first else [], [change("f", *then)] if then else [])
    assert [(one.digest, one.kind, one.old_mode) for one in made] == ([whole] if whole else [])
