"""The environment that a workflow gives its steps, without secrets and without what a sandbox decides itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.projects.workflows.expressions import UNKNOWN, substitute

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")
_MOST_CHARS = 300
# Where tools look for packages, where they install, how they colour: the sandbox's business, or nobody's.
_NOT_HERE = re.compile(
    r"PATH|HOME|TMPDIR|SHELL|USER|BASH_ENV|ENV|LD_\w+|GIT_\w+|CI|\w*PROXY|\w*(INDEX_URL|REGISTRY)|GOSUMDB|GOFLAGS|GOTOOLCHAIN|GOOS|\w+_VERSION|RUSTUP_\w+|NOX\w+|TOX_\w+|_PYTEST_TOX\w+|COVERAGE_\w+"
    r"|(UV|POETRY|PIP|PIPX|PDM|HATCH|NPM_CONFIG|YARN|PNPM|CARGO|SCCACHE|CCACHE|GITHUB|RUNNER|ACTIONS|CODECOV|COVERALLS|GH)_\w+"
    r"|FORCE_COLOR|PY_COLORS|CLICOLOR\w*|NO_COLOR|TERM|COVERAGE_FILE|RUST_BACKTRACE|RUSTDOCFLAGS|GO111MODULE",
    re.IGNORECASE,
)
_STRICT = re.compile(
    r"(\s*-[DWF]\s?[\w:-]+)+\s*"
)  # compiler warnings as errors: another compiler warns of other things


def environment(
    given: object, outer: Mapping[str, str], contexts: Mapping[str, Any]
) -> tuple[dict[str, str], list[str], dict[str, Any]]:
    """The variables with those around them, names of those that hold secrets, and the contexts with all of it."""
    env, secrets = dict(outer), []
    seen = dict(contexts.get("env") or {"": UNKNOWN})
    for name, value in given.items() if isinstance(given, dict) else ():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            continue
        env.pop(name, None)
        if isinstance(value, str) and re.search(r"\$\{\{[^}]*\bsecrets\b", value):
            secrets.append(name)
            seen[name] = UNKNOWN
            continue
        told = substitute(value, {**contexts, "env": seen}) if isinstance(value, str) else None
        seen[name] = UNKNOWN if told is None else told
        if told is None or _NOT_HERE.fullmatch(name) or len(told) > _MOST_CHARS or re.search(r"[\x00-\x1f]", told):
            continue
        if not (name.endswith("FLAGS") and _STRICT.fullmatch(told)):
            env[name] = told
    return env, secrets, {**contexts, "env": seen}
