"""tox, nox and Hatch here: their environments are made in set-up, the tests then run in them without network. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from app.projects.plan import Folder
from app.projects.python.metadata import Metadata
from app.projects.python.neighbours import OWN, neighbours, told

_TOOLS = "python3 -m venv ~/tools && ~/tools/bin/pip install --quiet --disable-pip-version-check"
_HERE = "$(python3 -c 'import sys; print(\"%d.%d\" % sys.version_info[:2])')"
_VERSION = re.compile(r"(?:py|python)?-?(?:3\.?\d*[\dx]|3\.x)t?(?:\.\d+)?|py(?:thon)?3?")
_CONFIGS = ("tox.ini", "tox.toml", "pyproject.toml", "setup.cfg")
# Brought by Hatch into the environment of `hatch test` (its documentation, "Testing").
HATCH_TEST = ("pytest", "pytest-mock", "pytest-rerunfailures", "pytest-xdist", "pytest-randomly", "coverage[toml]")


@dataclass(frozen=True, kw_only=True)
class Sessions:
    setup: tuple[str, ...]
    verify: str


def tox_names(words: Sequence[str], env: str) -> tuple[list[str], list[str]]:
    """The environments that a command of tox runs, and what stands behind `--`; none for labels."""
    names, rest = _taken(words, ("-e", "--env"), "-e")
    factors, _ = _taken(words, ("-f",), "-f")
    labels, _ = _taken(words, ("-m", "--labels"), "-m")
    return names or factors or [name for name in re.split(r"[,\s]+", env) if name] or ([] if labels else ["py"]), rest


def tox(words: Sequence[str], env: str, folder: Folder) -> Sessions:
    """Installed in place of a built package, so that the tests see the tree and not what was built of it before."""
    names, rest = tox_names(words, env)
    labels, _ = _taken(words, ("-m", "--labels"), "-m")
    chosen = ",".join(dict.fromkeys(_for_here(name) for name in names))
    select = f"-e {shlex.quote(chosen)}" if chosen else f"-m {shlex.join(labels)}"
    parts = ("testenv", "env_run_base", *(f"testenv:{name}" for name in chosen.split(",")))
    places = " ".join(f"-x {shlex.quote(f'{part}.package=editable')}" for part in parts)
    run = f"{_own(folder)}UV_PYTHON_DOWNLOADS=never ~/tools/bin/tox run --workdir ~/tox {places} {select}"
    config = "".join(folder.text(name) for name in _CONFIGS)
    more = " tox-uv" if re.search(r"tox-uv|uv-venv|uv_", config) else ""
    behind = f" -- {shlex.join(rest)}" if rest else ""
    return Sessions(
        setup=(*_first(folder), f"{_TOOLS} tox{more}", f"{run} --notest"),
        verify=f"{run} --skip-pkg-install --skip-env-install{behind}",
    )


def nox(words: Sequence[str], folder: Folder) -> Sessions:
    """With the interpreter here, whatever versions the sessions are for. What a session installed of the project is
    put in place of a built package, as for tox.
    """
    names, rest = _taken(words, ("-s", "--session", "--sessions", "-e"), "-s")
    chosen = " ".join(shlex.quote(re.sub(r"-(?:py)?3\.?\d+t?$", "", name)) for name in names)
    tags, _ = _taken(words, ("-t", "--tags"), "-t")
    file, _ = _taken(words, ("-f", "--noxfile"), "-f")
    of_file = f" -f {shlex.quote(file[0])}" if file else ""
    select = f"-s {chosen}" if chosen else f"-t {shlex.join(tags)}" if tags else ""
    run = f"~/tools/bin/nox{of_file} --envdir ~/nox --force-python {_HERE}"
    behind = f" -- {shlex.join(rest)}" if rest else ""
    editable = "for made in ~/nox/*/; do ~/tools/bin/pip --quiet --python $made install --no-deps -e . || true; done"
    own = {"pyproject.toml", "setup.py"} & folder.names
    make = f"{_own(folder)}PATH=$HOME/tools/bin:$PATH {run} --install-only {select}".rstrip()
    return Sessions(
        setup=(*_first(folder), f"{_TOOLS} nox uv", make, *([editable] if own else [])),
        verify=f"PATH=$HOME/tools/bin:$PATH {run} -R {select}{behind}".rstrip(),
    )


def _first(folder: Folder) -> list[str]:
    return [command for command in [told(Metadata.of(folder))] if command]


def _own(folder: Folder) -> str:
    """uv reads none of pip's settings."""
    return f"UV_CONSTRAINT={OWN} " if neighbours(Metadata.of(folder)) else ""


def _taken(words: Sequence[str], names: tuple[str, ...], short: str) -> tuple[list[str], list[str]]:
    """The values of an option, and what stands behind `--`."""
    given, behind = list(words), []
    if "--" in given:
        at = given.index("--")
        given, behind = given[:at], given[at + 1 :]
    found: list[str] = []
    for at, word in enumerate(given):
        name, sign, value = word.partition("=")
        if name in names and sign:
            found.append(value)
        elif word in names:
            for more in given[at + 1 :]:
                if more.startswith("-"):
                    break
                found.append(more)
                if short != "-s":
                    break
        elif word.startswith(short) and len(word) > 2 and not word.startswith("--") and short == "-e":
            found.append(word[2:])
    if short == "-e":
        found = [name for value in found for name in value.split(",") if name]
    return found, behind


def _for_here(name: str) -> str:
    """`py312-django5` is `py-django5`: tox makes `py` of the interpreter it runs with."""
    parts = name.split("-")
    if not parts[0]:
        return "-".join(["py", *parts[1:]]) if len(parts) > 1 else "py"
    parts[0] = "py" if parts[0].startswith("$") else parts[0]
    return "-".join("py" if _VERSION.fullmatch(part) else part for part in parts)
