"""A change carried over to another commit: what git would do, by trees alone."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from app.workspace import Change, Mirror
from app.workspace.carrying import carried, with_change
from app.workspace.merging import laid
from tests.rooms.workspace.folders import Project

TEXT = "".join(f"{number}\n" for number in range(9))
START = {"a.txt": TEXT, "b.txt": "b\n", "old/c.txt": TEXT}


def change(path: str, text: str | None, kind: str = "modify", mode: str = "100644") -> tuple[Change, bytes]:
    content = (text or "").encode()
    digest = "" if text is None else hashlib.sha256(content).hexdigest()
    return Change(path=path, kind=kind, mode=mode, digest=digest, size=len(content)), content  # type: ignore[arg-type]


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror(tmp_path / "mirror.git")


def committed(project: Project, files: dict[str, str | None]) -> str:
    for path, text in files.items():
        if text is None:
            project.git("rm", "-q", "-f", path)
    return project.commit({path: text for path, text in files.items() if text is not None})


ENDED = TEXT + "end\n"
CASES = {
    "the same file": (change("a.txt", ENDED), {"a.txt": "begin\n" + TEXT}, {"a.txt": "begin\n" + ENDED}),
    "another file": (change("a.txt", ENDED), {"b.txt": "more\n"}, {"a.txt": ENDED}),
    "a file that was renamed": (
        change("old/c.txt", ENDED),
        {"old/c.txt": None, "new/c.txt": TEXT},
        {"new/c.txt": ENDED},
    ),
    "a new file": (change("d.txt", "d\n", "add"), {"b.txt": "more\n"}, {"d.txt": "d\n"}),
    "a deletion": (change("b.txt", None, "delete"), {"a.txt": ENDED}, {"b.txt": None}),
    "the same change": (change("a.txt", ENDED), {"a.txt": ENDED}, {}),
}


@pytest.mark.parametrize("replaced", [False, True], ids=["pushed", "force-pushed"])
@pytest.mark.parametrize("case", CASES)
def test_what_both_want_is_on_top_of_the_head(project: Project, mirror: Mirror, case: str, replaced: bool) -> None:
    (found, content), theirs, wanted = CASES[case]
    was = project.commit(START)
    if replaced:
        project.git("checkout", "-q", "--orphan", "other")
    head = committed(project, theirs)
    for sha in (was, head):
        mirror.fetch(project.url, sha)
    merged = carried(mirror, with_change(mirror, was, [found], {found.path: content}), was=was, onto=head)
    changes, contents = laid(mirror, head, merged.tree)
    assert merged.conflicts == ()
    assert {one.path: contents[one.path].decode() if one.path in contents else None for one in changes} == wanted


@pytest.mark.parametrize(
    ("made", "theirs", "kind"),
    [
        (change("b.txt", "mine\n"), {"b.txt": "theirs\n"}, "content"),
        (change("b.txt", "mine\n"), {"b.txt": None}, "deleted"),
        (change("d.txt", "mine\n", "add"), {"d.txt": "theirs\n"}, "content"),
    ],
)
def test_the_same_lines_are_a_conflict(project: Project, mirror: Mirror, made, theirs, kind) -> None:
    found, content = made
    was = project.commit(START)
    head = committed(project, theirs)
    mirror.fetch(project.url, head)
    merged = carried(mirror, with_change(mirror, was, [found], {found.path: content}), was=was, onto=head)
    assert [(one.path, one.kind) for one in merged.conflicts] == [(found.path, kind)]


def test_modes_and_what_the_repository_holds_already_come_along(project: Project, mirror: Mirror) -> None:
    was = project.commit(START)
    mirror.fetch(project.url, was)
    run, content = change("run.sh", "x\n", "add", "100755")
    folder, _ = change("old/c.txt", None, "delete")
    file, text = change("old", "file\n", "add")
    tree = with_change(mirror, was, [file, folder, run], {"run.sh": content, "old": text}, {"b.txt": None})
    changes, _contents = laid(mirror, was, tree)
    assert [(one.path, one.kind, one.mode) for one in changes] == [
        ("b.txt", "delete", "100644"),
        ("old", "add", "100644"),
        ("old/c.txt", "delete", "100644"),
        ("run.sh", "add", "100755"),
    ]
    assert not list(Path(mirror.path).glob("index*"))
