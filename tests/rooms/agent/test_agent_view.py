"""Views: the text the model gets for files and directories of every size and kind, on a real tree."""

from __future__ import annotations

import re

import pytest
from inline_snapshot import snapshot

from app.agent.models.scripted import insert, view
from app.agent.tools import Toolbox, ToolResult
from app.agent.tools.view import VIEW_BYTES, VIEW_LINES, VIEW_MOST_BYTES


@pytest.fixture
def use(tree):
    box = Toolbox(tree)

    def run(block) -> ToolResult:
        return box.run(block["name"], block["input"], output_name="1-0.txt", timeout_seconds=20)

    return run


def _lines(count: int, width: int) -> bytes:
    """`count` lines of `width` bytes each, the line end included."""
    return "".join(f"line {n} ".ljust(width - 1, "x") + "\n" for n in range(1, count + 1)).encode()


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"^ *(\d+)\t", text, re.MULTILINE)]


def test_view_numbers_the_lines(use, tree):
    tree.write_file("a.txt", b"one\ntwo\n")
    assert use(view("a.txt")).text == "     1\tone\n     2\ttwo"


@pytest.mark.parametrize(
    ("content", "asked", "shown", "note"),
    [
        pytest.param(_lines(390, 40), (), (1, 390), "", id="390 lines"),
        pytest.param(_lines(400, 150), (), (1, 400), "", id="400 lines of 150 bytes, 60 KB"),
        pytest.param(_lines(1300, 12), (), (1, 1300), "", id="1,300 lines, under 16 KB"),
        pytest.param(_lines(2310, 41), (), (1, 400), "[lines 1-400 of 2,310; ", id="2,310 lines"),
        pytest.param(_lines(5000, 20), (), (1, 819), "[lines 1-819 of 5,000; ", id="short lines up to 16 KB"),
        pytest.param(_lines(390, 1000), (), (1, 65), "[lines 1-65 of 390; ", id="390 lines, 390 KB: data"),
        pytest.param(_lines(5000, 41), (401, 800), (401, 800), "[lines 401-800 of 5,000; ", id="a range, whole"),
        pytest.param(_lines(5000, 41), (401, -1), (401, 800), "[lines 401-800 of 5,000; ", id="to the end, too long"),
        pytest.param(_lines(5000, 41), (4700, -1), (4700, 5000), "[lines 4,700-5,000 of 5,000]", id="the end"),
        pytest.param(_lines(5000, 41), (3, 4), (3, 4), "[lines 3-4 of 5,000; ", id="a small range"),
        pytest.param(_lines(40, 20), (1, 99), (1, 40), "", id="a range over the end"),
        pytest.param(_lines(1, 16_000), (), (1, 1), "", id="one line under 16 KB"),
    ],
)
def test_up_to_400_lines_or_16_kb_are_whole(use, tree, content, asked, shown, note):
    tree.write_file("a.txt", content)
    text = use(view("a.txt", *asked)).text
    body, _, rest = text.partition("\n[")
    assert _numbers(text) == list(range(shown[0], shown[1] + 1))
    assert body.split("\n")[0].endswith(content.decode().split("\n")[shown[0] - 1])
    assert body.split("\n")[-1].endswith(content.decode().split("\n")[shown[1] - 1])
    assert f"[{rest}".startswith(note) if note else not rest


def test_what_follows_a_view_can_be_asked_for_as_it_says(use, tree):
    tree.write_file("a.txt", _lines(2310, 41))
    seen: list[int] = []
    text = use(view("a.txt")).text
    while following := re.search(r"view with view_range \[(\d+), (-1)\] for what follows\]$", text):
        seen += _numbers(text)
        text = use(view("a.txt", int(following[1]), int(following[2]))).text
    assert seen + _numbers(text) == list(range(1, 2311))
    assert text.endswith("[lines 2,001-2,310 of 2,310]")


def test_the_limits_are_the_documented_ones():
    assert (VIEW_LINES, VIEW_BYTES, VIEW_MOST_BYTES) == (400, 16_384, 65_536)


def test_one_line_of_a_megabyte(use, tree):
    tree.write_file("app.min.js", b"x" * 2**20)
    text = use(view("app.min.js")).text
    assert text.replace("x" * 2000, "x…") == snapshot(
        "     1\tx… [... 1,046,576 characters]\n[lines over 2,000 characters are cut; bash shows the rest: "
        "sed -n 1p app.min.js | cut -c2001-4000]"
    )


