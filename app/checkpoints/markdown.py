"""Markdown that text from outside cannot use: no mention, reference, closing word, link, image or HTML survives."""

from __future__ import annotations

import re

from app.untrusted import strip_hidden

BODY_LIMIT = 65_536  # characters in an issue, pull request or comment body; source: GitHub answers 422 above it
_JOINER = "\u2060"  # word joiner: invisible, and no autolink, mention or reference is recognised across it

# `@name`, `#12`, `GH-12`, `://`, `www.`, `![`, `](`, `]:` and e-mail-like text become inert.
_INERT = re.compile(r"(@|#)(?=[\w-])|(\bGH)(?=-\d)|(:)(?=//)|(\bwww)(?=\.)|(!)(?=\[)|(\])(?=[(\[:])", re.IGNORECASE)


def neutral(text: str, limit: int = 4_000) -> str:
    """Untrusted Markdown made harmless: plain formatting stays, everything that acts or hides is inert."""
    text = strip_hidden(text, limit).strip()
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return _INERT.sub(lambda match: match.group(0) + _JOINER, text)


def line(text: str, limit: int = 200) -> str:
    """Untrusted text as one harmless line; table cells and headings cannot be broken by it."""
    flat = " ".join(strip_hidden(text, limit * 4).split())
    flat = flat if len(flat) <= limit else flat[: limit - 1] + "…"
    flat = re.sub(r"([\\`*_{}\[\]|~])", r"\\\1", flat.replace("&", "&amp;").replace("<", "&lt;"))
    return _INERT.sub(lambda match: match.group(0) + _JOINER, flat)


def code(text: str, limit: int = 120) -> str:
    """A code span that `text` cannot leave; safe in table cells."""
    flat = " ".join(strip_hidden(text, limit * 4).split()) or " "
    flat = flat if len(flat) <= limit else flat[: limit - 1] + "…"
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", flat)), default=0) + 1)
    pad = " " if "`" in flat else ""
    return f"{ticks}{pad}{flat}{pad}{ticks}".replace("|", "\\|")


def fence(text: str, limit: int = 2_000, language: str = "") -> str:
    """A code block that `text` cannot leave; the head and the tail are kept when it is too long."""
    text = strip_hidden(text, max(limit * 4, 65_536)).strip("\n")
    if len(text) > limit:
        text = f"{text[: limit // 2]}\n[… {len(text) - limit} characters left out …]\n{text[-limit // 2 :]}"
    ticks = "`" * max(3, max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    return f"{ticks}{language}\n{text}\n{ticks}"


def cut(body: str, limit: int = BODY_LIMIT) -> str:
    """`body` within GitHub's limit: cut at a line, open code block and details closed, and it says so."""
    if len(body) <= limit:
        return body
    note = "\n\n*(cut: the whole text is in the run's ledger)*"
    head = body[: limit - len(note) - 40]
    head = head[: head.rfind("\n")] if "\n" in head else head
    fences = re.findall(r"^(`{3,})", head, re.MULTILINE)
    closing = f"\n{fences[-1]}" if len(fences) % 2 else ""
    closing += "\n</details>" * max(0, head.count("<details") - head.count("</details>"))
    return head + closing + note


def people(logins: list[str]) -> str:
    """Real mentions, for people the harness chose (requester, CODEOWNERS): they are notified."""
    return " ".join(f"@{login.lstrip('@')}" for login in logins if re.fullmatch(r"@?[\w./-]{1,80}", login))
