"""Text from outside, made visible: what a person would not see in it is taken out.

Pure, standard library only. Removing hides nothing from the reader of the ledger: the ledger keeps the original.
"""

from __future__ import annotations

import re
import unicodedata

# Characters that show nothing or change the order of what is shown: zero-width, joiners, bidirectional controls
# (Trojan Source, CVE-2021-42574), the tags block U+E0000–E007F (invisible ASCII), variation selectors supplement.
_INVISIBLE = re.compile(
    "["
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "]"
)
_COMMENT = re.compile(r"<!--.*?(?:--!?>|\Z)", re.DOTALL)
_HIDDEN_TAG = re.compile(
    r"<(\w{1,20})\b[^<>]{0,300}(?:\bhidden\b|display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0)[^<>]{0,300}>",
    re.IGNORECASE,
)
_UNCLOSED_TAGS = 50  # after that many hidden tags that nothing closes, looking for more only costs time
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){3,}")
_LONG_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u3000]{200,}")


def strip_hidden(text: str, limit: int | None = None) -> str:
    """`text` without invisible characters, control characters, HTML comments and hidden elements.

    Line ends become "\\n", long runs of blanks collapse. Longer than `limit` characters: cut, and said so in the text.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _INVISIBLE.sub("", text)
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs", "Co", "Cn"})
    text = _without_hidden_elements(_COMMENT.sub("", text))
    text = _LONG_SPACES.sub(" ", _BLANK_LINES.sub("\n\n", text))
    if limit is not None and len(text) > limit:
        text = text[:limit] + f"\n[… cut here: {len(text) - limit:,} characters more]"
    return text


def _without_hidden_elements(text: str) -> str:
    """`text` without elements a browser would not show, from their tag to the first closing one of that name."""
    kept: list[str] = []
    at, unclosed = 0, set[str]()
    for tag in _HIDDEN_TAG.finditer(text):
        name = tag[1].lower()
        if tag.start() < at or name in unclosed:
            continue
        end = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(text, tag.end())
        if end is None:
            unclosed.add(name)
            if len(unclosed) > _UNCLOSED_TAGS:
                break
            continue
        kept.append(text[at : tag.start()])
        at = end.end()
    return "".join(kept) + text[at:]


def one_line(text: str, limit: int) -> str:
    """`text` stripped as above, on one line, at most `limit` characters."""
    line = " ".join(strip_hidden(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