def test_a_file_whose_tenth_line_is_long_shows_the_lines_around_it(use, tree):
    tree.write_file("a b.txt", _lines(9, 30) + b"y" * 20_000 + b"\n" + _lines(50, 30))
    text = use(view("a b.txt")).text
    assert _numbers(text) == list(range(1, 61))
    assert "yy [... 18,000 characters]\n    11\tline 1 " in text and "sed -n 10p 'a b.txt'" in text
    assert "characters]" not in use(view("a b.txt", 11, 60)).text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "a.txt is empty."),
        (b"\n\n", "     1\t\n     2\t"),
        (b"no end", "     1\tno end"),
        (b"\xef\xbb\xbfmark\n", "     1\tmark"),
        (b"a\r\nb\r\n", "     1\ta\n     2\tb\n[lines end in CRLF; the editor keeps that]"),
        (
            b"caf\xe9\n",
            "     1\tcaf\ufffd\n[not UTF-8: bytes that cannot be read are shown as \ufffd; the editor keeps them]",
        ),
        (b"form\x0cfeed\xe2\x80\xa8separator\n", "     1\tform\x0cfeed\u2028separator"),
    ],
)
def test_what_numbered_lines_do_not_say_is_said(use, tree, content, told):
    tree.write_file("a.txt", content)
    assert use(view("a.txt")).text == told


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            b"\x89PNG\r\n\x1a\n\0\0",
            "a.txt is a binary file (10 bytes); the editor works on text only. Use bash to look into it "
            "(file, xxd, strings)",
        ),
        (
            "Größe".encode("utf-16"),
            "a.txt is UTF-16 text (12 bytes), which the editor does not read; use bash: iconv -f UTF-16 -t UTF-8 a.txt",
        ),
    ],
)
def test_what_is_no_text_is_said_with_a_way_to_read_it(use, tree, content, told):
    tree.write_file("a.txt", content)
    result = use(view("a.txt"))
    assert result.is_error and result.text == told


def test_what_is_there_but_cannot_be_viewed_is_told_from_what_is_not_there(use, tree):
    (tree.base / "link").symlink_to("nowhere")
    assert use(view("link")).text.endswith("; use bash to look at it (ls -l, sed -n, head -c)")
    assert use(view("gone.txt")).text == "gone.txt is not a file"


@pytest.mark.parametrize(
    ("first", "last", "word"),
    [(0, 2, "starts at 0"), (9, 10, "starts at 9"), (2, 1, "before it starts"), (-1, -1, "starts at -1")],
)
def test_view_refuses_ranges_that_are_none(use, tree, first, last, word):
    tree.write_file("a.txt", b"one\ntwo\n")
    result = use(view("a.txt", first, last))
    assert result.is_error and word in result.text


# ---------------------------------------------------------------- directories


def _fill(tree, *names: str) -> None:
    for name in names:
        tree.write_file(name, b"")


def test_a_directory_is_listed_two_levels_deep(use, tree):
    _fill(tree, "src/a.py", "src/deep/b.py", "src/deep/deeper/c.py", ".github/workflows/ci.yml", "top.txt", ".env")
    _fill(tree, "node_modules/y/z.js", ".git/config", "src/__pycache__/a.pyc", "odd\nname")
    assert use(view(".")).text == snapshot(
        """\
./
  .env
  .github/ (not listed)
  node_modules/ (not listed)
  'odd\\nname'
  src/
  src/a.py
  src/deep/
  top.txt\
"""
    )
    assert use(view(tree.root + "/src")).text.splitlines() == [
        "src/",
        "  a.py",
        "  deep/",
        "  deep/b.py",
        "  deep/deeper/",
    ]
    assert use(view(".github")).text == ".github/\n  workflows/\n  workflows/ci.yml"
    assert use(view("src", 1, 2)).is_error


def test_a_big_directory_is_listed_one_level_deep_with_counts(use, tree):
    _fill(tree, *(f"lib/{n:03}.py" for n in range(250)), "lib-x/one.py", "setup.py", ".cache/x", "empty/deep/x.py")
    assert use(view(".")).text == snapshot(
        """\
./
  .cache/ (not listed)
  empty/ (1 entry)
  lib-x/ (1 entry)
  lib/ (250 entries)
  setup.py\
"""
    )
    assert use(view("lib")).text.splitlines()[-1] == "[50 more entries; use bash to see them]"


def test_an_empty_directory_is_said(use, tree):
    (tree.base / "empty").mkdir()
    assert use(view("empty")).text == "empty/\n  (nothing)"


# ---------------------------------------------------------------- after an edit


def test_an_edit_shows_four_lines_around_it(use, tree):
    tree.write_file("a.txt", _lines(5000, 10))
    assert _numbers(use(insert("a.txt", 2500, "NEW\nNEW\n")).text) == list(range(2497, 2507))


def test_a_big_edit_is_shown_as_a_view_is(use, tree):
    tree.write_file("a.txt", b"one\n")
    text = use(insert("a.txt", 0, _lines(900, 41).decode())).text
    assert _numbers(text) == list(range(1, 401)) and text.endswith("\n[lines 1-400 of 901]")
