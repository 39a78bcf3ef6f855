from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from app.errors import UserError
from app.workspace import (
    Checkout,
    Mirror,
    base_manifest,
    checkout,
    codeowners,
    pull_request_template,
    read_files,
    throwaway,
)
from app.workspace import checkout as checkout_function
from tests.rooms.workspace.folders import GIT, FolderSandbox, Project


def laid_out(project: Project, tmp_path: Path, sha: str = "HEAD") -> tuple[Mirror, Checkout, Path]:
    mirror = Mirror(tmp_path / "mirrors" / "1.git")
    tree = tmp_path / "tree"
    return mirror, checkout(mirror, mirror.fetch(project.url, sha), tree), tree


def test_files_are_exactly_the_blobs_whatever_the_attributes_say(project: Project, tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        ".gitattributes": "* text=auto eol=crlf ident\n*.bin filter=lfs diff=lfs merge=lfs -text\n"
        "*.ps1 working-tree-encoding=UTF-16LE\n*.old crlf\n",
        "dos.txt": b"a\r\nb\r\n",
        "unix.txt": b"a\nb\n",
        "id.txt": b"$Id$\n",
        "script.ps1": b"plain\n",
        "x.old": b"a\nb\r\n",
        "sub/.gitattributes": "*.txt text eol=crlf\n",
        "sub/deep.txt": b"a\nb\n",
        "empty": b"",
        "latin1.txt": b"caf\xe9\n",
    }
    entries = [("100644", path.encode(), c if isinstance(c, bytes) else c.encode()) for path, c in files.items()]
    entries.append(("100755", b"run.sh", b"#!/bin/sh\n"))
    project.commit_blobs(entries)
    _, made, tree = laid_out(project, tmp_path)
    for path, content in files.items():
        assert (tree / path).read_bytes() == (content if isinstance(content, bytes) else content.encode()), path
    assert stat.S_IMODE((tree / "run.sh").stat().st_mode) & 0o100
    assert not (tree / ".git").exists()
    assert made.files == len(files) + 1
    assert made.size_bytes == sum(len(content) for _, _, content in entries)
    assert made.notes == ()


def test_what_is_odd_is_reported(project: Project, tmp_path: Path) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"
    base = project.commit({"a": "1"})
    project.commit_blobs(
        [
            ("100644", b".gitattributes", b"*.psd filter=lfs\n"),
            ("100644", b"art.psd", pointer),
            ("160000", b"vendor/lib", base.encode()),
            ("100644", b"README", b"1"),
            ("100644", b"readme", b"2"),
            ("100644", b"caf\xe9.txt", b"latin"),
            ("100644", "\u00e9.txt".encode(), b"composed"),
            ("100644", "e\u0301.txt".encode(), b"decomposed"),
            ("120000", b"out", b"/etc/passwd"),
            ("120000", b"up", b"../../x"),
            ("120000", b"loop", b"loop"),
        ]
    )
    _, made, tree = laid_out(project, tmp_path)
    assert made.submodules == ("vendor/lib",)
    assert made.lfs_pointers == ("art.psd",)
    assert (tree / "art.psd").read_bytes() == pointer
    assert list((tree / "vendor" / "lib").iterdir()) == []
    assert os.readlink(tree / "out") == "/etc/passwd"
    assert os.readlink(tree / "loop") == "loop"
    assert (tree / "README").read_bytes() == b"1"
    assert (tree / "readme").read_bytes() == b"2"
    assert os.fsencode(tree / "x")[:-1] + b"caf\xe9.txt" in [os.fsencode(path) for path in tree.iterdir()]
    assert made.missing == made.notes[:2]
    assert "\n".join(made.notes) == (
        "1 submodule left empty, so what needs its files cannot run: vendor/lib\n"
        "1 Git LFS file present as a pointer only, so what needs its content cannot run: art.psd\n"
        "1 file name not in UTF-8: 'caf\\udce9.txt'\n"
        "4 names differing only in case or Unicode form: README, readme, e\u0301.txt, \u00e9.txt"
    )


def test_a_folder_that_is_not_empty_is_left_alone(project: Project, tmp_path: Path) -> None:
    project.commit({"a": "1"})
    mirror, made, tree = laid_out(project, tmp_path)
    with pytest.raises(FileExistsError):
        checkout(mirror, made.sha, tree)
    with pytest.raises(UserError, match="not a commit"):
        checkout(mirror, "f" * 40, tmp_path / "other")


