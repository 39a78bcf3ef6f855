"""pytest, by its own variable: it reaches it at whatever depth it is started, and means nothing to others. Pure."""

from __future__ import annotations

import re

from app.projects import manifests
from app.reports.ways.way import PLACE, REPORT, SET, Read, Way, goes_on

_TO_PYTEST = re.compile(
    r"(?:^|[\s/;&({])(?:py\.?test|make|just|(?<!deno )task|nox|tox|invoke|poe|pdm|uv|poetry|hatch|pipenv|coverage)\b"
    r"|\.sh\b"
)
_SETTINGS = ("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "pyproject.toml", "tox.ini", "setup.cfg")
# Started once: what is behind the name is its own.
_ONCE = re.compile(
    rf"{SET}(?:(?:uv|poetry|pdm|pipenv|hatch|coverage) run (?:-\S+ )*)*(?:\S*python[\d.]* (?:-\S+ )*)?(?:-m )?"
    r"(?:\S*/)?py\.?test(?=\s|$)(.*)",
    re.DOTALL,
)
_BEFORE = (
    "export PYTEST_ADDOPTS=\"${PYTEST_ADDOPTS:+$PYTEST_ADDOPTS }'--junit-xml=$lamplighter_report/"
    f"{REPORT}-pytest%s' -o junit_family=xunit1\""
)
# Each start leaves a report of its own: it is moved away as soon as there is something in it, which whoever still
# writes does not notice. What waits is the shell itself: nothing has to be started 50 times a second.
_MOVED = (
    f"(exec 8<> <(:); n=1000; while [ -d {PLACE} ]; do read -rt 0.02 -u 8; for f in {PLACE}/{REPORT}-*; "
    f'do [ -s "$f" ] && mv "$f" {PLACE}/$((++n))-"${{f##*/}}"; done; done >/dev/null 2>&1 &)'
)
# pytest puts in what they say when it writes: each environment of tox and nox has a file of its own.
_BY_ENVIRONMENT = r"-\$TOX_ENV_NAME-\$NOX_CURRENT_SESSION"
# tox gives its environments only what it is told to: by the first since 4.11, by the second before 4.
_OF_TOX = (
    'export TOX_OVERRIDE="${TOX_OVERRIDE:+$TOX_OVERRIDE;}%s" '
    'TOX_TESTENV_PASSENV="${TOX_TESTENV_PASSENV:+$TOX_TESTENV_PASSENV }PYTEST_ADDOPTS"'
)
_ENVIRONMENTS = ("testenv", "env_run_base", "tool.tox.env_run_base")


def way(command: str, read: Read, at: str) -> Way | None:
    """Not where the project asks for a report of its own, or has taken that part of pytest out."""
    if not _TO_PYTEST.search(command) or "junit" in command:
        return None
    if any("junit" in read(folder + name) for folder in {"", at} for name in _SETTINGS):
        return None
    once = _ONCE.fullmatch(command)
    if once and not goes_on(once[1]):
        return Way(kind="pytest", format="junit", command=command, before=_BEFORE % "", named=True)
    before = f"{_MOVED}; {_BEFORE % _BY_ENVIRONMENT}; {_tox(read, at)}"
    return Way(kind="pytest", format="junit", command=command, before=before, named=True, several=True)


def _tox(read: Read, at: str) -> str:
    """An environment that lists variables of its own does not take over the others."""
    known = manifests.ini(read(f"{at}{name}").encode() for name in ("setup.cfg", "tox.ini"))
    own = [
        name
        for name in known.sections()
        if re.fullmatch(r"testenv:[\w.-]+", name) and known[name].keys() & {"passenv", "pass_env"}
    ]
    return _OF_TOX % ";".join(f"{name}.pass_env+=PYTEST_ADDOPTS" for name in (*_ENVIRONMENTS, *own))
