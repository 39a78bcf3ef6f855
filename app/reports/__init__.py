"""How many tests ran and how they ended, from the reports that test runners write for machines.

    reported = run_reported(sandbox, "python3 -m pytest")
    reported.counts, reported.source        # Counts, "junit"; "text" where only what was printed tells

A report is asked for beside what a command prints (`ways`), taken once (`run`), read by its runner's reader (`read`,
`xml`), and weighed against the printed text (`settle`): where they differ, the worse one counts.
"""

from __future__ import annotations

from app.reports.run import TEXT, Reported, run_reported

__all__ = ["TEXT", "Reported", "run_reported"]
