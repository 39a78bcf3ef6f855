"""All checks over one change."""

from __future__ import annotations

from app.checks.breaking import check_breaking
from app.checks.changeset import ChangeSet, Finding, Rules
from app.checks.executed import check_executed
from app.checks.limits import check_limits, check_readability
from app.checks.paths import check_names, check_protected
from app.checks.patterns import check_patterns
from app.checks.secrets import check_secrets
from app.checks.weakened import check_tests

MAX_FINDINGS = 200  # of one level; beyond that nobody reads on
_ORDER = {"block": 0, "mark": 1, "note": 2}


def scan(changeset: ChangeSet, rules: Rules) -> list[Finding]:
    """Every finding, what blocks first, then by path and line."""
    found = [
        *check_limits(changeset, rules),
        *check_protected(changeset, rules),
        *check_names(changeset),
        *check_executed(changeset),
        *check_secrets(changeset),
        *check_tests(changeset),
        *check_breaking(changeset),
        *check_patterns(changeset),
        *check_readability(changeset),
    ]
    found.sort(key=lambda finding: (_ORDER[finding.level], finding.path, finding.line))
    return [f for level in _ORDER for f in [f for f in found if f.level == level][:MAX_FINDINGS]]
