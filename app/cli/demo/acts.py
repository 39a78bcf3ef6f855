"""What people and the project's CI do in each act; the rest is the product's doing."""

from __future__ import annotations

from app.cli.demo.ci import JOB, ProjectCI
from app.cli.demo.panels import Panels
from app.cli.demo.watching import Watching
from app.cli.demo.world import World
from app.runs.state.run_state import RunState
from app.simulator.state import Issue, Pull

ANSWER = "1a please. Whoever sits at the front can spare a cent."
REVIEW = "Nearly there. Two things, please."
TO_DO = "No test shows what people see. Please cover what `python3 -m tab 10.00 3` prints."
TO_DECLINE = "While you are here: let `split_by_weight` share its cents out like this, too."


class IssueAct:
    """Maya opens an issue, labels it and answers a question; a draft pull request appears."""

    def __init__(self, world: World, panels: Panels, watching: Watching) -> None:
        self._world, self._panels, self._watching = world, panels, watching

    def play(self) -> Pull | None:
        """The pull request, if there is one."""
        world, panels, watching = self._world, self._panels, self._watching
        issue = world.maya.open_issue(world.repo, world.title, body=world.body.strip())
        watching.follow(issue)
        panels.comment(issue.author, issue.created_at, issue.body or "", title=f"#{issue.number} {issue.title}")
        world.maya.label(issue, "agent-fix")
        panels.deed(world.maya.login, "puts the label `agent-fix` on it")
        run_id = watching.next_run([])
        state = watching.rest_of(run_id)
        while state.is_active:
            self._answer(issue, state)
            state = watching.rest_of(run_id)
        return self._finale(issue)

    def _answer(self, issue: Issue, state: RunState) -> None:
        """Maya answers: in the script's own story in her words, otherwise with the first choice of everything."""
        question = state.open_question
        count = len(question.said.questions) if question else 1
        text = ANSWER if self._world.is_scripted else " ".join(f"{number}a" for number in range(1, count + 1))
        self._panels.rest()
        self._watching.show_comment(self._world.maya.comment(issue, text))
        run_id, answered = state.run_id, len(state.answers)
        self._watching.until(lambda: len(self._watching.state(run_id).answers) > answered, "the answer was not heard")

    def _finale(self, issue: Issue) -> Pull | None:
        with self._watching.looking():
            pulls = list(self._world.repo.pulls)
            status = next((comment for comment in issue.comments if "part=status" in comment.body), None)
        if status is not None:
            title = "the status comment, edited"
            self._panels.comment(status.user.login, status.updated_at, status.body, title=title)
        for pull in pulls:
            self._panels.pull(self._world.repo, pull)
        return pulls[0] if len(pulls) == 1 else None


class ReviewAct:
    """Olga requests two changes; a check of what answers them turns red, and is repaired."""

    def __init__(self, world: World, panels: Panels, watching: Watching, pull: Pull) -> None:
        self._world, self._panels, self._watching, self._pull = world, panels, watching, pull
        self._ci = ProjectCI(world)

    def play(self) -> bool:
        """True when the review is answered and the check of the last commit is green."""
        self._watching.follow(self._pull)
        self._ci.check(self._world.repo.tip("main") or "")  # or nobody could say whose a failure is
        is_green = self._becomes_green() and self._follow_up() and self._becomes_green()
        self._panels.after_review(self._world.repo, self._pull)
        return is_green

    def _follow_up(self) -> bool:
        """The review, with comments at the first and the last line that the change added, and what becomes of it."""
        known, pull = self._watching.runs, self._pull
        with self._watching.looking():
            path, lines = added(pull)
        comments = [(path, lines[-1], TO_DO), (path, lines[0], TO_DECLINE)]
        self._world.olga.review(pull, "changes_requested", REVIEW, comments=comments)
        state = self._watching.rest_of(self._watching.next_run(known))
        return state.outcome == "proposed"

    def _becomes_green(self) -> bool:
        """At once, or after a repair. Nobody says anything: the red check alone asks for it."""
        known = self._watching.runs
        if self._check():
            return True
        state = self._watching.rest_of(self._watching.next_run(known))
        return state.outcome == "proposed" and self._check()

    def _check(self) -> bool:
        sha = self._pull.head_sha
        passes = self._ci.check(sha)
        self._panels.check(JOB, sha, self._ci.log, passes=passes)
        return passes


def added(pull: Pull) -> tuple[str, list[int]]:
    """The first changed file that is no test, and the lines of it that the change added."""
    file = next((file for file in pull.files if "test" not in file.filename), pull.files[0])
    found, number = [], 0
    for line in (file.patch or "").splitlines():
        if line.startswith("@@"):
            number = int(line.split("+")[1].split(",")[0].split()[0]) - 1
        elif not line.startswith("-"):
            number += 1
            found += [number] if line.startswith("+") else []
    return file.filename, found or [1]
