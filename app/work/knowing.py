"""How the project of a run is set up and tested: read from its base, and again from what a change makes of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from app import workspace
from app.events.configured import Configured
from app.events.knowing import TestsKnown
from app.ports.sandbox import Sandbox
from app.projects import Plan, changes_dependencies, configured, detect
from app.projects.versions import suited
from app.runs.run_ledger import RunLedger
from app.work.environment import look_around
from app.workspace import Change, Mirror, base_manifest

_GUIDING = ".github/"


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """`paths` are those of the tree at `sha`. What guards the branch is read at `guiding_sha`, whatever a pull request
    changes in it.
    """

    config: Configured
    mirror: Mirror
    sha: str
    guiding_sha: str
    paths: Collection[str]

    def plan(self, touched: Iterable[str] = ()) -> Plan:
        return self._detected(self._all(), {}, set(touched))

    def with_change(self, plan: Plan, found: Sequence[Change], new: Mapping[str, bytes]) -> Plan:
        """The plan for the change: a project's first dependency needs a set-up where there was none. What could not be
        set up before, and so is tested by none of the plan, is not tried again.
        """
        if not changes_dependencies((change.path for change in found), plan.setup):
            return plan
        gone = {change.path for change in found if change.kind == "delete"}
        own = {path: content for path, content in new.items() if not path.startswith(_GUIDING)}
        now = self._detected((self._all() | own.keys()) - gone, own, {change.path for change in found})
        known = [project for project in now.projects if project.folder not in plan.beside]
        setup = Plan.of(known).setup if now.projects else now.setup
        return replace(plan, setup=setup) if now.verify else plan

    def _detected(self, paths: Collection[str], new: Mapping[str, bytes], touched: Collection[str]) -> Plan:
        def read(path: str) -> bytes:
            return new[path] if path in new else self._content(path)

        return configured(self.config, detect(paths, read, touched=touched, workflows=self.config.workflows))

    def _all(self) -> set[str]:
        if self.sha == self.guiding_sha:
            return set(self.paths)
        guiding = {path for path in base_manifest(self.mirror, self.guiding_sha) if path.startswith(_GUIDING)}
        return {path for path in self.paths if not path.startswith(_GUIDING)} | guiding

    def _content(self, path: str) -> bytes:
        sha = self.guiding_sha if path.startswith(_GUIDING) else self.sha
        return workspace.read_files(self.mirror, sha, [path]).get(path, b"")


def known_here(knowledge: Knowledge, sandbox: Sandbox, ledger: RunLedger) -> Plan:
    """The plan for this sandbox, told: with the versions that are asked for chosen, or said not to be there."""
    plan = knowledge.plan()
    if plan.asks:
        machine = look_around(sandbox)
        commands, sentences = suited(plan.asks, machine.tools, machine.elsewhere)
        plan = replace(plan, setup=(*commands, *plan.setup), otherwise=sentences)
    tell(ledger, plan)
    return plan


def tell(ledger: RunLedger, plan: Plan) -> None:
    """Say, before anything is spent, where the tests are from and what of them is not run; once for each plan."""
    told = TestsKnown(
        why=plan.why, sources=dict(plan.sources), not_here=list(plan.not_here), otherwise=list(plan.otherwise)
    )
    last = next((event.record for event in reversed(ledger.events) if isinstance(event.record, TestsKnown)), None)
    if (told.sources or told.not_here or told.otherwise) and told != last:
        ledger.append(told)
