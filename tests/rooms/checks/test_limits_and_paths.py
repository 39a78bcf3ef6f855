from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.checks import ChangedFile, Rules, blocked, marks
from tests.rooms.checks.builders import added, deleted, found, modified


def test_an_ordinary_fix_gives_no_finding() -> None:
    assert found(
        modified("src/calc.py", "def div(a, b):\n    return a / b\n", "def div(a, b):\n    return a / b if b else 0\n"),
        modified("tests/test_calc.py", "def test_a():\n    assert 1\n",
                 "def test_a():\n    assert 1\n\ndef test_b():\n    assert 2\n"),
        added("tests/test_new.py", "def test_c():\n    assert 3\n"),
        modified("README.md", "old\n", "new\n"),
        base=("src/calc.py", "tests/test_calc.py", "pyproject.toml", "README.md"),
    ) == []  # fmt: skip


def test_too_many_files_and_bytes_block() -> None:
    assert blocked(found(*(added(f"f{n}.txt") for n in range(51))))
    assert blocked(found(added("big.txt", "line of text\n" * 20_000)))
    assert blocked(found(added("big.bin", b"\0" * 300_000)))
    big = "".join(f"{n}\n" for n in range(60_000))
    assert not blocked(found(modified("big.txt", big, big + "one more\n")))


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/ci.yml", ".GitHub/Workflows/ci.yml", "/etc/passwd", "a/../b", "../b", "a//b", "", "./a",
        ".git/config", "sub/.git/hooks/x", ".GIT/x", "git~1/x", ".git ./x", ".g\u200cit/x", ".git:x/y", "a\nb", "a\x7f",
        "con", "src/aux.py", "LPT1.txt", "a:b", "what?.txt", "trailing.", "space ", "back\\slash", "caf\udce9",
        "e\u0301.txt",
    ],
)  # fmt: skip
def test_unsafe_new_paths_block(path: str) -> None:
    assert blocked(found(added(path)))


def test_a_name_that_was_there_before_may_be_changed() -> None:
    assert not blocked(found(modified("docs/what?.txt", "a\n", "b\n"), base=("docs/what?.txt",)))


@pytest.mark.parametrize(
    ("files", "base"),
    [
        ((added("readme.md"),), ("README.md",)),
        ((added("SRC/new.py"),), ("src/old.py",)),
        ((added("a.txt"), added("A.txt")), ()),
        ((added("\u00e9.txt"),), ("e\u0301.txt",)),
        ((added("link/x"),), ("link",)),
        ((added("a"), added("a/b")), ()),
        ((added("New/x.py"), added("new/y.py")), ()),
        ((added("docs/A.md"),), ("Docs/a.md", "docs/z.md", "docs/a.md")),
        ((added("docs"),), ("docs/z.md",)),
    ],
)
def test_names_that_collide_somewhere_block(files: tuple[ChangedFile, ...], base: tuple[str, ...]) -> None:
    assert blocked(found(*files, base=base))


@pytest.mark.parametrize(
    ("new", "base"),
    [
        ("docs/b.md", ("Docs/a.md", "docs/z.md")),
        ("Docs/b.md", ("Docs/a.md", "docs/z.md")),
        ("drivers/aux/b.c", ("drivers/aux/a.c",)),
        ("drivers/aux/deep/er.c", ("drivers/aux/a.c",)),
        ("lib/Foo::Bar/New.pm", ("lib/Foo::Bar/Old.pm",)),
        ("e\u0301t\u00e9/new.txt", ("e\u0301t\u00e9/old.txt",)),
        ("odd\x07bell/new.txt", ("odd\x07bell/old.txt",)),
        ("trailing./new.txt", ("trailing./old.txt",)),
    ],
)
def test_a_folder_that_stands_may_have_a_new_file(new: str, base: tuple[str, ...]) -> None:
    assert found(added(new), base=base) == []


@pytest.mark.parametrize("new", ["drivers/aux/con.c", "drivers/nul/b.c", "drivers/Aux/b.c", "lib/Foo::Bar/a?b.pm"])
def test_what_is_new_below_a_standing_folder_has_to_be_portable(new: str) -> None:
    assert blocked(found(added(new), base=("drivers/aux/a.c", "lib/Foo::Bar/Old.pm")))


def test_a_control_character_that_stands_may_be_changed() -> None:
    assert not blocked(found(modified("a\nb.txt", "a\n", "b\n"), base=("a\nb.txt",)))


VERDICTS = """
from tests.rooms.checks.builders import added, deleted, found, modified, said
base = tuple(f"{a}/{b}.md" for a in ("Docs", "docs", "DOCS", "e\\u0301", "aux") for b in "abcdef") + ("README.md",)
files = (added("docs/new.md"), added("DOCS/other.md"), added("e\\u0301/x.md"), added("Aux/x.md"), added("readme.MD"),
         added("dOCS/x.md"), added("New/x"), added("new/y"), deleted("docs/a.md"),
         modified("Docs/b.md", "a\\n", "AKIAQ7ZPX3MVN2R5T8WK\\n"))
print(ascii([(f, f_.message) for f_, f in zip(found(*files, base=base), said(found(*files, base=base)))]))
"""


def test_a_verdict_does_not_depend_on_the_order_of_a_set() -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", VERDICTS],
            env={"PYTHONHASHSEED": str(seed), "PATH": os.environ["PATH"]},
            cwd=Path(__file__).parents[3],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in range(8)
    }
    assert len(said) == 1
    assert "dOCS/x.md" in said.pop()


def test_a_rename_by_case_and_a_file_that_becomes_a_folder_are_fine() -> None:
    assert not blocked(found(deleted("README.md"), added("readme.md"), base=("README.md",)))
    assert not blocked(found(deleted("a"), added("a/b"), base=("a",)))
    assert not blocked(found(added("src/new.py"), base=("src/old.py",)))


@pytest.mark.parametrize(
    ("target", "is_blocked"),
    [
        (b"/etc/passwd", True), (b"../../x", True),
        (b"../x", False), (b"x/y", False), (b"", True), (b"..\\..\\x", True),
        (b"../.git/config", True), (b"C:/x", True), (b"../sub/../../x", True), (b".", False),
    ],
)  # fmt: skip
def test_links_must_stay_in_the_tree(target: bytes, is_blocked: bool) -> None:
    assert blocked(found(added("sub/link", target, mode="120000"))) == is_blocked


def test_submodules_and_odd_modes_block() -> None:
    assert blocked(found(added("vendor/lib/x.c"), submodules=("vendor/lib",)))
    assert blocked(found(added("vendor", mode="160000")))
    assert not blocked(found(added("vendor/libx.c"), submodules=("vendor/lib",)))


def test_protected_paths_block_and_steering_files_ask_for_a_person() -> None:
    rules = Rules(protect=("migrations/", "*.lock", "!docs/*.lock"))
    assert blocked(found(modified("db/migrations/1.sql", "a", "b"), rules=rules))
    assert blocked(found(deleted("x.lock"), rules=rules))
    assert not blocked(found(deleted("docs/x.lock"), rules=rules))
    for path in (".github/lamplighter.yml", "docs/CODEOWNERS", "pkg/AGENTS.md", ".gitlab-ci.yml"):
        findings = found(modified(path, "a\n", "b\n"))
        assert marks(findings) == {"needs-human"}, path
        assert not blocked(findings)
