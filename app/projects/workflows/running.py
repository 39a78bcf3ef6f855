"""A step's commands as they are run here: what makes ready, what is built, the tests. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.projects.plan import Folder, on_path
from app.projects.workflows import sessions, tox_env
from app.projects.workflows.pytest_words import plugins, python_words
from app.projects.workflows.shell import Command, commands, is_opaque
from app.projects.workflows.since import without_since
from app.projects.workflows.tasks import hatch_needs, hatch_script, script_path, task_of
from app.projects.workflows.wrappers import bare, is_kept

_LANGUAGES: Mapping[str, re.Pattern[str]] = {
    "Python": re.compile(r"^(python[\d.]*|pytest|py\.test|coverage|tox|nox|hatch|nose2|trial|django-admin|stestr)\b"),
    "JavaScript": re.compile(
        r"^(npm|npx|pnpm|yarn|bun|bunx|node|deno|jest|vitest|mocha|ava|tap|turbo|nx|lerna|c8|nyc|tsx)\b"
    ),
    "Go": re.compile(r"^(go|gotestsum|ginkgo|richgo|mage)\b"),
    "Rust": re.compile(r"^cargo\b"),
    "Java": re.compile(r"^(\./)?(mvnw?|gradlew?)\b"),
    "Ruby": re.compile(r"^(bundle|rake|rspec|ruby|rails|bin/rails|bin/rspec)\b"),
    "PHP": re.compile(r"^(composer|php|phpunit|pest|vendor/bin/\w+)\b"),
    "C#": re.compile(r"^dotnet\b"),
}
# Left to what the files say: their tools have to be told in set-up what they will need without a network.
BY_FILES = frozenset({"Java", "C#", "C++"})
_COVER = re.compile(r"-?-(coverprofile|covermode|coverpkg|json)(=.*)?|-cover")
_ALL_TARGETS = "--no-fail-fast"
_NOT_CARGO = frozenset(
    {"nextest", "hack", "--each-feature", "--feature-powerset", "--locked", "--offline", "--frozen", "--no-report",
     "llvm-cov", "tarpaulin"}
)  # fmt: skip
_OF_HATCH = frozenset({"-a", "-c", "-p", "-r", "-ac", "-ca", "--", "--all", "--cover", "--cover-quiet", "--parallel",
                       "--randomize"})  # fmt: skip
_MOST_CHARS = 700  # of a command that is shown to people


@dataclass(frozen=True, kw_only=True)
class Ran:
    """`needs` are packages of Python's, `sync` arguments for `uv sync`; `setup` runs after that of the files."""

    verify: str
    language: str = ""
    setup: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    sync: tuple[str, ...] = ()


def language_of(command: Command) -> str:
    text = bare(command).command.rest
    found = (name for name, pattern in _LANGUAGES.items() if pattern.search(text) or pattern.search(command.rest))
    return next(found, "")


def simpler(command: Command, folder: Folder) -> list[Command]:
    """What a target, a recipe or a script of Hatch runs, where that is a few plain commands; else itself."""
    inner = bare(command).command
    task = task_of(inner, folder)
    known = inner.first in {"make", "gmake", "just", "task", "poe"} or (inner.first == "hatch" and "run" in inner.words)
    if task is None or task.runs is None or not known or "$" in task.runs:
        return [command]
    listed = commands(task.runs)
    if not listed or any(is_opaque(item) for item in listed):
        return [command]
    return [replace(item, env={**inner.env, **item.env}) for item in listed]


def hatch_environment(command: Command) -> str:
    words = bare(command).command.words
    if words[:1] != ("hatch",) or "run" not in words:
        return ""
    named = [word for word in words[words.index("run") + 1 :] if not word.startswith("+")]
    return (named[0].rpartition(":")[0] or "default") if named else ""


def of_tox(command: Command, folder: Folder, outer: Mapping[str, str]) -> list[tox_env.Environment]:
    """The environments of a command of tox, where all of them can be read without it; else none."""
    words = list(bare(command).command.words)
    words = words[2:] if words[1:3] == ["-m", "tox"] else words
    if words[:1] != ["tox"]:
        return []
    names, behind = sessions.tox_names(words, command.env.get("TOXENV", outer.get("TOXENV", "")))
    found = [tox_env.environment(folder, name, behind) for name in names]
    known = [environment for environment in found if environment is not None and environment.commands]
    return known if len(known) == len(names) else []


def needs_of(command: Command, folder: Folder) -> list[str]:
    environment = hatch_environment(command)
    return [item for item in hatch_needs(folder, environment) if "{" not in item] if environment else []


def one(command: Command, folder: Folder, outer: Mapping[str, str]) -> Ran:
    """One test command; `outer` is the environment of its step."""
    inner = bare(command)
    words = list(inner.command.words)
    if words[0].startswith("python") and words[1:3] in (["-m", "tox"], ["-m", "nox"]):
        words = words[2:]
    language = language_of(command)
    env = {name: value for name, value in inner.command.env.items() if value and name not in {"PATH", "SHELL", "GOOS"}}
    if (made := _in_sessions(words, env, outer, folder)) is not None:
        return made
    if is_opaque(command):
        return Ran(verify=_with({}, command.text), language=language)
    if language == "Python":
        told = python_words(without_since(words))
        return Ran(verify=_with(env, _joined(told)), language="Python", sync=inner.sync,
                   needs=(*inner.needs, *plugins(told)))  # fmt: skip
    if language == "Go":
        words = _go(words)
    if language == "Rust":
        words = _cargo(words, folder)
    if language == "JavaScript" and is_kept(inner.by):
        words = list(command.words)
    if language == "JavaScript":
        words = without_since(words)
    if script_path(tuple(words), folder) and words[0] not in {"bash", "sh"}:
        words = ["sh" if folder.text(words[0]).startswith("#!/bin/sh") else "bash", *words]
    return Ran(verify=_with(env, _joined(words)), language=language, needs=inner.needs, sync=inner.sync)


