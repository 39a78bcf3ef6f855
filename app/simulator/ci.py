"""`github.ci`: GitHub Actions, other Apps that check, and commit statuses, as a story tells of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.simulator import step_logs
from app.simulator.actions import checks, merge_queue, statuses, workflows
from app.simulator.ci_records import Job, Step, WorkflowRun
from app.simulator.http import ApiError, Json
from app.simulator.records import Account, AppRegistration, CheckRun, CommitStatus
from app.simulator.registration import other_app
from app.simulator.state import Repository
from app.simulator.world import World

ACTIONS = "github-actions"
PER_CALL = checks.ANNOTATIONS_PER_CALL
_STAMPED = re.compile(r"\ufeff?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z ")
BEFORE = ("Set up job", "Run actions/checkout@v4")
AFTER = ("Post Run actions/checkout@v4", "Complete job")


@dataclass(frozen=True)
class CI:
    """What checks a commit, besides us."""

    world: World

    # --- GitHub Actions

    def start(
        self,
        repo: Repository,
        sha: str,
        *,
        workflow: str = "CI",
        jobs: Sequence[str] = ("test",),
        event: str = "push",
        path: str = "",
        by: Account | None = None,
        has_runner: bool = True,
        is_held: bool = False,
    ) -> WorkflowRun:
        """A workflow run begins on a commit; all its jobs are in progress, or queued while there is no runner for
        them. Without jobs it ends at once as `startup_failure`: GitHub could not read the workflow. A fork's may be
        held until somebody approves it: `action_required`, and no job of it is there.
        """
        path = path or f".github/workflows/{workflow.lower().replace(' ', '-')}.yml"
        heads = (pull.head for pull in repo.pulls if pull.head_sha == sha)
        branch = next((name for name, tip in repo.branches.items() if tip == sha), None) or next(heads, None)
        with self.world.lock:
            return workflows.start(
                self.world,
                self._app(ACTIONS),
                by or self.world.accounts.get(repo.commit(sha).author.lower(), repo.owner),
                repo,
                sha=sha,
                branch=branch,
                name=workflow,
                path=path,
                event=event,
                jobs=jobs,
                has_runner=has_runner,
                is_held=is_held,
            )

    def finish(
        self,
        repo: Repository,
        run: WorkflowRun,
        conclusion: str = "success",
        *,
        job: str = "",
        log: str | bytes = "",
        step: str = "Run tests",
        steps: Sequence[Step] = (),
        annotations: Iterable[Json] = (),
    ) -> Job:
        """A job ends (without a name: the only one). Without `steps` it has the usual ones around `step`, which has
        the conclusion. A log without times gets the job's; an annotation is what the API shows, `path` and `message`
        at least.
        """
        found, told = run.job(job), self._log(log)
        made = list(steps) or self._steps(step, conclusion)
        if steps:
            step_logs.part(made, told)
        else:
            next(one for one in made if one.name == step).log = told
        with self.world.lock:
            workflows.finish(
                self.world,
                repo,
                found,
                conclusion=conclusion,
                log=told,
                steps=made,
                annotations=[_annotation(given) for given in annotations],
            )
        return found

    def fail(
        self,
        repo: Repository,
        sha: str,
        *,
        workflow: str = "CI",
        job: str = "test",
        log: str | bytes = "",
        step: str = "Run tests",
        annotations: Iterable[Json] = (),
        event: str = "push",
    ) -> WorkflowRun:
        """A workflow of one job runs on a commit and fails."""
        run = self.start(repo, sha, workflow=workflow, jobs=[job], event=event)
        self.finish(repo, run, "failure", log=log, step=step, annotations=annotations)
        return run

    def succeed(self, repo: Repository, sha: str, *, workflow: str = "CI", job: str = "test") -> WorkflowRun:
        """A workflow of one job runs on a commit and passes."""
        run = self.start(repo, sha, workflow=workflow, jobs=[job])
        self.finish(repo, run)
        return run

    def lose_log(self, job: Job) -> None:
        """The log of a job is no longer kept."""
        job.is_log_gone = True

    def rerun(self, repo: Repository, run: WorkflowRun, by: Account, *, only_failed: bool = True) -> None:
        """A person presses "Re-run failed jobs", or all."""
        again = [job for job in run.latest if not only_failed or job.conclusion not in ("success", "skipped")]
        with self.world.lock:
            workflows.rerun(self.world, by, repo, run, again)

    def approve(self, repo: Repository, run: WorkflowRun, by: Account) -> None:
        """Somebody presses "Approve workflows to run". Raises the 403 without write access."""
        with self.world.lock:
            if self.world.role(repo, by) not in {"write", "maintain", "admin"}:
                raise ApiError(403, "Must have write access to approve a run")
            workflows.approve(self.world, repo, run)

    def cancel(self, repo: Repository, run: WorkflowRun) -> None:
        """A person presses "Cancel workflow"."""
        with self.world.lock:
            workflows.cancel(self.world, repo, run)

    def move_queue(self, repo: Repository) -> None:
        """GitHub looks at the merge queues of a repository: checked groups are merged, failed ones leave."""
        with self.world.lock:
            merge_queue.move(self.world, repo)

    # --- others

    def check(
        self,
        repo: Repository,
        sha: str,
        name: str,
        conclusion: str | None,
        *,
        app: str = ACTIONS,
        text: str = "",
        annotations: Iterable[Json] = (),
    ) -> CheckRun:
        """Another App reports a check run on a commit, or changes it; a None conclusion means it still runs."""
        made = [_annotation(given) for given in annotations]
        parts = [made[at : at + PER_CALL] for at in range(0, len(made), PER_CALL)] or [[]]
        with self.world.lock:
            owner = self._app(app)
            run = next((r for r in reversed(repo.check_runs(sha)) if (r.name, r.app_slug) == (name, app)), None)
            for part in parts:
                output: Json = {"title": name, "summary": text or name, "text": text, "annotations": part}
                fields: Json = {"conclusion": conclusion, "output": output}
                if run is not None:
                    checks.update_run(self.world, owner, repo, run, fields)
                    continue
                status = "completed" if conclusion else "in_progress"
                new = {**fields, "name": name, "head_sha": sha, "status": status}
                run = checks.create_run(self.world, owner, repo, new)
        assert run is not None
        return run

    def status(
        self,
        repo: Repository,
        sha: str,
        context: str,
        state: str,
        *,
        description: str | None = None,
        url: str | None = None,
        by: str = "acme-ci[bot]",
    ) -> CommitStatus:
        """Something outside sets a commit status: error, failure, pending, success."""
        with self.world.lock:
            creator = self.world.account(by, "Bot" if by.endswith("[bot]") else "User")
            return statuses.set_status(
                self.world, creator, repo, sha, context=context, state=state, description=description, target_url=url
            )

    def _app(self, slug: str) -> AppRegistration:
        if slug not in self.world.apps:
            owner = self.world.account("github", "Organization")
            bot = self.world.account(f"{slug}[bot]", "Bot")
            self.world.apps[slug] = other_app(self.world.ids, slug, owner, bot, self.world.now())
        return self.world.apps[slug]

    # --- what a runner writes

    def _log(self, log: str | bytes) -> bytes:
        """A log as the runner writes it: a time before every line."""
        if isinstance(log, bytes):
            return log
        if not log or _STAMPED.match(log):
            return log.encode()
        stamp = self.world.now().strftime("%Y-%m-%dT%H:%M:%S.0000000Z ")
        return "".join(f"{stamp}{line}\n" for line in log.splitlines()).encode()

    def _steps(self, step: str, conclusion: str) -> list[Step]:
        names = [*BEFORE, step, *AFTER]
        now = self.world.now()
        made = []
        for number, name in enumerate(names, start=1):
            begun = now - timedelta(seconds=len(names) - number)
            ended = conclusion if name == step else "success"
            made.append(Step(name=name, number=number, conclusion=ended, started_at=begun, completed_at=begun))
        return made


def _annotation(given: Json) -> Json:
    line = given.get("start_line", 1)
    return {"start_line": line, "end_line": line, "annotation_level": "failure", **given}
