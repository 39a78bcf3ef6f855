"""A production file with another text that does the same: one comment more, on a line of its own at the end. Pure."""

from __future__ import annotations

from app.mutants.languages import LANGUAGES

REWORDED = "one comment more, to see whether a test goes by the text alone"
_HASHES = frozenset({"py", "rb", "rake"})
# What stands behind these is no code, or ends the line's being one.
_NO_COMMENT = (b"__END__", b"?>", b"sourceMappingURL")


def reworded(path: str, content: bytes) -> bytes | None:
    """None where nobody knows what a comment is, or whether the end of this file may hold one."""
    ending = path.rpartition("/")[2].rpartition(".")[2].lower()
    if any(words in content for words in _NO_COMMENT) or content.rstrip().endswith(b"\\"):
        return None
    if ending in _HASHES:
        sign = "#"
    elif ending in LANGUAGES:
        sign = "//"
    else:
        return None
    end_of_line = b"\r\n" if b"\r\n" in content else b"\n"
    between = b"" if not content or content.endswith(b"\n") else end_of_line
    return content + between + f"{sign} {REWORDED}".encode() + end_of_line
