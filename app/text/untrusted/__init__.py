"""Text from outside, made visible: what a person would not see in it is taken out.

    clean(text)                 any text (a log, a name): no character that shows nothing
    strip_hidden(text, limit)   Markdown: besides, nothing that GitHub would not show a reader
    one_line(text, limit)       any text on one line: a title, a command

Pure. Removing hides nothing from the reader of the ledger: the ledger keeps the original.
"""

from __future__ import annotations

from app.text.untrusted.characters import clean

__all__ = ["clean", "one_line", "strip_hidden"]

_MARKUP = frozenset("<[")  # without one of these nothing in Markdown hides


def strip_hidden(text: str, limit: int | None = None) -> str:
    """`text` without invisible characters, and without what Markdown or HTML hides.

    Line ends become "\\n", long runs of blanks collapse. Longer than `limit` characters: cut, and said so in the text.
    """
    text = clean(text)
    if not _MARKUP.isdisjoint(text):
        from app.text.untrusted.shown import shown  # noqa: PLC0415 - a second for the parser, which most texts do not need

        text = clean(shown(text))
    if limit is not None and len(text) > limit:
        text = text[:limit] + f"\n[… cut here: {len(text) - limit:,} characters more]"
    return text


def one_line(text: str, limit: int) -> str:
    """`text`, cleaned and taken as it is written, on one line of at most `limit` characters."""
    line = " ".join(clean(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
