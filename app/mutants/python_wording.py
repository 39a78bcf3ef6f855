"""Python that says something else and does the same. Pure."""

from __future__ import annotations

import ast
import base64
import io
import re
import tokenize

_LINES_BEFORE = 2  # the call and the opening quotes
_MAX_BYTES = 1_000_000  # of a file that is taken apart
_ANY_BYTE = "latin-1"  # a codec that gives back what it was given
_SINGLE, _DOUBLE = "'''", '"""'
_QUOTES = re.compile(f"{_SINGLE}|{_DOUBLE}")
_OTHER = {_SINGLE: _DOUBLE, _DOUBLE: _SINGLE}


def commented(content: bytes) -> bytes:
    """With a comment more at the end of each line that may have one; as it is where that cannot be told."""
    if len(content) > _MAX_BYTES:
        return content
    try:
        text, codec = _decoded(content)
        lines = text.split("\n")
        ends = [
            token.start
            for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.type in {tokenize.NEWLINE, tokenize.NL}
        ]
        for line, column in ends:
            if line <= len(lines) and not (line == 1 and text.startswith("#!")):
                lines[line - 1] = f"{lines[line - 1][:column]}  #{lines[line - 1][column:]}"
        made = "\n".join(lines).encode(codec)
        return made if ast.dump(ast.parse(made)) == ast.dump(ast.parse(content)) else content
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError, tokenize.TokenError):
        return content


def in_words_only(old: bytes, new: bytes) -> bytes | None:
    """Not even what the change takes away can be read in it. Lines have the numbers that they have in the text below:
    who asks for the source of a function gets the new one. None where nobody can read the old code.
    """
    try:
        code, _ = _decoded(old)
    except (SyntaxError, ValueError, LookupError):
        return None
    head, codec = (code.partition("\n")[0] + "\n" if code.startswith("#!") else ""), "utf-8"
    try:
        text = new.decode()
    except UnicodeDecodeError:
        head, codec = f"{head}# coding: {_ANY_BYTE}\n", _ANY_BYTE
        text = new.decode(codec)
    letters = base64.b64encode(b"\n" * (_LINES_BEFORE + head.count("\n")) + code.encode()).decode()
    made = f'__import__("base64").b64decode("{letters}").decode()'
    return f'{head}exec(compile({made}, __file__, "exec", dont_inherit=True))\n'.encode() + _literal(text).encode(codec)


def _decoded(content: bytes) -> tuple[str, str]:
    """Without a mark at its beginning, and the codec that it declares."""
    codec, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    return content.decode(codec), codec


def _literal(text: str) -> str:
    """As literals, a new one where stand quotes that would end the last; then line by line as well."""
    pieces: list[tuple[str, str]] = []
    begins, inner = 0, ""
    for match in _QUOTES.finditer(text):
        if inner and match.group() != inner:
            pieces.append((text[begins : match.start()], _OTHER[inner]))
            begins = match.start()
        inner = match.group()
    pieces.append((text[begins:], _OTHER[inner or _DOUBLE]))
    lines = "".join(f"# {line}\n" for line in text.splitlines()) if len(pieces) > 1 else ""
    gaps = ["\n", *("" for _ in pieces[1:])]
    return "".join(f"r{q}{gap}{piece}\n{q}\n" for gap, (piece, q) in zip(gaps, pieces, strict=True)) + lines
