"""The same code in other words: where it is known how, and where it is left alone."""

from __future__ import annotations

import pytest

from app.mutants import is_same_code
from app.mutants.wording import REWORDED, in_words_only, reworded

CODE = {
    "a.py": (b"def f():\n    return 1", f"\n# {REWORDED}\n"),
    "a.js": (b"const a = 1;\n", f"// {REWORDED}\n"),
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
    assert in_words_only(path, LEFT[path], b"") is None
    assert in_words_only(path, b"", LEFT[path]) is None


OLD = b"from __future__ import annotations\n\ndef half(n):\n    return n / 2\n\nNAME = __name__\n"


@pytest.mark.parametrize(
    "new", ["NEW = 1\n", "A = '''x'''\n", "A = '''x''' + \"\"\"y\"\"\"\n", "A = 1\nB = '\\\\'", "'"]
)
def test_python_does_what_it_did_and_says_what_it_will(new: str) -> None:
    made = in_words_only("a.py", OLD, new.encode())
    assert made is not None and b"return n / 2" not in made
    assert all(line in made.decode() for line in new.splitlines())
    names = {"__name__": "a", "__file__": "a.py"}
    exec(compile(made, "a.py", "exec"), names)
    assert names["half"](4) == 2 and names["NAME"] == "a" and not {"NEW", "A"} & names.keys()  # type: ignore[operator]


@pytest.mark.parametrize(("path", "new"), [("a.js", "let b = 1;\n"), ("a.go", "x /* y */\n"), ("a.rb", "b = 1\n")])
def test_others_have_it_in_a_comment(path: str, new: str) -> None:
    made = in_words_only(path, b"a = 1\n", new.encode())
    assert made is not None and new.strip() in made.decode()
    if path != "a.rb":
        assert is_same_code(path, b"a = 1\n", made)
