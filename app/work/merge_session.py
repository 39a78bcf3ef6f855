"""The work of a run that merges the base branch into the branch it stands on.

The harness merges in its own repository and lays the outcome into the sandbox's tree; from then on a change is what
differs from that. Where the two sides agree no model is asked: the merge is verified as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app import workspace
from app.agent import Fact
from app.checkpoints import merge_text
from app.checks import blocked
from app.events import parts
from app.events.deciding import PullTarget
from app.events.working import HeadMerged, MergeTried
from app.ports.sandbox import FileEntry, Manifest
from app.text.untrusted import one_line
from app.verify import Verification, verify_merge
from app.work.attempt_end import end
from app.work.carrying import carry_merge, explain_move, told
from app.work.delivery import Delivery, of_merge
from app.work.recording import stage
from app.work.session import WorkSession
from app.work.verdict import Base, MirrorBase, judge_merge
from app.workspace import Change
from app.workspace.merging import Merged, composed, laid, markers, merge

_TOLD = 10  # conflicting files whose history the model is shown
_COMMITS = "5"  # of each side
_WORKFLOWS = ".github/workflows/"


class MergeSession(WorkSession):
    """As `WorkSession`; `begin` merges."""

    merged: Merged

    @property
    def _pull(self) -> PullTarget:
        assert self._target is not None  # it is worked on pull requests only
        return self._target

    def begin(self) -> bool:
        with stage(self._ledger, "merge", f"merging {one_line(self._pull.base_ref, 60)}") as ended:
            carried = carry_merge(self._ledger, self.mirror, self._fetcher, self._pull.base_sha)
            self.merged = carried or merge(self.mirror, self.made.sha, self._pull.base_sha)
            self._laid, self._texts = laid(self.mirror, self.made.sha, self.merged.tree)
            hard = self._not_for_us() if self.merged.behind else []
            found = hard or [told(conflict) for conflict in self.merged.conflicts]
            tried = MergeTried(
                base_sha=self.merged.theirs, behind=self.merged.behind, files=len(self._laid), conflicts=found
            )
            self._ledger.append(HeadMerged(sha=self.made.sha, files=len(self._laid)) if carried else tried)
            ended |= {"ok": not hard, "note": merge_text.in_conflict(len(found))}
        branch, base = self._base.ref, self._pull.base_ref
        if not self.merged.behind:
            end(self._ledger, "nothing_to_do", merge_text.up_to_date(branch, base))
        elif hard:
            reason = merge_text.not_mine(branch, base, len(hard))
            end(self._ledger, "needs_decision", reason, merge_text.by_hand(base))
        return bool(self.merged.behind) and not hard

    def _not_for_us(self) -> list[parts.Conflict]:
        """What a person has to settle before anything else makes sense."""
        found = [told(conflict) for conflict in self.merged.conflicts if conflict.kind != "content"]
        if found:
            return found
        whole = self.delivery([], {}, {})
        written = [*(whole.merge.ours if whole.merge else []), *(change.path for change in whole.changes)]
        if workflows := [path for path in written if path.startswith(_WORKFLOWS)]:
            return [parts.Conflict(path=path, why=merge_text.WHY["workflow"]) for path in workflows]
        findings = judge_merge(whole.changes, whole.new, self.sides(), self._config)
        why = [finding for finding in findings if finding.level == "block"] if blocked(findings) else []
        return [parts.Conflict(path=finding.path or "the merge", why=finding.message) for finding in why]

    def ready_made(self) -> list[Change] | None:
        state = self._ledger.state
        return None if self.merged.conflicts or state.turns > state.turns_before else []

    def explain(self) -> None:
        explain_move(self._ledger, [conflict.path for conflict in self.merged.conflicts])

    def has_change(self, found: Sequence[Change]) -> bool:  # noqa: ARG002
        return True

    def restore(self) -> None:
        if self.stands_on != self.merged.tree:
            self.before, self.after_setup = (self._overlaid(tree) for tree in (self.before, self.after_setup))
            self.stands_on = self.merged.tree
        workspace.lay(self.sandbox, self._laid, self._texts)
        super().restore()

    def _overlaid(self, tree: Manifest) -> Manifest:
        made = {c.path: FileEntry(mode=c.mode, digest=c.digest, size=c.size) for c in self._laid if c.kind != "delete"}
        gone = {change.path for change in self._laid if change.kind == "delete"}
        return {path: entry for path, entry in tree.items() if path not in gone} | made

    def facts(self) -> list[Fact]:
        head, base = one_line(self._base.ref, 100), one_line(self._pull.base_ref, 100)
        fork = workspace.fork_point(self.mirror, self.merged.theirs, self.merged.ours)
        text = (
            f"`{base}` ({self.merged.theirs[:12]}) was merged into `{head}` ({self.merged.ours[:12]}); "
            f"the two began at `{fork[:12]}`. "
        )
        if not self.merged.conflicts:
            return [Fact(text=f"{text}No file is in conflict, but the merge was not accepted: you are told why.")]
        listed = "\n".join(f"{c.path}: lines {', '.join(map(str, c.lines))}" for c in self.merged.conflicts)
        histories = [fact for c in self.merged.conflicts[:_TOLD] for fact in self._history(c.path, fork)]
        return [Fact(text=f"{text}These files are in conflict:", quote=listed, what="conflicts"), *histories]

    def _history(self, path: str, fork: str) -> list[Fact]:
        found = []
        for side, sha in (("the branch", self.merged.ours), ("the base", self.merged.theirs)):
            logged = self.mirror.git("log", "--format=%h %s", "-n", _COMMITS, f"{fork}..{sha}", "--", path)
            said = logged.decode("utf-8", "replace").strip()
            text = f"Commits of {side} that changed `{one_line(path, 200)}`:"
            found += [Fact(text=text, quote=said, what="commits")] if said else []
        return found

    def unfinished(self, new: Mapping[str, bytes]) -> str:
        left = {}
        for conflict in self.merged.conflicts:
            left[conflict.path] = list(conflict.lines) if conflict.path not in new else []
        for path, content in new.items():
            known = [workspace.read_files(self.mirror, sha, [path]) for sha in (self.merged.ours, self.merged.theirs)]
            left[path] = markers(content, *(texts.get(path, b"") for texts in known))
        places = {path: numbers for path, numbers in left.items() if numbers}
        return merge_text.markers_left(places) if places else ""

    def test_after(self, found: list[Change], new: dict[str, bytes], old: dict[str, bytes]) -> Verification:  # noqa: ARG002
        whole, texts = composed(self._laid, found), {**self._texts, **new}
        with stage(self._ledger, "verify", "running the tests with the merge") as ended:
            verification = verify_merge(
                self.sandbox,
                whole,
                texts,
                self._knowledge.with_change(self.plan, whole, texts),
                self.baseline,
                self._ledger,
                lay_other=self._lay_base,
            )
            self._ledger.append(verification.as_event())
            ended |= {"ok": verification.ok, "note": verification.note}
        return verification

    def _lay_base(self) -> None:
        self.sandbox.reset()
        workspace.lay(self.sandbox, *laid(self.mirror, self.merged.ours, self.merged.theirs))

    def sides(self) -> list[Base]:
        return [MirrorBase(self.mirror, sha) for sha in (self.merged.ours, self.merged.theirs)]

    def delivery(self, found: Sequence[Change], new: Mapping[str, bytes], old: Mapping[str, bytes]) -> Delivery:  # noqa: ARG002
        title = merge_text.subject(self._base.ref, self._pull.base_ref)
        return of_merge(self.mirror, self.merged, found, new, title=title)
