"""What is held against a proposed change before a person sees it. Pure: no IO, no clock, nothing is run.

    changeset = ChangeSet.of(changes, old=old, new=new, base_paths=before, submodules=made.submodules)
    findings = scan(changeset, Rules(protect=("migrations/**",), max_files=100, max_bytes=1_000_000))
    blocked(findings)                      # True: nothing may be published
    marks(findings)                        # {"tests-changed", "breaking-change", "needs-human"}

`changes` are `app.workspace.Change` (anything with path, kind, mode, size); `old` and `new` are {path: bytes}.
A `Finding` has check, level (`block`, `mark`, `note`), path, line (0 when none), message, mark. Messages are plain
text that never shows a secret. `owners(text, paths)` reads CODEOWNERS.
"""

from __future__ import annotations

from app.checks.changeset import ChangedFile, ChangeSet, Finding, Rules, blocked, marks
from app.checks.codeowners import owners
from app.checks.limits import check_sizes
from app.checks.scan import scan
from app.checks.test_files import is_test_path

__all__ = [
    "ChangeSet",
    "ChangedFile",
    "Finding",
    "Rules",
    "blocked",
    "check_sizes",
    "is_test_path",
    "marks",
    "owners",
    "scan",
]
