"""Text that acts on nobody: no mention, reference, closing word, link, image, HTML or command to a bot. Pure."""

from __future__ import annotations

import re

from app.text.untrusted import clean

JOINER = "\u2060"  # word joiner: invisible, and no autolink, mention, reference or command is recognised across it

# `@name`, `#12`, `GH-12`, `://`, `www.`, `![`, `](`, `]:` and e-mail-like text become inert.
_ACTING = re.compile(r"(@|#)(?=[\w-])|(\bGH)(?=-\d)|(:)(?=//)|(\bwww)(?=\.)|(!)(?=\[)|(\])(?=[(\[:])", re.IGNORECASE)

# What bots take for a command. They read a body line by line, as it was written and not as it is shown, code blocks
# too. By whom: Prow and slash-command actions (`/approve`), Dependabot and Mergify (`@bot verb`), bors-ng, homu,
# Atlantis, Rultor, pre-commit.ci, Jenkins' pull request builder ("ok to test"), Zuul ("recheck"), PullApprove ("lgtm").
_COMMAND = re.compile(
    r"(?m)^([ \t>*+-]*(?:\d+[.)][ \t]+)?)"
    r"(?=/[a-z][\w-]*(?:[ \t.:,]|$)|@[\w-]+[ \t:,]"
    r"|(?:bors|homu|atlantis|rultor|pre-commit\.ci)[ \t:,]+[a-z]"
    r"|(?:ok to test|(?:re)?test this(?: please)?|retest|recheck|reverify|add to whitelist|lgtm|r\+|:shipit:)[ \t.!]*$)"
    r"(.)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"\b(?P<word>(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s*)"
    r"(?:(?P<where>[\w.-]+/[\w.-]+)?#|GH-|https?://(?=\S+/(?:issues|pull)/\d))(?=\w)",
    re.IGNORECASE,
)
# Text in brackets that keeps GitHub's and other services' pipelines from running.
_SKIPS = re.compile(
    r"\[\s*((?:skip|no)[ _-]?(?:ci|actions|netlify|vercel|azurepipelines|azp)"
    r"|(?:ci|actions|azurepipelines|azp|netlify)[ _-]?skip)\s*\]|\*\*\*\s*(NO_CI)\s*\*\*\*",
    re.IGNORECASE,
)
_TRAILER = re.compile(r"^([a-z][\w-]*-by|Agent-\w+|skip-checks|change-id|cc):(?=[ \t])", re.MULTILINE | re.IGNORECASE)
_SLASH = re.compile(r"^/(?=[a-z][\w-]*(?:\s|$))", re.MULTILINE | re.IGNORECASE)
_TEAM = re.compile(r"(?<![\w`])@(?=[\w-]+/\w)")


def inert(text: str) -> str:
    """`text` with a joiner in everything that acts; for text that is shown as Markdown."""
    return _ACTING.sub(lambda match: match.group(0) + JOINER, text)


def commands_off(text: str) -> str:
    """`text` with a joiner in what a bot would take for a command at a line's start."""
    return _COMMAND.sub(lambda match: match[1] + match[2] + JOINER, text)


def plain(text: str, limit: int) -> str:
    """Text from outside as one line that nobody renders: a title, the subject of a commit.

    As it was written, and without a character that is not shown. Only what acts from there as well is taken apart: a
    closing word's reference, a team's mention, a pipeline's off switch, a slash in front. A single `@name` stays: in
    titles it is code (`@property`), and GitHub tells nobody of a name in a title.
    """
    flat = _TEAM.sub("", _unacting(" ".join(clean(text).split())))
    flat = _SLASH.sub("", flat)
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"


def plain_lines(text: str, limit: int) -> str:
    """Text from outside as lines that nobody renders but GitHub looks through: the body of a commit message."""
    text = _unacting(clean(text).strip())
    text = text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
    text = _SLASH.sub("", _TRAILER.sub(r"\1 -", text))
    return re.sub(r"@(?=[\w-])", "@ ", text)


def _unacting(text: str) -> str:
    text = _SKIPS.sub(lambda match: f"({match[1] or match[2]})", text)
    return _CLOSING.sub(lambda match: match["word"] + (f"{match['where']} " if match["where"] else ""), text)
