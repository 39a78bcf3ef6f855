"""A look at one run's worker."""

from __future__ import annotations

from app.ports.platform import Launcher


def is_running(launcher: Launcher, run_id: str) -> bool | None:
    return launcher.running([run_id])[run_id]
