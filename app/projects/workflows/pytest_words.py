"""Python's test commands as they are run here: with the interpreter here, without reports on coverage. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_PYTHON = re.compile(r"(?:\S*/)?(?:python[\d.]*|py|\$?\{?PYTHON\}?)")
_RUNNERS = frozenset({"pytest", "py.test", "nose2", "trial", "nosetests", "stestr"})
# Reports that a service reads; what follows an option without `=` is its value.
_REPORT = re.compile(r"--(?:cov|no-cov|junit)[\w-]*(=.*)?")
_ALONE = frozenset({"--no-cov", "--cov-append", "--cov-branch", "--no-cov-on-fail"})
# Plugins that an option needs, by the option.
_PLUGINS: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"-n(\d+|auto|logical)?|--numprocesses.*|--dist.*|--maxprocesses.*"), "pytest-xdist"),
    (re.compile(r"--timeout.*"), "pytest-timeout"),
    (re.compile(r"--reruns.*|--only-rerun.*"), "pytest-rerunfailures"),
    (re.compile(r"--asyncio-mode.*"), "pytest-asyncio"),
    (re.compile(r"--benchmark.*"), "pytest-benchmark"),
    (re.compile(r"--(random-order|randomly).*"), "pytest-randomly"),
    (re.compile(r"--(splits|group).*"), "pytest-split"),
)
_OF_COVERAGE = frozenset({"--source", "--omit", "--include", "--rcfile", "--data-file", "--context", "--concurrency"})


def python_words(words: Sequence[str]) -> list[str]:
    """`coverage run -m pytest x` and `py.test x` are `python3 -m pytest x`."""
    given = list(words)
    if _PYTHON.fullmatch(given[0]) and given[1:3] == ["-m", "coverage"]:
        given = given[2:]
    if given[0].rpartition("/")[2] == "coverage" and "run" in given:
        given = ["python3", *_after_coverage(given[given.index("run") + 1 :])]
    name = given[0].rpartition("/")[2]
    if name in _RUNNERS:
        given = ["python3", "-m", "pytest" if name == "py.test" else name, *given[1:]]
    elif _PYTHON.fullmatch(given[0]):
        given = ["python3", *given[1:]]
    elif name.endswith(".py"):
        given = ["python3", *given]
    return _without_reports(given) if "pytest" in given[:6] else given


def plugins(words: Sequence[str]) -> list[str]:
    found = [package for word in words for pattern, package in _PLUGINS if pattern.fullmatch(word)]
    return list(dict.fromkeys(found))


def _after_coverage(words: list[str]) -> list[str]:
    while words and words[0].startswith("-") and words[0] != "-m":
        words = words[2:] if words[0] in _OF_COVERAGE else words[1:]
    return words


def _without_reports(words: Sequence[str]) -> list[str]:
    kept: list[str] = []
    skip = False
    for word in words:
        if skip and not word.startswith("-"):
            skip = False
            continue
        skip = False
        if found := _REPORT.fullmatch(word):
            skip = not found[1] and word not in _ALONE
            continue
        kept.append(word)
    return kept


def expanded(text: str, env: Mapping[str, str]) -> str:
    """With the variables whose value is known; others are empty, as in a shell. The shell's own stay."""

    def said(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name in env:
            return env[name]
        return match[0] if name in {"HOME", "PWD", "PATH", "USER", "TMPDIR"} else ""

    parts = re.split(r"('[^']*')", text)
    plain = r"\$\{(\w+)(?::?-[^}]*)?\}|\$(\w+)"
    told = [part if part.startswith("'") else re.sub(plain, said, part) for part in parts]
    return "".join(told).replace('"$@"', "").replace("$@", "")
