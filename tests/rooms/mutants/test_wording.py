"""The same code in other words: where it is known how, and where it is left alone."""

from __future__ import annotations

import pytest

from app.mutants import is_same_code
from app.mutants.wording import REWORDED, in_words_only, reworded

MORE = f"// {REWORDED}".encode()
CODE = {
    "a.py": (b"def f():\n    return '''1\n2'''", f"def f():  #\n    return '''1\n2'''  #\n# {REWORDED}\n".encode()),
    "empty.py": (b"", f"# {REWORDED}\n".encode()),
    "tool": (b"#!/usr/bin/env python3\nx = 1\n", f"#!/usr/bin/env python3\nx = 1  #\n# {REWORDED}\n".encode()),
    "a.js": (b"const a = `\n`;\nb();\n", b"const a = `\n`; " + MORE + b"\nb();\n" + MORE + b"\n"),
    "a.go": (b"//go:build linux\n\npackage a\n", b"//go:build linux\n\npackage a " + MORE + b"\n" + MORE + b"\n"),
    "a.c": (b"#define A \\", b"#define A \\\n\n" + MORE + b"\n"),
    "a.rb": (b"#!ruby\nf\n__END__\n1\n", f"#!ruby\n# {REWORDED}\nf\n# {REWORDED}\n__END__\n1\n".encode()),
    "a.php": (b"<?php f(); ?>\n<p>", b"<?php f(); ?>\n<p><?php " + MORE + b"\n"),
}


@pytest.mark.parametrize("path", CODE)
def test_the_code_has_comments_more(path: str) -> None:
    content, made = CODE[path]
    assert reworded(path, content) == made
    if path in {"a.py", "empty.py", "a.js", "a.go"}:
        assert is_same_code(path, content, made)


def test_where_a_comment_could_mean_something_there_is_none() -> None:
    assert reworded("a.html", b"<p>\n") is None and in_words_only("a.html", b"<p>\n", b"<q>\n") is None


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


@pytest.mark.parametrize("end", ["# ?>", "# __END__", "# \\", "// */ `", "# sourceMappingURL", "# \xe9"])
@pytest.mark.parametrize("path", ["a.py", "a.js", "a.rs", "a.rb", "a.php", "a.sh"])
def test_nothing_in_the_text_keeps_it_from_being_said(path: str, end: str) -> None:
    new = f"LIMIT = 5\n{end}".encode("latin-1")
    made = in_words_only(path, b"a = 1\n", new)
    assert made is not None and b"LIMIT = 5\n" in made and reworded(path, new) is not None


@pytest.mark.parametrize("old", [b"\xef\xbb\xbfA = '\xc3\xa9'\n", b"#!python\n# coding: latin-1\nA = '\xe9'\n"])
def test_python_is_read_in_the_letters_that_it_is_written_in(old: bytes) -> None:
    made = in_words_only("a.py", old, old + b"B = 2\n")
    names = {"__file__": "a.py"}
    exec(compile(made or b"", "a.py", "exec"), names)
    assert names["A"] == "é" and "B" not in names and b"\nB = 2\n" in (made or b"")
