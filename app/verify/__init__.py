"""Running a project's own tests as `app.projects` found them (`plan`), and saying honestly what they prove.

    results = run_commands(sandbox, plan.setup, purpose="setup", at="base", ledger=ledger)     # network on
    baseline = run_commands(sandbox, plan.verify, purpose="verify", at="base", ledger=ledger)  # network off
    sandbox.seal()                         # `verify_head` starts from here
    …the model works…
    verification = verify_head(sandbox, changes, contents, plan, baseline, ledger, original_tests=old)
    ledger.append(verification.as_event())

`contents` is {path: bytes} of the added and modified files, `original_tests` {path: bytes} of changed files as they are
at base. `verify_head` resets the sandbox; a caller that lets the model go on restores its last snapshot afterwards.
Every command is an event `command.ran`; counts are None when the output does not tell, never guessed.
"""

from __future__ import annotations

from app.failures.counts import Counts
from app.failures.printed import parse_counts
from app.verify.baseline import Unfit, unfit
from app.verify.compare import Verdict, compare
from app.verify.head import Verification, verify_head
from app.verify.merged import verify_merge
from app.verify.run import CommandResult, run_commands

__all__ = [
    "CommandResult",
    "Counts",
    "Unfit",
    "Verdict",
    "Verification",
    "compare",
    "parse_counts",
    "run_commands",
    "unfit",
    "verify_head",
    "verify_merge",
]
