"""Whose API the model is asked through, and how each names its models. Standard library only: the settings import it.

Bedrock does not know the API's names: it takes the identifier of an inference profile (`global.anthropic.…`, or a
geography's, `us.`, `eu.`, `jp.`, which keeps the request there and costs a tenth more), that of a model, or an ARN
("Supported Regions and models for inference profiles", Amazon Bedrock user guide). Models since 4.5 answer through a
profile only, so a profile is what we choose by default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

PROVIDERS = ("anthropic", "bedrock", "scripted")

GLOBAL = "global."
_IDENTIFIER = re.compile(r"(?:[a-z]{2,6}(?:-[a-z]{2,6})?\.)?anthropic\.claude[a-z0-9.:-]*[a-z0-9]")
_ARN = re.compile(
    r"arn:aws[a-z-]*:bedrock:[a-z0-9-]*:\d*:(?:foundation-model|inference-profile|application-inference-profile"
    r"|provisioned-model|custom-model-deployment)/[A-Za-z0-9.:/-]+"
)
# Identifiers that end in a version of AWS's own, and Sonnet 4.6: they refuse the API's version that the SDK sends since
# 2.12 ("Claude on Amazon Bedrock (Opus 4.6 and earlier)", the vendor's documentation).
_OLDER = re.compile(r"anthropic\.claude.*-v\d|anthropic\.claude-sonnet-4-6")


class Names(NamedTuple):
    """The models behind the three aliases."""

    fast: str
    default: str
    deep: str


# Names as in the anthropic SDK 2.12.
_NAMES = Names("claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5")
NAMES: Mapping[str, Names] = {
    "anthropic": _NAMES,
    "bedrock": Names._make(f"{GLOBAL}anthropic.{name}" for name in _NAMES),
    "scripted": _NAMES,
}


def mistake(provider: str, name: str) -> str:
    """What is wrong with `name` as the name of a model at `provider`, and what is expected; empty when nothing is.

    Whether the model exists only the vendor knows; with `anthropic` a gateway may have names of its own.
    """
    bedrocks = _IDENTIFIER.fullmatch(name) or _ARN.fullmatch(name)
    if provider == "bedrock" and not bedrocks:
        like = name if name.startswith("claude-") else NAMES["anthropic"].default
        return (
            f"is not a name that Bedrock knows a model by: it takes the identifier of an inference profile such as "
            f"{GLOBAL}anthropic.{like} (us., eu., … for one geography), or its ARN"
        )
    if provider == "anthropic" and bedrocks:
        return (
            f"is Bedrock's name of a model: Anthropic's API takes a name such as {NAMES['anthropic'].default} "
            "(or set LAMPLIGHTER_MODEL_PROVIDER=bedrock)"
        )
    return ""


def doubt(provider: str, name: str) -> str:
    """Why a well-formed `name` may still be refused when it is called; empty when nothing is known against it."""
    if provider == "bedrock" and _OLDER.search(name):
        return "is one of Bedrock's older models, which refuse the version of the API that this SDK speaks"
    return ""
