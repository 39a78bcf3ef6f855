"""The configuration that a run was started with, as its first event keeps it. Pure.

What `app.config.repo_config` accepted at that time; read tolerantly, because rules of today are not those of then. Its
defaults are for ledgers that lack a key, and the same as the configuration's (a test holds that).
"""

from __future__ import annotations

from typing import Any, Literal

from app.events.parts import Part

Effort = Literal["low", "medium", "high", "xhigh", "max"]


class SandboxWanted(Part):
    image: str | None = None
    network: list[str] = []  # hosts, each by its name
    methods: list[str] = ["GET", "HEAD", "CONNECT"]
    network_with_change: list[str] = []
    upload_mb: int = 8
    memory_mb: int = 4096
    timeout_seconds: float = 600


class BudgetWanted(Part):
    run_usd: float = 2.0
    day_usd: float = 20.0
    turns: int = 100
    minutes: float = 30


class QuestionsWanted(Part):
    remind_after_seconds: float | None = 24 * 3600  # None: never
    end_after_seconds: float | None = 7 * 24 * 3600


class LimitsWanted(Part):
    files: int = 50
    bytes: int = 1_000_000
    open_pull_requests: int = 5


class PlaybookWanted(Part):
    enabled: bool = True
    model: str | None = None
    effort: Effort | None = None
    instructions: str = ""


class Configured(Part):
    triggers: dict[str, str] = {"label": "agent-fix"}
    playbooks: dict[str, PlaybookWanted] = {}
    setup: list[str] | None = None
    verify: list[str] | None = None
    reach: float = 2
    workflows: Literal["first", "last", "never"] = "first"
    sandbox: SandboxWanted = SandboxWanted()
    model: str = "default"
    budget: BudgetWanted = BudgetWanted()
    autonomy: str = "draft"
    keep_mergeable: bool = False
    fix_default_branch: bool = False
    branch_prefix: str = "agent/"
    questions: QuestionsWanted = QuestionsWanted()
    labels: dict[str, str] = {}
    protect: list[str] = []
    limits: LimitsWanted = LimitsWanted()
    reviewers: list[str] = []
    schedule: list[dict[str, Any]] = []
    phase: int = 2

    def playbook(self, name: str) -> PlaybookWanted:
        """What was wanted of this kind of run."""
        return self.playbooks.get(name) or PlaybookWanted()
