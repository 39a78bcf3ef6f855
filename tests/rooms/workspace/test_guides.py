"""Which guides a task gets, which files its text speaks of, and what the root looks like."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from app.workspace import Guides, Mirror, guides, root_map
from app.workspace.guidance import MAX_GUIDE_BYTES, MAX_GUIDES_BYTES, ROOT_GUIDE_BYTES
from app.workspace.mentions import MOST, mentioned
from app.workspace.tree import SUBMODULE, SYMLINK, TreeEntry
from tests.rooms.workspace.folders import Project

LONG = "x" * 5_000  # too long to be told where it is not needed


def _guides(project: Project, tmp_path: Path, about: str = "") -> Guides:
    mirror = Mirror(tmp_path / "m.git")
    return guides(mirror, mirror.fetch(project.url, project.commit()), about)


def _paths(found: Guides) -> tuple[list[str], list[str]]:
    return [path for path, _ in found.full], list(found.elsewhere)


@pytest.mark.parametrize(
    ("about", "full", "elsewhere"),
    [
        ("It crashes.", ["AGENTS.md"], ["api/AGENTS.md", "web/AGENTS.md", "web/forms/CLAUDE.md"]),
        ("See web/forms/input.ts:3", ["AGENTS.md", "web/AGENTS.md", "web/forms/CLAUDE.md"], ["api/AGENTS.md"]),
        (
            'File "/home/me/api/main.py", line 9',
            ["AGENTS.md", "api/AGENTS.md"],
            ["web/AGENTS.md", "web/forms/CLAUDE.md"],
        ),
        ("Everything in web/ is slow", ["AGENTS.md", "web/AGENTS.md"], ["api/AGENTS.md", "web/forms/CLAUDE.md"]),
        (
            "input.ts sends what main.py refuses",
            ["AGENTS.md", "api/AGENTS.md", "web/AGENTS.md", "web/forms/CLAUDE.md"],
            [],
        ),
    ],
)
def test_the_guides_above_the_files_of_a_task_are_told_and_others_named(project, tmp_path, about, full, elsewhere):
    files = {"api/main.py": "", "web/forms/input.ts": "", "web/app.ts": "", "AGENTS.md": LONG + "root"}
    project.write(files | {"api/AGENTS.md": LONG + "a", "web/AGENTS.md": LONG + "w", "web/forms/CLAUDE.md": LONG + "f"})
    assert _paths(_guides(project, tmp_path, about)) == (full, elsewhere)


def test_short_guides_are_all_told(project: Project, tmp_path: Path) -> None:
    project.write(
        {"AGENTS.md": LONG, "api/AGENTS.md": "Use uv.", "web/CLAUDE.md": "Use pnpm.", "web/AGENTS.md": "pnpm"}
    )
    found = _guides(project, tmp_path)
    assert found.full[1:] == (("api/AGENTS.md", "Use uv."), ("web/AGENTS.md", "pnpm")) and not found.elsewhere


def test_links_are_followed_within_the_commit_and_nothing_is_told_twice(project: Project, tmp_path: Path) -> None:
    project.write({"AGENTS.md": "root", "pkg/CLAUDE.md": "pkg", "a/b.md": "no", "c/x.py": ""})
    os.symlink("AGENTS.md", project.path / "CLAUDE.md")
    os.symlink("/etc/passwd", project.path / "a" / "AGENTS.md")
    os.symlink("../../../../etc/passwd", project.path / "a" / "CLAUDE.md")
    os.symlink("../AGENTS.md", project.path / "c" / "AGENTS.md")
    found = _guides(project, tmp_path, "a/b.md and c/x.py")
    assert (found.full, found.elsewhere) == ((("AGENTS.md", "root"), ("pkg/CLAUDE.md", "pkg")), ())


def test_guides_have_a_bound_and_the_root_keeps_a_share(project: Project, tmp_path: Path) -> None:
    nested = {f"a{n}/AGENTS.md": "n" * 40_000 for n in range(4)} | {f"a{n}/x{n}.py": "" for n in range(4)}
    project.write(nested | {"AGENTS.md": "r" * 40_000})
    found = _guides(project, tmp_path, "x0.py x1.py x2.py x3.py")
    texts = dict(found.full)
    assert texts["a0/AGENTS.md"].startswith("n" * MAX_GUIDE_BYTES + "\n")
    assert texts["AGENTS.md"].startswith("r" * ROOT_GUIDE_BYTES + "\n")
    assert sum(map(len, texts.values())) < MAX_GUIDES_BYTES + 200
    assert texts["a0/AGENTS.md"].endswith("\n\n(cut here: the rest is in a0/AGENTS.md)\n")
    assert found.elsewhere == ("a1/AGENTS.md", "a2/AGENTS.md", "a3/AGENTS.md")


PATHS = (
    "setup.py", "src/acme/__init__.py", "src/acme/bill/__init__.py", "src/acme/bill/split.py", "src/acme/round.py",
    "tests/test_split.py", "web/index.js", "web/a/index.js", "web/b/index.js", "web/c/index.js", "docs/split.md",
    "odd name.txt", "Makefile",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("split.py is wrong", ["src/acme/bill/split.py"]),
        ("`acme/bill/split.py:12`", ["src/acme/bill/split.py"]),
        (r"C:\work\src\acme\round.py", ["src/acme/round.py"]),
        ('  File "/usr/lib/python3/site-packages/acme/round.py", line 3, in up', ["src/acme/round.py"]),
        ("acme.bill.split.halve raises", ["src/acme/bill/split.py"]),
        ("see acme.round.", ["src/acme/round.py"]),
        ("(src/acme/bill)", ["src/acme/bill/"]),
        ("./tests/test_split.py::test_x and docs/split.md", ["tests/test_split.py", "docs/split.md"]),
        ("index.js", []),
        ("web/b/index.js", ["web/b/index.js"]),
        ("b/index.js", ["web/b/index.js"]),
        ("e.g. 1.5 or https://example.org/index.html, v2.0 ... ../..", []),
        ("", []),
    ],
)
def test_the_files_a_text_speaks_of(text, found):
    assert mentioned(text, PATHS) == found


def test_a_long_text_names_a_bounded_number_of_files_in_a_second():
    many = [f"src/f{n}.py" for n in range(20_000)]
    assert mentioned(" ".join(many), many) == many[:MOST]


def _entries(*paths: str, links: tuple[str, ...] = (), submodules: tuple[str, ...] = ()) -> dict[str, TreeEntry]:
    modes = dict.fromkeys(paths, "100644") | dict.fromkeys(links, SYMLINK) | dict.fromkeys(submodules, SUBMODULE)
    return {path: TreeEntry(mode=mode, blob="b", size=1) for path, mode in modes.items()}


def test_the_root_is_told_with_what_is_in_its_folders():
    source = [f"src/acme/m{n}.py" for n in range(9)]
    packages = [f"packages/p{n}/{name}" for n in range(12) for name in ("index.ts", "test.ts", "package.json")]
    entries = _entries(
        *source, *packages, "docs/a.md", "README.md", "pyproject.toml", "odd\nname", links=("CLAUDE.md",),
        submodules=("vendor",),
    )  # fmt: skip
    assert root_map(entries) == snapshot(
        """\
docs/ (1 file)
packages/ (36 files in 12 folders, mostly .ts)
src/acme/ (9 files, mostly .py)
vendor (submodule)
'odd\\nname', CLAUDE.md (link), README.md, pyproject.toml\
"""
    )


def test_a_crowded_root_is_told_in_a_few_lines():
    entries = _entries(*(f"d{n}/{m}" for n in range(300) for m in range(n % 7 + 1)), *(f"f{n}" for n in range(900)))
    lines = root_map(entries).split("\n")
    assert len(lines) == 42
    assert lines[-2] == "260 smaller folders (917 files)" and lines[-1].endswith(", 860 more")
