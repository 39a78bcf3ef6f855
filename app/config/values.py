"""The kinds of value a configuration holds: each reads what people write and refuses the rest with a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import ceil
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from app.config.parse_yaml import shown
from app.triggers.comments import NEEDS_INFO_LABEL_END
from app.triggers.policy import TRIGGER_LABEL_START

# Where the package managers of the detected languages fetch from; `packages` in `sandbox.network` stands for these.
PACKAGE_HOSTS = (
    "pypi.org",
    "files.pythonhosted.org",
    "registry.npmjs.org",
    "registry.yarnpkg.com",
    "proxy.golang.org",
    "sum.golang.org",
    "index.crates.io",
    "static.crates.io",
    "repo.maven.apache.org",
    "repo1.maven.org",
    "plugins.gradle.org",
    "rubygems.org",
    "repo.packagist.org",
    "api.nuget.org",
    "jsr.io",
    "npm.jsr.io",
)

_UNITS = {"k": 1 / 1024, "m": 1, "g": 1024, "kb": 1 / 1024, "mb": 1, "gb": 1024}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_HOST = re.compile(r"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _memory(value: Any) -> Any:
    """`4g` → 4096."""
    return _with_unit(value, _UNITS, "an amount such as `4g` or `512m`")


def _seconds(value: Any) -> Any:
    """`10m` → 600."""
    return _with_unit(value, _SECONDS, "a time such as `10m` or `90s`")


def _wait(value: Any) -> Any:
    """`7d` → 604800, `never` → None."""
    return None if value == "never" else _with_unit(value, _SECONDS, "a time such as `24h` or `7d`, or `never`")


def _with_unit(value: Any, units: Mapping[str, float], example: str) -> Any:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"([0-9]{1,9})\s*([a-z]{1,2})", value.strip().lower())
    if not match or match[2] not in units:
        raise ValueError(f"should be {example}")
    return int(int(match[1]) * units[match[2]])


def amounts(reader: object, low: int, high: int) -> str | None:
    """The pattern of what one of the readers above takes for `low` to `high`; None when it is none of them."""
    if reader not in {_memory, _seconds, _wait}:
        return None
    pattern = _amounts(low, high, _UNITS if reader is _memory else _SECONDS)
    return f"^never$|{pattern}" if reader is _wait else pattern


def _amounts(low: int, high: int, units: Mapping[str, float]) -> str:
    choices = []
    for unit, worth in units.items():
        first, last = ceil(low / worth), ceil((high + 1) / worth) - 1
        if first <= last:
            any_case = "".join(f"[{letter}{letter.upper()}]" for letter in unit)
            choices.append(f"(?:{'|'.join(numbers(first, min(last, 999_999_999)))})\\s*{any_case}")
    return rf"^\s*(?=[0-9]{{1,9}}(?![0-9]))0*(?:{'|'.join(choices)})\s*$"


def numbers(low: int, high: int) -> Iterator[str]:
    """Patterns of the decimal numbers from `low` (1 or more) to `high`, without leading zeros."""
    while low <= high:
        zeros = 0
        while low % 10 ** (zeros + 1) == 0 and low + 10 ** (zeros + 1) - 1 <= high:
            zeros += 1
        step = 10**zeros
        digit = low // step % 10
        last = min(9, digit + (high - low + 1) // step - 1)
        head = str(low // step // 10) if low // step >= 10 else ""
        yield f"{head}[{digit}-{last}]" + (f"[0-9]{{{zeros}}}" if zeros else "")
        low += (last - digit + 1) * step


def _hosts(hosts: list[str]) -> list[str]:
    wanted: list[str] = []
    for host in hosts:
        if host.lower() == "packages":
            wanted += PACKAGE_HOSTS
        elif _HOST.fullmatch(host.lower()):
            wanted.append(host.lower())
        else:
            raise ValueError(
                f"{shown(host)} is no host name: write `example.org`, `*.example.org` or `packages`, "
                "without scheme, port or address"
            )
    return list(dict.fromkeys(wanted))


def _branch_prefix(prefix: str) -> str:
    parts = prefix.removesuffix("/").split("/")
    if any(part in {"", "refs"} or part[0] in ".-" or part.endswith((".", ".lock")) or ".." in part for part in parts):
        raise ValueError("should be the beginning of a branch name, as in `agent/`")
    return prefix


def _trigger_label(name: str) -> str:
    if not name.lower().startswith(TRIGGER_LABEL_START):
        raise ValueError(f"should begin with `{TRIGGER_LABEL_START}`: {_DOOR}")
    return name


def _state_label(name: str) -> str:
    if name.lower().startswith(TRIGGER_LABEL_START):
        raise ValueError(f"must not begin with `{TRIGGER_LABEL_START}`, which is how labels that start a run begin")
    return name


def _words(text: str) -> str:
    return _without(_CONTROL, text)


def _command(text: str) -> str:
    return _without(_CONTROL_BUT_LINES, text)


def _without(characters: str, text: str) -> str:
    if re.search(f"[{characters}]", text):
        raise ValueError("must not hold control characters")
    return text


def _question_label(name: str) -> str:
    if not name.lower().endswith(NEEDS_INFO_LABEL_END):
        raise ValueError(f"should end with `{NEEDS_INFO_LABEL_END}`: {_DOOR}")
    return name


def _any_case(text: str) -> str:
    return "".join(f"[{letter.lower()}{letter.upper()}]" if letter.isalpha() else re.escape(letter) for letter in text)


def _cron_field(number: str, names: str = "") -> str:
    one = f"(?:{number}|{'|'.join(map(_any_case, names.split()))})" if names else number
    part = rf"(?:\*|{one}(?:-{one})?)(?:/[1-9][0-9]?)?"
    return f"{part}(?:,{part})*"


def _cron(text: str) -> str:
    fields = text.split(" ")
    if len(fields) != len(_CRON_FIELDS):
        raise ValueError(f"should be five fields with a space between: {', '.join(_CRON_FIELDS)}")
    for field, (name, pattern) in zip(fields, _CRON_FIELDS.items(), strict=True):
        if not re.fullmatch(pattern, field):
            raise ValueError(f"has no {name} that exists: `{field}`")
    return text


_DOOR = "webhooks are sorted by that, before this file can be read"


def _either(item: Any, *, least: int | None = None, most: int | None = None) -> BeforeValidator:
    """One `item`, or a list of them: how the schema says it. Validators in between are none of a schema's business."""
    many = Annotated[list[item], Field(min_length=least, max_length=most)]
    return BeforeValidator(_one_or_many, json_schema_input_type=many | item)