def test_a_tree_too_big_for_a_sandbox_is_refused(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.commit({"a": b"x" * 2000})
    monkeypatch.setattr(__import__("sys").modules[checkout_function.__module__], "MAX_TREE_BYTES", 1000)
    with pytest.raises(UserError, match="more than a sandbox may hold"):
        laid_out(project, tmp_path)


def test_a_git_bomb_is_stopped(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blob = project.git("hash-object", "-w", "--stdin", stdin=b"boom").strip()
    tree = project.git("mktree", stdin=b"".join(b"100644 blob %s\tf%d\n" % (blob, n) for n in range(10))).strip()
    for _ in range(9):  # 10^10 files
        tree = project.git("mktree", stdin=b"".join(b"040000 tree %s\td%d\n" % (tree, n) for n in range(10))).strip()
    commit = project.git("commit-tree", tree.decode(), "-m", "bomb").strip().decode()
    project.git("update-ref", "refs/heads/main", commit)
    monkeypatch.setattr("app.workspace.tree._LISTING_BYTES", 4 * 2**20)
    with pytest.raises(UserError, match="more than this installation can list"):
        laid_out(project, tmp_path)


def test_git_works_in_the_throw_away_repository(project: Project, tmp_path: Path) -> None:
    project.commit({"a.txt": b"one\r\n", ".gitattributes": "* text=auto\n", "sub/b.txt": "b"}, "first")
    project.commit({"a.txt": b"one\r\ntwo\r\n"}, "second")
    mirror, made, tree = laid_out(project, tmp_path)
    throwaway(mirror, made, tree, history_inside=str(mirror.path / "objects"), branch="feature/main")

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=tree, env=GIT, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    assert git("log", "--format=%s").split() == ["second", "first"]
    assert git("status", "--porcelain") == ""
    assert git("rev-parse", "--abbrev-ref", "HEAD").strip() == "feature/main"
    assert git("remote") == ""
    assert "second" in git("log", "-1", "--format=%s", "--", "a.txt")
    assert git("blame", "-s", "a.txt").count("\n") == 2
    (tree / "sub" / "b.txt").write_text("changed")
    assert git("status", "--porcelain").strip() == "M sub/b.txt"
    assert "+changed" in git("diff")
    git("commit", "-aqm", "inside")
    assert git("log", "--format=%s", "-1").strip() == "inside"
    git("fsck")
    assert not mirror.has(git("rev-parse", "HEAD").strip())
    assert ".git" not in {path.split("/")[0] for path in FolderSandbox(tree).manifest()}


def test_a_branch_name_cannot_leave_the_throw_away_repository(project: Project, tmp_path: Path) -> None:
    project.commit({"a": "1"})
    mirror, made, tree = laid_out(project, tmp_path)
    with pytest.raises(UserError):
        throwaway(mirror, made, tree, history_inside="/history", branch="../../../x")


def test_the_base_is_read_without_a_checkout(project: Project, tmp_path: Path) -> None:
    sha = project.commit({"a.txt": "old", "big": b"x" * 5000, "two": "old"})
    mirror = Mirror(tmp_path / "m.git")
    mirror.fetch(project.url, sha)
    entries = base_manifest(mirror, sha)
    assert {path: (entry.mode, entry.size) for path, entry in entries.items()} == {
        "a.txt": ("100644", 3),
        "big": ("100644", 5000),
        "two": ("100644", 3),
    }
    assert read_files(mirror, sha, ["a.txt", "two", "big", "missing"], max_bytes=1000) == {
        "a.txt": b"old",
        "two": b"old",
    }


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"docs/pull_request_template.md": "docs", "PULL_REQUEST_TEMPLATE.md": "root"}, "root"),
        ({".github/Pull_Request_Template.MD": "hub", "pull_request_template.md": "root"}, "hub"),
        ({"pull_request_template.txt": "text"}, "text"),
        ({".github/PULL_REQUEST_TEMPLATE/default.md": "only"}, "only"),
        ({".github/PULL_REQUEST_TEMPLATE/a.md": "a", ".github/PULL_REQUEST_TEMPLATE/b.md": "b"}, None),
        ({"x": "y"}, None),
    ],
)
def test_the_template_is_found_where_github_looks(
    project: Project, tmp_path: Path, files: dict[str, bytes | str], expected: str | None
) -> None:
    sha = project.commit(files)
    mirror = Mirror(tmp_path / "m.git")
    mirror.fetch(project.url, sha)
    assert pull_request_template(mirror, sha) == expected


def test_codeowners_of_the_github_folder_wins(project: Project, tmp_path: Path) -> None:
    sha = project.commit({"CODEOWNERS": "* @root", "docs/CODEOWNERS": "* @docs", ".github/CODEOWNERS": "* @hub"})
    mirror = Mirror(tmp_path / "m.git")
    mirror.fetch(project.url, sha)
    assert codeowners(mirror, sha) == "* @hub"


def test_tags_are_there_inside_because_versions_are_made_from_them(project: Project, tmp_path: Path) -> None:
    project.commit({"a": "1"})
    project.git("tag", "v1.0")
    project.commit({"a": "2"})
    project.git("tag", "-m", "the second", "rel/2.0", "HEAD")
    project.commit({"a": "3"})
    project.git("update-ref", "refs/tags/odd;name", "HEAD")
    project.git("checkout", "--quiet", "--orphan", "elsewhere")
    project.commit({"b": "1"})
    project.git("tag", "not-fetched")
    project.git("checkout", "--quiet", "main")
    mirror, made, tree = laid_out(project, tmp_path, "main")
    throwaway(mirror, made, tree, history_inside=str(mirror.path / "objects"))

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=tree, env=GIT, capture_output=True, check=True).stdout.decode()

    assert git("describe", "--tags").startswith("rel/2.0-1-g")
    assert git("tag").split() == ["rel/2.0", "v1.0"]
    assert git("fsck") == ""


def test_a_moved_tag_spoils_no_fetch(project: Project, tmp_path: Path) -> None:
    project.commit({"a": "1"})
    project.git("tag", "v1")
    mirror, _, _ = laid_out(project, tmp_path)
    project.git("tag", "--delete", "v1")
    sha = project.commit({"a": "2"})
    project.git("tag", "v1/final")
    assert mirror.fetch(project.url, sha) == sha
    assert mirror.tags() == f"{sha} refs/tags/v1/final\n"
