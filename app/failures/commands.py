"""Which failed step can be run again elsewhere: one command of a tool that tests or lints, and no script. Pure."""

from __future__ import annotations

import re

_MOST = 300  # characters; a longer line is a script
# Nothing that a shell takes apart, and no expression of a workflow.
_PLAIN = re.compile(r"[\w ./:=,@%+\[\]\"'-]+")
_TOOLS = frozenset(
    {
        *("pytest", "py.test", "unittest", "nose2", "ruff", "mypy", "pyright", "flake8", "pylint", "black", "isort"),
        *("jest", "vitest", "mocha", "ava", "eslint", "tsc", "prettier", "biome"),
        *("rspec", "rubocop", "phpunit", "phpstan", "golangci-lint", "staticcheck", "gofmt"),
    }
)
# Tools that do other things as well, and what of theirs tests, lints or builds.
_WITH_WORD = {
    "go": {"test", "vet", "build"},
    "cargo": {"test", "check", "clippy", "fmt", "build"},
    "npm": {"test", "t"},
    "yarn": {"test"},
    "pnpm": {"test"},
    "node": {"--test"},
    "dotnet": {"test", "format"},
}
_RUNS = frozenset({"npx", "uv run", "poetry run", "pdm run", "hatch run", "pipenv run", "bundle exec", "bunx"})
_PYTHON = re.compile(r"python3?(\.\d+)?")


def runnable(script: str) -> str:
    """The command, without what only starts it in CI's own environment; "" when it is none that is known."""
    lines = [line.strip() for line in script.strip().splitlines() if line.strip()]
    if len(lines) != 1 or len(lines[0]) > _MOST or not _PLAIN.fullmatch(lines[0]):
        return ""
    words = lines[0].split()
    for starter in _RUNS:
        if " ".join(words[: starter.count(" ") + 1]) == starter:
            words = words[starter.count(" ") + 1 :]
            break
    return " ".join(words) if words and _is_known(words) else ""


def _is_known(words: list[str]) -> bool:
    first, rest = words[0].rpartition("/")[2], words[1:]
    if _PYTHON.fullmatch(first):
        while rest and re.fullmatch(r"-[A-Zabds]\w*", rest[0]) and rest[0] != "-m":
            rest = rest[1:]
        return len(rest) > 1 and rest[0] == "-m" and rest[1] in _TOOLS
    if first in _WITH_WORD:
        return bool(rest) and rest[0] in _WITH_WORD[first]
    return first in _TOOLS
