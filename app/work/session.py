"""Where one run's work happens: the harness's mirror, the tree, the sandbox around it, the project's own tests.

Joins `app.workspace`, `app.verify` and a sandbox host for the worker; every step is a stage in the ledger.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from app import workspace
from app.agent import Briefing, Fact
from app.checks.limits import MAX_FILE_BYTES
from app.errors import UserError
from app.events.conversing import BriefingMade
from app.events.working import WorkspaceReady
from app.ports.platform import Tokens
from app.ports.sandbox import Egress, Limits, Manifest, Sandbox, SandboxHost
from app.projects import Plan
from app.runs.run_ledger import RunLedger
from app.verify import (
    CommandResult,
    Verification,
    run_commands,
    unfit,
    verify_head,
)
from app.verify.ahead import build_ahead
from app.verify.fitting import known, run_fitting
from app.work.beside import BESIDE, take_in
from app.work.delivery import Delivery
from app.work.early_end import in_numbers, setup_failed, why_unfit
from app.work.environment import UNFINISHED, briefing, look_around, on_a_branch, text_of
from app.work.fetching import Fetcher
from app.work.kept_tree import KeptTree
from app.work.knowing import Knowledge, known_here, tell
from app.work.plain import PlainWork
from app.work.recording import requested, stage
from app.work.verdict import Base, MirrorBase
from app.workspace import Change, Checkout, Mirror, unseen_names
from app.workspace.upkeep import Use


class WorkSession(PlainWork):
    """Opened once per attempt; `close` removes everything of it but the mirror."""

    def __init__(self, ledger: RunLedger, tokens: Tokens, host: SandboxHost, home: Path) -> None:
        created = ledger.state.created
        self._ledger = ledger
        self._host = host
        self._base = created.base
        self._target = created.target
        self._config = created.config
        wanted = self._config.sandbox
        self._limits = Limits(memory_bytes=wanted.memory_mb * 2**20, timeout_seconds=wanted.timeout_seconds)
        # One folder for each attempt: a worker that was taken for dead and wakes sweeps up only after itself.
        self._folder = home / "work" / f"{ledger.run_id}-{ledger.attempt or 0}"
        self.mirror = Mirror(home / "mirrors" / f"{created.thread.repository_id}.git")
        self._fetcher = Fetcher(ledger, tokens, self.mirror)
        self._use: Use | None = None  # of the mirror, so that nobody packs or deletes it under the sandbox
        self.sandbox: Sandbox
        self.made: Checkout
        self.stands_on: str  # the commit or tree against which a change is one
        self.before: Manifest  # the clean checkout
        self.after_setup: Manifest
        self.plan: Plan
        self.baseline: list[CommandResult] = []
        self._first: Plan  # before what tells nothing here was left out of it
        self._left: list[CommandResult] = []  # how that ended
        self.unseen: list[str] = []  # base files of which the last `changes` could tell nothing, with the reason
        self._now: Manifest = {}
        self.kept: KeptTree

    def clone(self) -> None:
        """Fetch the base commit into the mirror and lay out its plain files. Raises UserError, TransientError."""
        with stage(self._ledger, "clone", "fetching the repository") as end:
            started = self._ledger.clock.now()
            self._host.prepare(self._ledger.run_id, self._config.sandbox.image or "")
            installation = self._ledger.state.created.thread.installation_id
            self._use = Use(self.mirror.path, installation, started)
            sha = self._fetcher.fetch(self._base.sha)
            if self._target:
                self._fetcher.fetch(self._target.base_sha)
            for left in self._folder.parent.glob(f"{self._ledger.run_id}*"):  # of attempts that died
                shutil.rmtree(left, ignore_errors=True)
            tree = self._folder / "tree"
            self.made = workspace.checkout(self.mirror, sha, tree)
            self.stands_on = sha
            seconds = (self._ledger.clock.now() - started).total_seconds()
            self._ledger.append(
                WorkspaceReady(
                    sha=sha,
                    files=self.made.files,
                    size_bytes=self.made.size_bytes,
                    seconds=seconds,
                    notes=list(self.made.notes),
                    missing=list(self.made.missing),
                )
            )
            end["note"] = f"{self.made.files} files at {sha[:7]}"
            self._open(tree)

    def _open(self, tree: Path) -> None:
        history = self._host.history_path(self.mirror.path)
        workspace.throwaway(self.mirror, self.made, tree, history_inside=history, branch=self._base.ref)
        wanted = self._config.sandbox
        self.sandbox = self._host.open(
            self._ledger.run_id,
            tree,
            limits=self._limits,
            egress=Egress(
                hosts=tuple(wanted.network), methods=tuple(wanted.methods), upload_bytes=wanted.upload_mb << 20
            ),
            on_request=partial(requested, self._ledger),
            history=self.mirror.path,
        )
        self.before = self.after_setup = self.sandbox.manifest()
        self.kept = KeptTree(self._ledger, self.sandbox, lambda: self.before, self._at_base, self._changes_in)
        self._knowledge = Knowledge(
            config=self._config,
            mirror=self.mirror,
            sha=self.made.sha,
            guiding_sha=self.guiding_sha,
            paths=self.before.keys(),
        )
        self.plan = known_here(self._knowledge, self.sandbox, self._ledger)

    def set_up(self) -> None:
        """Run `setup` with the network on, then seal. Raises UserError when a command fails."""
        with stage(self._ledger, "setup", "installing what the project needs") as end:
            results = run_commands(self.sandbox, self.plan.setup, purpose="setup", at="base", ledger=self._ledger)
            failed = [result for result in results if not result.ok]
            end |= {"ok": not failed, "note": in_numbers(results)}
        if failed:
            raise UserError(setup_failed(failed[0], self._ledger, self._limits))
        build_ahead(self.sandbox, self.plan.verify, self._ledger)
        self.after_setup = self.sandbox.manifest()
        self.sandbox.seal()

    def test_before(self) -> None:
        """Run `verify` on the untouched tree, once per run: a later attempt reads the result from the ledger.

        Raises UserError when nothing of it could ever accept a change: before anything is spent.
        """
        self._run_baseline()
        judged, baseline = self.plan, self.baseline
        if not judged.verify and self._left:
            judged, baseline = Plan.of(self._first.projects), self._left
        found = unfit(judged, baseline, self.before, repairs=self._ledger.state.checks is not None)
        if found is not None:
            raise UserError(why_unfit(found, self._limits))

    def _run_baseline(self) -> None:
        if known(self._ledger, "base"):
            self._run_fitting()
            return
        with stage(self._ledger, "baseline", "running the tests as they are") as end:
            self._run_fitting()
            end |= {"ok": all(result.ok for result in self.baseline), "note": in_numbers(self.baseline)}
        self._tidy()

    def _run_fitting(self) -> None:
        """Where nothing of the root's tells, what stands beside it is set up and tested in its place."""
        repairs, self._first = self._ledger.state.checks is not None, self.plan
        fitted = run_fitting(self.sandbox, self.plan, self._ledger, repairs=repairs)
        self.plan, self.baseline, self._left = fitted.plan, fitted.baseline, fitted.left
        if not self.plan.verify and self.plan.beside:
            self._take_in(f"{folder}/." for folder in self.plan.beside[:BESIDE])
        tell(self._ledger, self.plan)

    def _tidy(self) -> None:
        """Take back what the tests themselves wrote, but not their caches: it is nobody's change."""
        rules = workspace.base_ignore(self.mirror, self.made.sha)
        now = self.sandbox.manifest()
        left = workspace.changes(self.after_setup, now, rules, unseen=self.sandbox.left_out)
        small = {path for path, entry in self.before.items() if entry.size <= MAX_FILE_BYTES}
        theirs = [
            c for c in left if c.kind == "add" or (c.path in small and self.after_setup[c.path] == self.before[c.path])
        ]
        workspace.take_back(self.sandbox, theirs, self._at_base)

    def _at_base(self, path: str) -> bytes:
        """Whole, whatever its size."""
        return workspace.read_file(self.mirror, self.stands_on, path)

    def briefing(self) -> Briefing:
        """What the model is told besides the task. Made by the first attempt; a later one reads it from the ledger."""
        for event in self._ledger.events:
            if isinstance(event.record, BriefingMade):
                return Briefing.from_event(event.record)
        created = self._ledger.state.created
        about = text_of(created.task)
        made = briefing(
            machine=look_around(self.sandbox),
            limits=self._limits,
            hosts=self._config.sandbox.network,
            plan=self.plan,
            baseline=self.baseline,
            made=self.made,
            ref=self._base.ref,
            root=workspace.root_map(workspace.base_manifest(self.mirror, self.made.sha)),
            guides=workspace.guides(self.mirror, self.guiding_sha, about),
            branch=self._branch(),
            more=[*self.facts(), *([Fact(text=UNFINISHED)] if created.continued else [])],
            instructions=self._config.playbook(created.playbook).instructions,
        )
        said = self._ledger.append(made.as_event()).record  # as a later attempt reads it
        assert isinstance(said, BriefingMade)
        return Briefing.from_event(said)

    @property
    def guiding_sha(self) -> str:
        """The commit whose guides and owners count: of the base branch, whatever a pull request changes in them."""
        return self._target.base_sha if self._target else self.made.sha

    def _branch(self) -> str:
        """Where the pull request's branch left its base; empty when the run stands on a base branch."""
        if self._target is None:
            return ""
        fork_point = workspace.fork_point(self.mirror, self._target.base_sha, self.made.sha)
        return on_a_branch(self._base.ref, self._target.base_ref, fork_point)

    def restore(self) -> None:
        """Bring the tree back to the last snapshot, or to where the run before had come, if there is one."""
        self.kept.restore()

    def bring_back(self) -> None:
        """The tree as the model left it, after a verification ran over it."""
        self.sandbox.reset()  # what the tests touched, whatever its size, without carrying it there
        self.restore()

    def changes(self) -> list[Change]:
        """What the tree now holds against the base; nothing is read yet. Raises UserError: too many files to look."""
        self._now = self.sandbox.manifest()
        unseen = dict(self.sandbox.left_out)
        self.unseen = unseen_names(self.before, self._now, unseen)
        return self._changes_in(self._now, unseen)

    def _changes_in(self, now: Manifest, unseen: Mapping[str, str]) -> list[Change]:
        rules = workspace.base_ignore(self.mirror, self.stands_on)
        return workspace.changes(self.before, now, rules, after_setup=self.after_setup, unseen=unseen)

    def ignored(self) -> list[str]:
        """New files that `.gitignore` kept out of the last `changes`."""
        rules = workspace.base_ignore(self.mirror, self.stands_on)
        return [path for path in workspace.left_out(self.before, self._now, rules) if path not in self.after_setup]

    def contents(self, found: list[Change]) -> tuple[dict[str, bytes], dict[str, bytes]]:
        """The new contents and the old ones, by path. Raises UserError when one is not what the walk saw."""
        old = workspace.read_files(self.mirror, self.stands_on, [change.path for change in found])
        return workspace.collect(self.sandbox, found), old

    def test_after(self, found: list[Change], new: dict[str, bytes], old: dict[str, bytes]) -> Verification:
        """Verify the change in the sealed tree; the model's tree is in the last snapshot meanwhile."""
        with stage(self._ledger, "verify", "running the tests with the change") as end:
            untested = self._take_in(change.path for change in found)
            plan = self._knowledge.with_change(self.plan, found, new)
            verification = verify_head(
                self.sandbox,
                found,
                new,
                plan,
                self.baseline,
                self._ledger,
                original_tests=old,
                untested=untested,
                reach_times=self._config.reach,
            )
            self._ledger.append(verification.as_event())
            end |= {"ok": verification.ok, "note": verification.note}
        return verification

    def _take_in(self, touched: Iterable[str]) -> list[str]:
        """Projects that the change touches and that were beside the others until now; folders that cannot be set up."""
        taken = take_in(self.sandbox, self.plan, self._first, self._knowledge.plan(touched), self._ledger)
        self.plan, self.baseline = taken.plan, [*self.baseline, *taken.baseline]
        self.after_setup = taken.after_setup or self.after_setup
        tell(self._ledger, self.plan)
        return taken.untested

    def sides(self) -> list[Base]:
        """What a change is judged against."""
        return [MirrorBase(self.mirror, self.made.sha)]

    def delivery(self, found: Sequence[Change], new: Mapping[str, bytes], old: Mapping[str, bytes]) -> Delivery:
        """What goes to GitHub of the tree that was verified."""
        return Delivery(changes=found, new=new, old=old)

    def close(self) -> None:
        if hasattr(self, "sandbox"):
            self.kept.has_ended.set()
            self.sandbox.close()
        else:
            self._host.forget(self._ledger.run_id)
        if self._use:
            self._use.close()
        shutil.rmtree(self._folder, ignore_errors=True)
