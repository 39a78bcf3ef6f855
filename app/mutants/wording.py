"""What code says told from what it does: files that say something else and do the same. Pure.

    reworded("calc.py", new)             # as with the change, and one comment more
    in_words_only("calc.py", old, new)   # does what it did before the change, and says what it says with it
    is_document("README.md")             # nothing but words

Both are None where nobody knows what a comment is, or whether the end of the file may hold one.
"""

from __future__ import annotations

import base64

from app.mutants.languages import LANGUAGES

REWORDED = "one comment more, to see whether a test goes by the text alone"
_RUBY = frozenset({"rb", "rake"})
# What stands behind these is no code, or ends the comment.
_NO_COMMENT = (b"__END__", b"?>", b"sourceMappingURL")
_DOCUMENTS = (".md", ".rst", ".adoc")
_LINES_BEFORE = 2  # the call and the opening quotes
_MAX_BYTES = 1_000_000


def reworded(path: str, content: bytes) -> bytes | None:
    sign = _sign(path, content)
    return None if sign is None else _ended(content) + f"{sign} {REWORDED}\n".encode()


def in_words_only(path: str, old: bytes, new: bytes) -> bytes | None:
    if is_document(path):
        return new
    sign = _sign(path, old + new)
    try:
        text = new.decode()
        old.decode()
    except UnicodeDecodeError:
        return None
    if sign is None:
        return None
    if path.endswith(".py"):
        return _run_from_letters(old) + _literal(text).encode()
    return _ended(old) + _comment(text, sign).encode()


def is_document(path: str) -> bool:
    return path.endswith(_DOCUMENTS)


def _sign(path: str, content: bytes) -> str | None:
    ending = path.rpartition("/")[2].rpartition(".")[2].lower()
    if len(content) > _MAX_BYTES or any(words in content for words in _NO_COMMENT) or content.rstrip().endswith(b"\\"):
        return None
    return "#" if ending == "py" or ending in _RUBY else "//" if ending in LANGUAGES else None


def _ended(content: bytes) -> bytes:
    return content if not content or content.endswith(b"\n") else content + b"\n"


def _run_from_letters(old: bytes) -> bytes:
    """So that not even what the change takes away can be read in it. Lines have the numbers that they have in the text
    below: who asks for the source of a function gets the new one.
    """
    letters = base64.b64encode(b"\n" * _LINES_BEFORE + old).decode()
    code = f'__import__("base64").b64decode("{letters}").decode()'
    return f'exec(compile({code}, __file__, "exec", dont_inherit=True))\n'.encode()


def _literal(text: str) -> str:
    for quotes in ("'''", '"""'):
        if quotes not in text:
            return f"r{quotes}\n{text}\n{quotes}\n"
    return _comment(text, "#")


def _comment(text: str, sign: str) -> str:
    if sign == "//" and "*/" not in text:
        return f"/*\n{text}\n*/\n"
    return "".join(f"{sign} {line}\n" for line in text.splitlines())