def _in_sessions(words: list[str], env: dict[str, str], outer: Mapping[str, str], folder: Folder) -> Ran | None:
    if words[0] in {"tox", "nox"}:
        named = env.pop("TOXENV", outer.get("TOXENV", ""))
        made = sessions.tox(words, named, folder) if words[0] == "tox" else sessions.nox(words, folder)
        return Ran(verify=_with(env, made.verify), language="Python", setup=made.setup)
    if words[0] == "hatch" and "test" in words:
        behind = [word for word in words[words.index("test") + 1 :] if word not in _OF_HATCH]
        told = ["python3", "-m", "pytest", *_without_python(behind)]
        return Ran(verify=_with(env, _joined(told)), language="Python", needs=sessions.HATCH_TEST)
    return None


def whole(parts: Sequence[str], outer: Mapping[str, str], language: str, environment: str, folder: Folder) -> str:
    """The parts one after another, each only where those before it succeeded, with the project's own PATH."""
    text = " && ".join(parts)
    first = [on_path(environment)] if language == "Python" and "~/tools/bin/" not in parts[-1] else []
    if language == "JavaScript":
        first = ["CI=true", *(["PATH=$HOME/tools/bin:$PATH"] if _is_brought(text) else [])]
    if "GITHUB_ACTIONS" in _scripts(parts, folder):
        first += ["GITHUB_ACTIONS=true", *(["CI=true"] if "CI=true" not in first else [])]
    if language == "Go" and not re.search(r"\bgo test\b", text):
        first = ["GOFLAGS=-v"]  # without which it prints no counts
    if language == "Rust" and "--offline" not in text:
        first = ["CARGO_NET_OFFLINE=true"]
    told = " ".join([*first, *(f"{name}={shlex.quote(value)}" for name, value in outer.items())])
    if not told:
        return text
    is_simple = len(parts) == 1 and not re.search(r"[|&;()]|^cd ", re.sub(r"'[^']*'|\"[^\"]*\"", "", text))
    return f"{told} {text}" if is_simple else f"export {told}; {text}"


def is_short(command: str) -> bool:
    return len(command) <= _MOST_CHARS


def _is_brought(text: str) -> bool:
    return bool(re.search(r"\b(pnpm|yarn|bun|bunx|pnpx|turbo|nx|lerna)\b", text))


def _scripts(parts: Sequence[str], folder: Folder) -> str:
    named = {word.removeprefix("./") for part in parts for word in part.split()}
    return "".join(folder.text(name) for name in sorted(named & folder.paths) if "/" in name or name.endswith(".sh"))


def _with(env: Mapping[str, str], text: str) -> str:
    return " ".join([*(f"{name}={shlex.quote(value)}" for name, value in env.items()), text])


def _joined(words: Sequence[str]) -> str:
    return " ".join(f'"{word}"' if "$" in word and '"' not in word else shlex.quote(word) for word in words)


def _without_python(words: Sequence[str]) -> list[str]:
    kept, rest = [], list(words)
    while rest:
        word = rest.pop(0)
        if word in {"-py", "--python", "-i", "--include", "-x", "--exclude", "--retries", "--retry-delay"}:
            rest = rest[1:]
        else:
            kept.append(word)
    return kept


def _go(words: list[str]) -> list[str]:
    """With -v, without which it prints no counts; `gotestsum` prints none that are read."""
    words = ["go" if words[0] == "richgo" else words[0], *words[1:]]
    if words[0] == "gotestsum":
        words = ["go", "test", *(words[words.index("--") + 1 :] if "--" in words else ["./..."])]
    if "test" not in words:
        return words
    at = words.index("test") + 1
    kept: list[str] = []
    rest = words[at:]
    while rest:
        word = rest.pop(0)
        if found := _COVER.fullmatch(word):
            rest = rest[1:] if not found[2] and word not in {"-cover", "-json"} else rest
        else:
            kept.append(word)
    return [*words[:at], *([] if "-v" in kept else ["-v"]), *kept]


def _cargo(words: list[str], folder: Folder) -> list[str]:
    """nextest and hack are programs that are not there; what they run is Cargo's own test. It stops at the first target
    that fails, and what it would have said of the others is needed to compare.
    """
    words = [word for word in words if word not in _NOT_CARGO]
    words = ["test" if word in {"run", "r"} and at == 1 else word for at, word in enumerate(words)]
    if len(words) == 1:
        words.append("test")
    at = next((at for at, word in enumerate(words) if word in {"test", "t"}), len(words) - 1)
    locked = ["--locked"] if "Cargo.lock" in folder.names else []
    rest = [word for word in words[at + 1 :] if word != _ALL_TARGETS]
    return [*words[:at], "test", "--offline", _ALL_TARGETS, *locked, *rest]


__all__ = ["BY_FILES", "Ran", "hatch_script", "is_short", "language_of", "needs_of", "one", "simpler", "whole"]
