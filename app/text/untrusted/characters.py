"""Characters that show nothing, or change the order of what is shown, taken out. Pure, standard library only."""

from __future__ import annotations

import re
import unicodedata

# Zero-width, joiners, bidirectional controls (Trojan Source, CVE-2021-42574), the tags block U+E0000–E007F (invisible
# ASCII), variation selectors supplement.
_INVISIBLE = re.compile(
    "["
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "]"
)
_NOT_TEXT = frozenset({"Cc", "Cs", "Co", "Cn"})  # control, surrogate, private use, unassigned
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){3,}")
_LONG_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u3000]{200,}")


def clean(text: str) -> str:
    """`text` without invisible and control characters; line ends become "\\n", long runs of blanks collapse."""
    text = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if not text.isascii() or not text.isprintable():
        text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in _NOT_TEXT)
    return _LONG_SPACES.sub(" ", _BLANK_LINES.sub("\n\n", text))
