"""What guards the default branch: tests, their folders, arguments and environment, from `.github/workflows`. Pure.

    found = guided(root, known, find)      # Guided(projects, not_here)

Read in this order: `reading` (files, bounded), `events` (which workflows), `matrix` and `expressions` (one entry on
Linux), `jobs` and `steps` (what is run where), `shell`, `wrappers`, `tasks` and `kinds` (what each command is for),
`running`, `sessions` and `installs` (how it is run here), `guards` and `guided` (which project it tests).
"""

from __future__ import annotations

from app.projects.workflows.guided import Guided, guided

__all__ = ["Guided", "guided"]
