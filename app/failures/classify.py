"""Whose failure it is: a table of rules over a finding and what is known around it, read from top to bottom. Pure.

Unknown is said as unknown. Every answer has a sentence that says why.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from app.failures.records import Cause, Finding

# ours: the change under test broke it. deterministic: it fails again with the same commit, whoever broke it.
# flaky: the same commit passed as well. external: somebody else's service. infrastructure: runner, limits, settings.
# cancelled: nothing failed.
Class = Literal["ours", "deterministic", "flaky", "external", "infrastructure", "base-is-red", "cancelled", "unknown"]
Base = Literal[
    "green", "same", "other", "unknown"
]  # default branch: passes, fails with this signature, with another one
Rerun = Literal["none", "passed", "same", "other"]  # another attempt at the same commit
Conclusion = Literal["", "failure", "cancelled", "timed_out", "startup_failure", "action_required", "stale"]

_EXTERNAL: frozenset[Cause] = frozenset({"network", "registry", "rate-limit"})
_LIMITS: frozenset[Cause] = frozenset({"memory", "disk", "time-limit"})
_SETTINGS: frozenset[Cause] = frozenset({"secret", "permission"})
_GITHUB: frozenset[Cause] = frozenset({"runner", "billing"})
_STOPPED: frozenset[Cause] = frozenset({"cancelled", "superseded"})
# The same text gives the same answer, on every machine.
_STATIC: frozenset[Cause] = frozenset(
    {
        "lint",
        "format",
        "type",
        "syntax",
        "compile",
        "lock",
        "usage",
        "hook",
        "no-tests",
        "coverage",
        "import",
        "workflow",
    }
)
_SETTING = re.compile(
    r"^\.|/\.|(?:^|/)(?:Makefile|Dockerfile|CMakeLists\.txt|Jenkinsfile)$|config|\.(?:toml|cfg|ini|ya?ml|json"
    r"|mjs|gradle|xml|lock|mod|sh)$"
)
_OWN_HOSTS = ("127.0.0.1", "localhost", "[::1]", "0.0.0.0")  # noqa: S104 - words of a log
_MANIFESTS = (
    "requirements",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "poetry.lock",
    "uv.lock",
    "tox.ini",
    "package.json",
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "go.mod",
    "go.sum",
    "Cargo.toml",
    "Cargo.lock",
    "pom.xml",
    "build.gradle",
    "gradle.lockfile",
    "Gemfile",
    "composer.json",
    "composer.lock",
    "Dockerfile",
    ".csproj",
    "CMakeLists.txt",
)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known besides the finding. `changed`: paths of the change under test; None where they are not known."""

    base: Base = "unknown"
    rerun: Rerun = "none"
    changed: tuple[str, ...] | None = None
    conclusion: Conclusion = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The class, and one sentence without names from the log."""

    kind: Class
    why: str


_Rule = Callable[[Finding, Facts], bool]


def classify(finding: Finding, facts: Facts) -> Verdict:
    """The first rule that holds says it."""
    for kind, why, holds in _RULES:
        if holds(finding, facts):
            return Verdict(kind=kind, why=why)
    return Verdict(kind="unknown", why="Nothing that is known says whose failure this is.")


def names_a_changed_file(finding: Finding, facts: Facts) -> bool:
    """Whether a place of the finding is in a file of the change."""
    changed = facts.changed or ()
    return any(_same(place.path, path) for place in finding.places for path in changed)


def _same(named: str, changed: str) -> bool:
    """Tools name a path from the root or from the folder in which they ran."""
    return named == changed or changed.endswith(f"/{named}") or ("/" in changed and named.endswith(f"/{changed}"))


def _touches(facts: Facts, *parts: str) -> bool:
    return any(
        part in path.rpartition("/")[2] or path.startswith(part) for path in facts.changed or () for part in parts
    )


def _ours_by_settings(finding: Finding, facts: Facts) -> bool:
    if finding.cause in {"workflow", "permission", "secret"} and _touches(facts, ".github/"):
        return facts.base != "same"
    return finding.cause in {"dependency", "lock"} and facts.base in {"green", "other"} and _touches(facts, *_MANIFESTS)


def _ours_by_place(finding: Finding, facts: Facts) -> bool:
    passes = facts.base in {"green", "other"} and finding.cause not in _LIMITS
    return passes and names_a_changed_file(finding, facts)


def _ours_by_text(finding: Finding, facts: Facts) -> bool:
    """Where a tool names no file. A change of documents alone brings nothing of the kind, and how a tool is called is
    said in settings.
    """
    code = [path for path in facts.changed or () if not path.endswith((".md", ".rst", ".txt")) and path[:5] != "docs/"]
    if finding.cause == "usage":
        code = [path for path in code if _SETTING.search(path)]
    return facts.base == "green" and finding.cause in _STATIC and not finding.places and bool(code)


def _is_outside(finding: Finding, facts: Facts) -> bool:
    """This machine's own ports are no service of somebody else's, and what the change calls is its own affair."""
    own = finding.cause == "network" and any(host in finding.key for host in _OWN_HOSTS)
    return finding.cause in _EXTERNAL and not own and not names_a_changed_file(finding, facts)


def _has_silent_index(finding: Finding, facts: Facts) -> bool:
    """pip says "from versions: none" of an index that answered with an error, too."""
    silent = finding.cause == "dependency" and any("from versions: none" in line.text for line in finding.lines)
    return silent and facts.base == "green" and facts.changed is not None and not _touches(facts, *_MANIFESTS)


_RULES: tuple[tuple[Class, str, _Rule], ...] = (
    ("cancelled", "A newer run took its place.", lambda f, _: f.cause == "superseded"),
    (
        "cancelled",
        "Somebody cancelled the run, or another job of it failed first.",
        lambda f, _: f.cause == "cancelled",
    ),
    (
        "cancelled",
        "The run was cancelled, and the log names no failure.",
        lambda f, k: k.conclusion == "cancelled" and f.cause == "unknown",
    ),
    ("unknown", "The run waits for a person to approve it.", lambda _, k: k.conclusion == "action_required"),
    ("infrastructure", "No runner took the job, or its runner was lost.", lambda f, _: f.cause == "runner"),
    (
        "infrastructure",
        "GitHub did not start the job: it is a matter of the account's billing.",
        lambda f, _: f.cause == "billing",
    ),
    (
        "external",
        "A service outside of the project did not answer, and the failure is in no file of the change.",
        _is_outside,
    ),
    (
        "flaky",
        "The same commit passed in another attempt.",
        lambda f, k: k.rerun == "passed" and f.cause not in _LIMITS,
    ),
    (
        "ours",
        "The change touches the settings that the failure is about, and the default branch does not fail like this.",
        _ours_by_settings,
    ),
    (
        "external",
        "The package index knew no version at all, and the change does not touch what is asked for.",
        _has_silent_index,
    ),
    ("base-is-red", "The default branch fails with the same signature.", lambda _, k: k.base == "same"),
    (
        "infrastructure",
        "A secret, or a right of the workflow's token, is missing: that is set in the repository, not in the change.",
        lambda f, _: f.cause in _SETTINGS and not _in_code(f),
    ),
    ("ours", "The default branch passes, and the failure is in a file that the change touches.", _ours_by_place),
    (
        "ours",
        "The default branch passes, and the same text gives the same answer on every run: the change brought it.",
        _ours_by_text,
    ),
    ("deterministic", "It failed in the same way when the same commit ran again.", lambda _, k: k.rerun == "same"),
    (
        "infrastructure",
        "The runner's memory, disk or time was used up; running it again tells whether the change needs more.",
        lambda f, _: f.cause in _LIMITS,
    ),
    (
        "infrastructure",
        "GitHub could not start the run.",
        lambda f, k: k.conclusion == "startup_failure" and f.cause == "unknown",
    ),
    ("deterministic", "The same text gives the same answer on every run.", lambda f, _: f.cause in _STATIC),
    (
        "unknown",
        "The default branch passes, but the failure names no file of the change: one more run tells chance from cause.",
        lambda _, k: k.base == "green" and k.changed is not None,
    ),
    (
        "unknown",
        "Whether the default branch fails like this, and what another run says, is not known.",
        lambda _, k: k.base == "unknown" and k.rerun == "none",
    ),
)


def _in_code(finding: Finding) -> bool:
    """Whether the project's own code asked for the secret: then the change may be what asks."""
    return finding.tool == "python"
