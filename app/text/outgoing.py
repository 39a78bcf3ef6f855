"""The one way of text from outside into a body: no mention, reference, closing word, link, image, HTML or command of
it acts, nothing of it hides, and nothing of it reaches beyond its end. Pure.

    neutral(text)      Markdown of several blocks           line(text)    one line in a sentence of ours
    code(text)         a code span                          fence(text)   a code block: a log, an output
    plain(text), plain_lines(text)   where nobody renders: titles, commit messages
    row(cells), cut(body), closed(body), people(logins)     for what we compose of them
"""

from __future__ import annotations

import re

from app.text.foreign import at_start, code_block, code_span, escaped, reader, rewritten, row
from app.text.inert import commands_off, plain, plain_lines
from app.text.untrusted import clean

__all__ = ["BODY_LIMIT", "closed", "code", "cut", "fence", "line", "neutral", "people", "plain", "plain_lines", "row"]

BODY_LIMIT = 65_536  # characters in an issue, pull request or comment body; source: GitHub answers 422 above it
_CLOSING_CHARS = 100  # kept for what `closed` may add

_SPANS = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


def neutral(text: str, limit: int = 4_000) -> str:
    """Untrusted Markdown made harmless: formatting and code stay, headings become bold, the rest is words."""
    text = clean(text).strip()
    left = len(text) - limit
    return rewritten(text if left <= 0 else f"{text[:limit]}\n\n[… cut here: {left:,} characters more]")


def line(text: str, limit: int = 200) -> str:
    """Untrusted text as one harmless line, as it was written; only its code spans are Markdown."""
    flat = _flat(text, limit)
    parts, at = [], 0
    for span in _SPANS.finditer(flat):
        parts += [escaped(flat[at : span.start()]), code_span(span[2].strip() or span[2])]
        at = span.end()
    return commands_off(at_start("".join([*parts, escaped(flat[at:])])))


def code(text: str, limit: int = 120) -> str:
    """A code span that `text` cannot leave."""
    return code_span(_flat(text, limit) or " ")


def fence(text: str, limit: int = 2_000, language: str = "") -> str:
    """A code block that `text` cannot leave; the head and the tail are kept when it is too long."""
    text = clean(text).strip("\n")
    if len(text) > limit:
        text = f"{text[: limit // 2]}\n[… {len(text) - limit} characters left out …]\n{text[-limit // 2 :]}"
    return code_block(text, language)


def _flat(text: str, limit: int) -> str:
    flat = " ".join(clean(text).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def cut(body: str, limit: int = BODY_LIMIT) -> str:
    """`body` within GitHub's limit: cut at a line, what was open there is closed, and it says so."""
    if len(body) <= limit:
        return body
    note = "\n\n*(cut: the whole text is in the run's ledger)*"
    head = body[: max(0, limit - len(note) - _CLOSING_CHARS)]
    return closed(head[: head.rfind("\n")] if "\n" in head else head) + note


def closed(body: str) -> str:
    """`body` with an end to the code block, the HTML comment and the `details` that it leaves open."""
    tokens = reader().parse(body)
    last = tokens[-1] if tokens else None
    if last and last.type == "fence" and last.map and not _ends(body, last.map, last.markup):
        body += f"\n{last.markup}"
    elif last and last.type == "html_block":
        body += _end_of_html(last.content)
    html = "".join(token.content.lower() for token in tokens if token.type == "html_block")
    return body + "\n</details>" * max(0, html.count("<details") - html.count("</details>"))


def _end_of_html(content: str) -> str:
    """What ends a block of HTML for good; the other kinds end at a blank line by themselves."""
    raw = [(f"<{tag}", f"</{tag}>") for tag in ("script", "pre", "style", "textarea")]
    ends = [("<!--", "-->"), ("<?", "?>"), ("<![cdata[", "]]>"), ("<!", ">"), *raw]
    start = content.lstrip().lower()
    end = next((end for begin, end in ends if start.startswith(begin)), "")
    return f"\n{end}" if end and end not in start[2:] else ""


def _ends(body: str, lines: list[int], markup: str) -> bool:
    """Whether the code block of `lines` (from, before) was closed, rather than left open."""
    start, end = lines
    last = body.split("\n")[start + 1 : end][-1:]
    return any(len(line.strip()) >= len(markup) and not line.strip().strip(markup[0]) for line in last)


def people(logins: list[str]) -> str:
    """Real mentions, for people the harness chose (requester, CODEOWNERS): they are notified."""
    return " ".join(f"@{login.lstrip('@')}" for login in logins if re.fullmatch(r"@?[\w./-]{1,80}", login))


def counted(count: int, one: str) -> str:
    """`1 turn`, `2 turns`."""
    return f"{count:,} {one}" + ("" if count == 1 else "s")
