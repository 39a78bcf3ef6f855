"""Knowing the project: how a repository is set up and tested, read from its files. Nothing is run. Pure.

    plan = configured(config, detect(paths, read))   # Plan(setup, verify, language, why, beside)

One file for each family of tools; a new language is a new file and its line in `detect`.
"""

from __future__ import annotations

from app.projects.dependencies import changes_dependencies
from app.projects.detect import detect
from app.projects.plan import Plan, configured, inside, taken_apart

__all__ = ["Plan", "changes_dependencies", "configured", "detect", "inside", "taken_apart"]
