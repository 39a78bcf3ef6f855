"""The lines of a comment, each with what Markdown makes of it, as far as commands must know. One linear pass."""

from __future__ import annotations

from collections.abc import Iterator

_INDENT = 3  # CommonMark: up to three spaces before a fence, quote or HTML block; four are indented code
_FENCE = 3  # characters that open a fence


def lines(text: str) -> Iterator[tuple[str, bool]]:
    """Each line with hidden HTML comments taken out, and whether it is the author's own prose.

    Not prose: fenced code and its fences, `<pre>` blocks, indented lines, quotes, and whatever an HTML comment covered
    the beginning of. A line right below a quote counts as prose even where Markdown would draw it into the quote:
    people who answer by mail write there.
    """
    fence = ""
    in_pre = in_comment = False
    for raw in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if fence:
            yield raw, False
            fence = "" if _closes(raw, fence) else fence
            continue
        if in_pre:
            yield raw, False
            in_pre = "</pre>" not in raw.lower()
            continue
        hidden_start = in_comment
        line, in_comment = _visible(raw, in_comment)
        if hidden_start and not line:
            continue
        own = not hidden_start and not line[:1].isspace() and not line.startswith(">")
        if fence := _opens(line):
            own = False
        elif line.lower().startswith(("<pre>", "<pre ")):
            own, in_pre = False, "</pre>" not in line.lower()
        yield line, own


def _stripped(line: str) -> str:
    """`line` without a block's indentation; empty when it is indented further."""
    bare = line.lstrip(" ")
    return bare if len(line) - len(bare) <= _INDENT else ""


def _opens(line: str) -> str:
    """The fence that `line` opens, or nothing."""
    bare = _stripped(line)
    mark = bare[:1]
    if mark not in {"`", "~"}:
        return ""
    size = len(bare) - len(bare.lstrip(mark))
    if size < _FENCE or (mark == "`" and "`" in bare[size:]):  # ```x``` on one line is inline code
        return ""
    return mark * size


def _closes(line: str, fence: str) -> bool:
    bare = _stripped(line).rstrip()
    return len(bare) >= len(fence) and bare == fence[0] * len(bare)


def _visible(line: str, in_comment: bool) -> tuple[str, bool]:
    """`line` without HTML comments, and whether one is still open at its end."""
    if not in_comment and "<!--" not in line:
        return line, False
    shown: list[str] = []
    at, ticks = 0, 0
    while True:
        if in_comment:
            end = line.find("-->", at)
            if end < 0:
                return "".join(shown), True
            at, in_comment = end + 3, False
        start = line.find("<!--", at)
        if start < 0:
            shown.append(line[at:])
            return "".join(shown), False
        ticks += line.count("`", at, start)
        if ticks % 2:  # inside inline code, where it is plain to see
            shown.append(line[at : start + 4])
            at = start + 4
            continue
        shown.append(line[at:start])
        at, in_comment = start + 2, True  # `<!-->` is a whole comment
