"""What a workflow installs besides what the project's files ask for. All of it is tolerant: what cannot be had is said
by the set-up's output and ends nothing. Pure.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.projects.plan import Folder
from app.projects.workflows.shell import Command, is_opaque
from app.projects.workflows.wrappers import bare
from app.text.set_up import saying

# Tools that bring others, or speak with services: here already, or of no use.
_NOT_NEEDED = re.compile(
    r"(pip|setuptools|wheel|tox|tox-.*|nox|hatch|uv|poetry|pdm|pipenv|pipx|build|twine|codecov|coveralls|pre-commit|virtualenv"
    r"|npm|pnpm|yarn|corepack|flit|cibuildwheel|ruff|black|mypy|flake8|isort|pylint|semantic-release|sphinx)([\[<>=!~@].*)?",
    re.IGNORECASE,
)
_WITH_VALUE = frozenset({"-r", "--requirement", "-c", "--constraint", "-e", "--editable", "--group"})
_DROPPED = frozenset(
    {"-U", "--upgrade", "-q", "--quiet", "--system", "--user", "-v", "--no-cache-dir", "--pre", "--progress-bar",
     "--break-system-packages", "--disable-pip-version-check", "--prefer-binary"}
)  # fmt: skip
_FLAGS_WITH_VALUE = frozenset(
    {"--group", "--extra", "--package", "--with", "--extras", "-E", "--only", "--only-group", "--no-group", "--without",
     "--python", "-p", "--no-install-package"}
)  # fmt: skip
_FLAGS_DROPPED = frozenset(
    {"--python", "-p", "--locked", "--frozen", "--no-interaction", "-n", "--upgrade", "-U", "--quiet", "-q", "-v",
     "-vv", "-vvv", "--no-ansi", "--active", "--dev", "--sync", "--no-root", "--inexact", "--no-install-package",
     "--no-install-project", "--no-cache"}
)  # fmt: skip
_PLAIN = re.compile(r"[\w.,<>=!~@/:\[\]+-]+")


@dataclass(frozen=True, kw_only=True)
class Installs:
    """`python` are arguments of one `pip install` each, `sync` of `uv sync`, `poetry` of its own; `others` whole."""

    python: tuple[tuple[str, ...], ...] = ()
    sync: tuple[tuple[str, ...], ...] = ()
    poetry: tuple[tuple[str, ...], ...] = ()
    others: tuple[str, ...] = ()


def installs(listed: Iterable[Command], folder: Folder) -> Installs:
    python, sync, poetry, others = [], [], [], []
    for command in listed:
        words = list(bare(command).command.words)
        if is_opaque(command) or not words:
            continue
        if words[0].startswith("python") and words[1:3] == ["-m", "pip"]:
            words = ["pip", *words[3:]]
        if words[:2] == ["uv", "pip"]:
            words = words[1:]
        if re.fullmatch(r"pip[\d.]*", words[0].rpartition("/")[2]) and words[1:2] == ["install"]:
            if (found := _of_pip(words[2:], folder)) is not None:
                python.append(tuple(found))
        elif words[:2] == ["uv", "sync"]:
            sync.append(tuple(_flags(words[2:])))
        elif words[:2] == ["poetry", "install"]:
            poetry.append(tuple(_flags(words[2:])))
        elif (made := _other(words)) is not None:
            others.append(made)
    return Installs(python=tuple(python), sync=tuple(sync), poetry=tuple(poetry), others=tuple(dict.fromkeys(others)))


def tolerant(command: str, what: str) -> str:
    return f"{command} || {saying(f'{what} could not be had, which the workflow installs')}"


def by_pip(environment: str, arguments: Sequence[str]) -> str:
    """Into the environment of the project, which is made where the project by itself needs none."""
    told = " ".join(argument if _PLAIN.fullmatch(argument) else shlex.quote(argument) for argument in arguments)
    home = f"$HOME/{environment}"
    made = f"test -x {home}/bin/pip || python3 -m venv --system-site-packages ~/{environment}"
    return f"{made}; " + tolerant(
        f"{home}/bin/pip install --quiet --disable-pip-version-check {told}", told.replace("'", "")
    )


def _of_pip(words: Sequence[str], folder: Folder) -> list[str] | None:
    """None where nothing is left, or it asks for files that only a workflow has."""
    kept: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word in {"--no-index", "--find-links", "--no-deps", "--target", "--dry-run"}:
            return None
        if word in _DROPPED or re.match(
            r"--(progress-bar|python|index-url|extra-index-url|only-binary|no-binary)\b", word
        ):
            rest = rest[1:] if word in {"--progress-bar", "--python", "--index-url", "--extra-index-url"} else rest
            continue
        if re.match(r"-[rce]\S", word):
            word, rest = word[:2], [word[2:], *rest]
        if word in _WITH_VALUE:
            value = rest.pop(0) if rest else ""
            if word in {"-r", "--requirement", "-c", "--constraint"} and value.removeprefix("./") not in folder.paths:
                return None
            kept += [word, value]
        elif "*" in word or "$" in word or word.endswith((".whl", ".tar.gz")) or word.startswith("git+"):
            return None
        elif not _NOT_NEEDED.fullmatch(word):
            kept.append("-e" if re.fullmatch(r"\.(\[.*\])?", word) else word)
            kept += [word] if kept[-1] == "-e" else []
    return kept if any(not word.startswith("-") for word in kept) else None


def _flags(words: Sequence[str]) -> list[str]:
    kept, rest = [], list(words)
    while rest:
        word = rest.pop(0)
        name = word.partition("=")[0]
        takes = name in _FLAGS_WITH_VALUE and "=" not in word
        value = [rest.pop(0)] if takes and rest else []
        if name == "--only-group":
            return []
        if name not in _FLAGS_DROPPED:
            kept += [word, *value]
    return kept


def _other(words: Sequence[str]) -> str | None:
    """Programs from npm, Go and gems, put where commands find them; what the lock names is installed already."""
    packages = [word for word in words[2:] if not word.startswith("-") and not _NOT_NEEDED.fullmatch(word)]
    if not packages or not all(_PLAIN.fullmatch(word) for word in packages):
        return None
    told = shlex.join(packages)
    if words[0] == "npm" and words[1] in {"i", "install", "add"}:
        everywhere = {"-g", "--global"} & set(words)
        how = "--global --prefix ~/tools" if everywhere else "--no-save --no-package-lock"
        return tolerant(f"npm install {how} --silent --no-audit --no-fund {told}", told)
    if words[:2] == ["go", "install"] and all("@" in word for word in packages):
        return tolerant(f"GOBIN=$HOME/tools/bin go install {told}", told)
    return None
