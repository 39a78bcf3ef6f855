"""The same code in other words: where it is known how, and where it is left alone."""

from __future__ import annotations

import pytest

from app.mutants import is_same_code
from app.mutants.wording import REWORDED, reworded

CODE = {
    "a.py": (b"def f():\n    return 1", f"\n# {REWORDED}\n"),
    "a.js": (b"const a = 1;\r\n", f"// {REWORDED}\r\n"),
    "a.go": (b"package a\n", f"// {REWORDED}\n"),
    "a.rb": (b"def f; end\n", f"# {REWORDED}\n"),
    "empty.py": (b"", f"# {REWORDED}\n"),
}
LEFT = {"a.rb": b"DATA.read\n__END__\n1\n", "a.php": b"<?php f(); ?>\n", "a.html": b"<p>\n", "a.c": b"#define A \\"}


@pytest.mark.parametrize("path", CODE)
def test_the_end_of_a_file_has_a_comment_more(path: str) -> None:
    content, added = CODE[path]
    assert reworded(path, content) == content + added.encode()
    assert is_same_code(path, content, content + added.encode())


@pytest.mark.parametrize("path", LEFT)
def test_where_a_comment_could_mean_something_there_is_none(path: str) -> None:
    assert reworded(path, LEFT[path]) is None
