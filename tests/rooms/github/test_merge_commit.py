"""What the publisher takes of a worker's word about a merge: contents that it judges, names that GitHub confirms."""

from __future__ import annotations

import pytest

from app.errors import UserError
from app.events.parts import MergeOf
from app.github.base_tree import GitHubBase
from app.work.delivery import of_merge
from app.work.verdict import check_again
from app.workspace import Change, Mirror, read_files
from app.workspace.merging import merge
from tests.rooms.github.test_base_tree import CONFIG, KEY, propose
from tests.rooms.workspace.folders import MemoryStore, Project

TEXT = "".join(f"line {number}\n" for number in range(1, 31))
START: dict[str, bytes | str] = {"a.txt": TEXT, "b.txt": "b\n", "safe/x": "1\n", "gone.txt": "1\n"}
START["moved.txt"] = TEXT * 2


@pytest.fixture
def sides(tmp_path):
    """A mirror with a branch and its base, which grew apart."""
    project, mirror = Project(tmp_path / "project"), Mirror(tmp_path / "mirror.git")
    start = project.commit(START)
    project.git("checkout", "-q", "-b", "branch")
    project.git("rm", "-q", "gone.txt")
    ours = project.commit(
        {"a.txt": TEXT.replace("line 2\n", "two\n"), "b.txt": "ours\n", "own.txt": "own\n", "same.txt": "same\n"}
    )
    project.git("checkout", "-q", "-b", "base", start)
    project.git("mv", "moved.txt", "there.txt")
    theirs = project.commit(
        {"a.txt": TEXT.replace("line 29\n", "29\n"), "b.txt": "theirs\n", "safe/x": "2\n", "same.txt": "same\n"}
    )
    for sha in (ours, theirs):
        mirror.fetch(project.url, sha)
    return mirror, merge(mirror, ours, theirs)


def resolution(path: str, kind: str, content: bytes = b"") -> tuple[Change, dict[str, bytes]]:
    mode, new = "100644", {} if kind == "delete" else {path: content}
    return Change(path=path, kind=kind, mode=mode, digest="", size=len(content), old_mode=mode), new  # type: ignore[arg-type]


AS_IT_IS = [("a.txt", "modify"), ("b.txt", "modify")]  # merged by git, and in conflict


@pytest.mark.parametrize(
    ("path", "kind", "content", "changes", "ours"),
    [
        ("b.txt", "modify", b"both\n", [("a.txt", "modify"), ("b.txt", "modify")], ["gone.txt", "own.txt"]),
        ("b.txt", "modify", b"theirs\n", [("a.txt", "modify")], ["gone.txt", "own.txt"]),
        ("b.txt", "modify", b"ours\n", [("a.txt", "modify")], ["b.txt", "gone.txt", "own.txt"]),
        ("b.txt", "delete", b"", [("a.txt", "modify"), ("b.txt", "delete")], ["gone.txt", "own.txt"]),
        ("new.txt", "add", b"new\n", [*AS_IT_IS, ("new.txt", "add")], ["gone.txt", "own.txt"]),
        ("gone.txt", "add", b"1\n", AS_IT_IS, ["own.txt"]),
    ],
)  # fmt: skip
def test_a_merge_is_the_base_with_the_branchs_own_and_what_neither_holds(sides, path, kind, content, changes, ours):
    mirror, merged = sides
    change, new = resolution(path, kind, content)
    made = of_merge(mirror, merged, [change], new, title="Merge")

    assert [(one.path, one.kind) for one in made.changes] == changes
    assert made.merge == MergeOf(base_sha=merged.theirs, ours=ours)
    assert made.new["a.txt"].decode() == TEXT.replace("line 2\n", "two\n").replace("line 29\n", "29\n")
    assert made.old == read_files(mirror, merged.ours, [one.path for one in made.changes])


@pytest.fixture
def repo(simulator):
    return simulator.repository("acme/calc", files={"a.py": "a = 1\n", "safe/x": "1\n"})


@pytest.fixture
def github_sides(simulator, github, repo):
    simulator.maintainer.push(repo, "branch", {"a.py": "a = 2\n"})
    simulator.maintainer.push(repo, "main", {"a.py": f"a = 3\nAPI = '{KEY}'\n"})
    return [GitHubBase(github, "acme/calc", repo.tip(name), kept=lambda _path: None) for name in ("branch", "main")]


@pytest.mark.parametrize(
    ("path", "content", "refused"),
    [
        ("a.py", f"a = 4\nAPI = '{KEY}'\n", ""),
        ("a.py", f"a = 2\nNEW = '{KEY}'\n", "Looks like a secret"),
        ("safe/x", "3\n", "`protect`"),
    ],
)
def test_only_what_neither_side_holds_is_held_against_a_merge(github_sides, path, content, refused):
    store = MemoryStore()
    changes = propose(store, (path, "modify", content.encode()))
    if not refused:
        assert [change.path for change in check_again(store, changes, CONFIG, *github_sides)] == [path]
        return
    with pytest.raises(UserError, match=refused):
        check_again(store, changes, CONFIG, *github_sides)
