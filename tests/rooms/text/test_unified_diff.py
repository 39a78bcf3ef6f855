"""A patch is what `git apply` takes, or it is none."""

from __future__ import annotations

import subprocess

import pytest

from app.text.unified_diff import file_diff

MANY = "".join(f"{number}\n" for number in range(40)).encode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"a\nb\n", b"a\nc\n"),
        (b"a\nb", b"a\nc"),
        (b"a\n", b"a"),
        (b"a", b"a\n"),
        (None, b"new\n"),
        (None, b"new"),
        (b"old\n", None),
        (MANY, MANY.replace(b"5\n", b"five\n")),
        ("ä → b\n".encode(), "ö → b\n".encode()),
    ],
)
def test_git_applies_it(tmp_path, old, new):
    path = "some dir/file name.txt"
    diff = file_diff(path, "100644", "100644", old, new)
    assert diff is not None
    file = tmp_path / path
    file.parent.mkdir()
    if old is not None:
        file.write_bytes(old)
    subprocess.run(["git", "apply", "-"], input=diff.encode(), cwd=tmp_path, check=True)
    assert (file.read_bytes() if file.exists() else None) == new


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("a.bin", b"a", b"\0"),
        ("a.txt", b"a\r\n", b"b\r\n"),
        ("a.txt", b"a", b"\xff"),
        ("a.txt", b"x\x0cy\nz\n", b"x\x0cy\nw\n"),
        ("a.txt", b"a", "b\u202egnp".encode()),
        ("a.txt", b"a", b"b" * 300_000),
        ('a"b.txt', b"a", b"b"),
        ("-x\n.txt", b"a", b"b"),
    ],
)
def test_what_a_comment_does_not_carry_is_no_patch(path, old, new):
    assert file_diff(path, "100644", "100644", old, new) is None


def test_a_mode_is_told():
    diff = file_diff("run.sh", "100755", "100644", b"a\n", b"b\n")
    assert diff and "\nold mode 100644\nnew mode 100755\n--- a/run.sh\n" in diff
