"""What stands before a command without being it: `uv run`, `poetry run`, `npx`, `timeout 5m`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.projects.workflows.shell import Command

# Options that have a value in the next word, of the programs that start others.
_WITH_VALUE = frozenset(
    {"--group", "-G", "--only-group", "--no-group", "--extra", "--package", "--python", "-p", "--with", "--directory",
     "--project", "--env-file", "--with-requirements", "--index-strategy", "-e", "--env", "-C", "--refresh-package",
     "--resolution", "-r", "--retries", "-k", "--kill-after", "-s", "--signal", "--index", "-n", "--spec", "--from"}
)  # fmt: skip
_RUNS: Mapping[str, frozenset[str]] = {
    "uv": frozenset({"run"}),
    "poetry": frozenset({"run"}),
    "pdm": frozenset({"run"}),
    "pipenv": frozenset({"run"}),
    "rye": frozenset({"run"}),
    "pipx": frozenset({"run"}),
    "bundle": frozenset({"exec"}),
    "pnpm": frozenset({"exec", "dlx"}),
    "npm": frozenset({"exec", "x"}),
    "yarn": frozenset({"exec", "dlx"}),
    "bun": frozenset({"x"}),
}
_ALONE = frozenset({"npx", "bunx", "uvx", "pnpx", "nice", "catchsegv", "stdbuf", "unbuffer", "dotenv", "cross-env"})
_KEPT = frozenset({"bundle", "npx", "pnpm", "npm", "yarn", "bun", "bunx", "pnpx"})  # without which it is not found
_SYNC = frozenset({"--group", "--extra", "--all-extras", "--all-groups", "--no-default-groups", "--no-dev", "--dev",
                   "--only-group", "--no-group", "--all-packages", "--package"})  # fmt: skip


_Words = tuple[str, ...]
_Inner = tuple[_Words, _Words, _Words]  # the command, arguments for `uv sync`, packages


@dataclass(frozen=True, kw_only=True)
class Bare:
    """`command` without its wrappers. `by` are their first words, `sync` arguments for `uv sync`, `needs` packages."""

    command: Command
    by: tuple[str, ...] = ()
    sync: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


def bare(command: Command) -> Bare:
    found = Bare(command=command)
    for _ in range(4):
        words = found.command.words
        if words and words[0] == "timeout":
            rest = list(words[1:])
            while rest and (rest[0].startswith("-") or re.fullmatch(r"[\d.]+[smhd]?", rest[0])):
                rest = rest[2:] if rest[0] in _WITH_VALUE else rest[1:]
            told: _Inner | None = (tuple(rest), (), ())
        else:
            told = _unwrapped(words)
        if told is None:
            return found
        inner, sync, needs = told
        env = dict(found.command.env)
        while inner and re.match(r"[A-Za-z_]\w*=", inner[0]):
            env[inner[0].partition("=")[0]] = inner[0].partition("=")[2]
            inner = inner[1:]
        if not inner:
            return found
        found = Bare(
            command=replace(found.command, words=inner, env=env),
            by=(*found.by, words[0]),
            sync=(*found.sync, *sync),
            needs=(*found.needs, *needs),
        )
    return found


def is_kept(by: tuple[str, ...]) -> bool:
    """Whether the command is only found through what stands before it."""
    return bool(_KEPT.intersection(by))


def _unwrapped(words: tuple[str, ...]) -> _Inner | None:
    if not words:
        return None
    if words[0] in _ALONE:
        return _after_options(words[1:])
    verbs = _RUNS.get(words[0], frozenset())
    before: tuple[str, ...] = ()
    rest = words[1:]
    while rest and rest[0].startswith("-") and verbs:
        step = 2 if rest[0] in _WITH_VALUE else 1
        before, rest = (*before, *rest[:step]), rest[step:]
    return _after_options(rest[1:]) if rest and rest[0] in verbs else None


def _after_options(words: tuple[str, ...]) -> _Inner:
    sync: list[str] = []
    needs: list[str] = []
    while words and words[0].startswith("-"):
        name, _, value = words[0].partition("=")
        step = 2 if name in _WITH_VALUE and not value and len(words) > 1 else 1
        value = value or (words[1] if step == 2 else "")
        if name in _SYNC:
            sync += [name, value] if value else [name]
        if name == "--with" and value:
            needs += [need for need in value.split(",") if "*" not in need and not need.endswith((".whl", ".tar.gz"))]
        words = words[step:]
        if name == "--":
            break
    return words, tuple(sync), tuple(needs)
