"""Credentials in added lines. Pure: detect-secrets' detectors are regular expressions; nothing is looked up.

A finding names the kind of secret and the line, never the secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from app.checks.changeset import ChangedFile, ChangeSet, Finding
from app.checks.test_files import is_test_path
from app.log import PEM_HEADER, Redactor

MAX_LINES = 50_000  # of one change; beyond that `limits` has blocked it anyway
_PIECE = 2000  # characters given to the detectors at once: their expressions slow down on minified lines
_OVERLAP = 300  # longer than any token they know
_DETECTORS = (
    "artifactory.ArtifactoryDetector",
    "aws.AWSKeyDetector",
    "azure_storage_key.AzureStorageKeyDetector",
    "discord.DiscordBotTokenDetector",
    "github_token.GitHubTokenDetector",
    "gitlab_token.GitLabTokenDetector",
    "mailchimp.MailchimpDetector",
    "npm.NpmDetector",
    "openai.OpenAIDetector",
    "private_key.PrivateKeyDetector",
    "pypi_token.PypiTokenDetector",
    "sendgrid.SendGridDetector",
    "slack.SlackDetector",
    "square_oauth.SquareOAuthDetector",
    "stripe.StripeDetector",
    "telegram_token.TelegramBotTokenDetector",
    "twilio.TwilioKeyDetector",
)
_GUESSES = ("basic_auth.BasicAuthDetector", "jwt.JwtTokenDetector", "keyword.KeywordDetector")
_PEM_HEADER = re.compile(PEM_HEADER)
_KEY_TEXT = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{40,}={0,2}(?![A-Za-z0-9+/=])")  # a line of a key has 64
_KEY_LINES = 4  # added lines that may stand between a header and its key: `Proc-Type`, `DEK-Info`, blanks
_EXAMPLE = re.compile(r"\b\w{0,60}(?:EXAMPLE|example)(?:KEY)?\b")  # AWS documents AKIAIOSFODNN7EXAMPLE


def check_secrets(changeset: ChangeSet) -> Iterator[Finding]:
    """A token of a known shape blocks (in tests: asks for a person); what merely looks like a password is a note."""
    looked_at = 0
    for file in changeset.files:
        for at, (number, text) in enumerate(file.added):
            looked_at += 1
            if looked_at > MAX_LINES:
                yield Finding(check="secrets", level="block", path="", message="Too many added lines to search them.")
                return
            found = _in_line(file, number, _without_lone_header(text, file.added[at + 1 : at + 1 + _KEY_LINES]))
            if found is not None:
                yield found


def _without_lone_header(text: str, below: Sequence[tuple[int, str]]) -> str:
    """`text` without a PEM header that no key follows, in its line or the next ones: code that reads keys names it."""
    header = _PEM_HEADER.search(text)
    if header is None or any(_KEY_TEXT.search(line) for line in [text[header.end() :], *(line for _, line in below)]):
        return text
    return _PEM_HEADER.sub("", text)


def _in_line(file: ChangedFile, number: int, text: str) -> Finding | None:
    in_test = is_test_path(file.path)
    for piece in _pieces(_EXAMPLE.sub("", text)):
        kind = _kind(_detectors(_DETECTORS), piece) or ("credential" if Redactor().text(piece) != piece else "")
        if kind and in_test:
            message = f"Looks like a secret ({kind}) in a test; a person has to look at it."
            return Finding(
                check="secrets", level="mark", path=file.path, line=number, message=message, mark="needs-human"
            )
        if kind:
            message = f"Looks like a secret (rule: {kind}). Read it from the environment or a secret store instead."
            return Finding(check="secrets", level="block", path=file.path, line=number, message=message)
        guess = "" if in_test else _kind(_detectors(_GUESSES), piece)
        if guess:
            message = f"May hold a secret: {guess}."
            return Finding(check="secrets", level="note", path=file.path, line=number, message=message)
    return None


def _pieces(text: str) -> Iterator[str]:
    for at in range(0, max(1, len(text)), _PIECE):
        yield text[max(0, at - _OVERLAP) : at + _PIECE]


def _kind(detectors: tuple[Any, ...], text: str) -> str:
    for detector in detectors:
        if next(iter(detector.analyze_string(text)), None) is not None:
            return str(detector.secret_type)
    return ""


@cache
def _detectors(names: tuple[str, ...]) -> tuple[Any, ...]:
    """Made once, when first needed: importing them takes 50 ms."""
    from importlib import import_module  # noqa: PLC0415

    found = []
    for name in names:
        module, _, kind = name.partition(".")
        found.append(getattr(import_module(f"detect_secrets.plugins.{module}"), kind)())
    return tuple(found)