# What the validators above say, for the schema: patterns that JavaScript, Rust and Python read alike.
_CONTROL = r"\x00-\x1f\x7f"
_CONTROL_BUT_LINES = r"\x00-\x08\x0b-\x1f\x7f"  # a command may have several lines and tabs; with a NUL none can be run
_STARTS_A_RUN = {"pattern": f"^{_any_case(TRIGGER_LABEL_START)}[^{_CONTROL}]*$"}
_NO_STATE_LABEL = {"pattern": f"^{_any_case(TRIGGER_LABEL_START)}|[{_CONTROL}]"}
_NO_BRANCH_PREFIX = {"pattern": r"//|^/|(?:^|/)refs(?:/|$)|(?:^|/)[.-]|\.(?:lock)?(?:/|$)|\.\."}
_HOST_PATTERN = rf"^(?:{_any_case('packages')}|{_HOST.pattern.replace('a-z', 'A-Za-z')})$"

# Those of POSIX's crontab, with names and steps as everywhere.
_CRON_FIELDS = {
    "minute": _cron_field("[0-5]?[0-9]"),
    "hour": _cron_field("(?:[01]?[0-9]|2[0-3])"),
    "day": _cron_field("(?:0?[1-9]|[12][0-9]|3[01])"),
    "month": _cron_field("(?:0?[1-9]|1[0-2])", "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"),
    "weekday": _cron_field("[0-7]", "SUN MON TUE WED THU FRI SAT"),
}

Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=500),
    AfterValidator(_words),
    Field(json_schema_extra={"pattern": f"^[^{_CONTROL}]*$"}),
]
_Command = Annotated[
    str,
    StringConstraints(min_length=1, max_length=4000),
    AfterValidator(_command),
    Field(json_schema_extra={"pattern": f"^[^{_CONTROL_BUT_LINES}]*$"}),
]
_Host = Annotated[str, StringConstraints(pattern=_HOST_PATTERN)]
_Method = Literal["GET", "HEAD", "POST", "PUT", "CONNECT"]
Commands = Annotated[list[_Command], Field(max_length=50), _either(_Command, most=50)]
Paths = Annotated[list[Text], Field(max_length=200), _either(Text, most=200)]
LabelName = Annotated[
    str, StringConstraints(min_length=1, max_length=50), AfterValidator(_words)
]  # 50 is GitHub's own limit
StateLabel = Annotated[LabelName, AfterValidator(_state_label), Field(json_schema_extra={"not": _NO_STATE_LABEL})]
ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$", max_length=100)]
Reviewer = Annotated[str, StringConstraints(pattern=r"^@?[A-Za-z0-9_-]+(/[A-Za-z0-9_.-]+)?$", max_length=140)]
TriggerLabel = Annotated[LabelName, AfterValidator(_trigger_label), Field(json_schema_extra=_STARTS_A_RUN)]
QuestionLabel = Annotated[
    StateLabel,
    AfterValidator(_question_label),
    Field(json_schema_extra={"not": _NO_STATE_LABEL, "pattern": f"{_any_case(NEEDS_INFO_LABEL_END)}$"}),
]
Hosts = Annotated[list[str], Field(max_length=100), _either(_Host, most=100), AfterValidator(_hosts)]
Methods = Annotated[list[_Method], Field(min_length=1), _either(_Method, least=1)]
Megabytes = Annotated[int, BeforeValidator(_memory, json_schema_input_type=int | str)]
Seconds = Annotated[int, BeforeValidator(_seconds, json_schema_input_type=int | str)]
Wait = Annotated[int | None, BeforeValidator(_wait, json_schema_input_type=int | str | None)]
Cron = Annotated[
    str,
    StringConstraints(max_length=100),
    AfterValidator(_cron),
    Field(json_schema_extra={"pattern": "^" + " ".join(_CRON_FIELDS.values()) + "$"}),
]
BranchPrefix = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9._/-]+[/-]$", max_length=50),
    AfterValidator(_branch_prefix),
    Field(json_schema_extra={"not": _NO_BRANCH_PREFIX}),
]
