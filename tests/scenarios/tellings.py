"""The stories of an issue that the crash sweep tells."""

from __future__ import annotations

from app.agent.models.scripted import ask, bash, create, edit, finish, question, say
from app.ports.model import ModelReply, ModelRequest
from app.simulator.state import Issue
from tests.scenarios import stories
from tests.scenarios.sweeping import Telling
from tests.scenarios.test_failed_checks import BROKEN, LOG, MATRIX

FIX = (
    create("test_by_zero.py", stories.REGRESSION),
    edit("calc.py", "    return a / b\n", "    return a / b if b else None\n"),
)
FINISH = finish("Return None when dividing by zero", "It does now.")


def parts(thread: Issue) -> list[str]:
    """Which comments the bot made, oldest first."""
    said = [comment.read() for comment in thread.comments if "part=" in comment.body]
    return [text.split("part=")[1].split(" ")[0] for text in said]


class FixOfAnIssue(Telling):
    """A label becomes a pull request."""

    said = ("status", "result")
    labels = ("agent:done",)

    def scene(self) -> None:
        self.script.will(*FIX, FINISH)
        self.label()

    def label(self) -> None:
        self.issue = self.github.maintainer.open_issue(self.repo, "Divide by zero", body="It raises.")
        self.github.maintainer.label(self.issue, "agent-fix")

    def assert_the_end(self) -> None:
        assert parts(self.issue) == list(self.said)
        assert len(self.repo.pulls) == 1
        assert sorted(self.repo.branches) == sorted(["main", self.repo.pulls[0].head])
        assert len(self.repo.pulls[0].commits) == 1
        assert sorted(check.name for check in self.repo.check_runs(self.repo.pulls[0].commits[0].sha)) == [
            "lamplighter",
            "lamplighter/scan",
        ]
        assert sorted(self.issue.labels) == sorted(self.labels)
        assert [run.reason for run in self.bot.runs] == ["proposed"]


class Question(FixOfAnIssue):
    """The same, after a question that a person answers."""

    said = ("status", "question-1", "result")

    def scene(self) -> None:
        self.script.will(ask(question("What should it give?", "None", "an error")), *FIX, FINISH)
        self.turns = [lambda: self.github.maintainer.comment(self.issue, "/agent answer 1a")]
        self.label()


class SecondChance(FixOfAnIssue):
    """No test reaches the change, and what the model makes of its one chance is worse: the change itself goes out."""

    labels = ("agent:done", "agent:uncertain")

    def scene(self) -> None:
        far = stories.TEST_CALC.replace("from calc import divide", "def divide(a, b):\n    return a / b")
        self.github.maintainer.push(self.repo, "main", {"test_calc.py": far}, message="Test something else")
        wrong = create("test_by_zero.py", stories.REGRESSION.replace("assertIsNone", "assertTrue"))
        self.script.will(FIX[1], FINISH, wrong, FINISH, *[say("I cannot do more.")] * 4)
        self.label()

    def assert_the_end(self) -> None:
        super().assert_the_end()
        [pull] = self.repo.pulls
        assert {file.filename for file in pull.files} == {"calc.py"}
        assert pull.draft and "agent:uncertain" in pull.labels
        told = [event.data for event in self.bot.platform.store.events(self.bot.runs[0].run_id)]
        assert sum(data.get("about") == "reach" for data in told) == 1


class StopAndRetry(FixOfAnIssue):
    """A person stops it when test and fix are there but not finished; another try goes on from there."""

    def scene(self) -> None:
        self.script.will(*FIX, bash(stories.TESTS), FINISH)
        self.script.when("before it stopped: `git diff`").will(bash("git status --short"), FINISH)
        self.is_told_to_stop = False
        self.turns = [self.retry]
        self.label()

    def enter(self) -> None:
        self.bot.use_model(Stopped(self, self.bot.platform.model()))

    def stop(self) -> None:
        if not self.is_told_to_stop:
            self.is_told_to_stop = True
            self.github.maintainer.comment(self.issue, "/agent stop")
        while not self.bot.state_of(self.bot.runs[0].run_id).cancel:
            self.github.deliver_pending()
            if not self.bot.control.drain_jobs():
                self.clock.advance(10)

    def retry(self) -> None:
        assert [run.reason for run in self.bot.runs] == ["cancelled"]
        left = set(self.repo.branches) - {"main"}
        self.branch = left.pop() if left else ""
        if not self.branch:  # a worker that died after its last snapshot leaves nothing, and that is said
            assert self.deaths
            assert "I had changed is lost: I was cut off before I could keep it." in self.status()
        self.unfinished = self.repo.tip(self.branch)
        self.github.maintainer.comment(self.issue, "/agent retry")

    def status(self) -> str:
        return [comment.read() for comment in self.issue.comments if "part=status" in comment.body][-1]

    def assert_the_end(self) -> None:
        if self.branch:
            assert list(self.repo.commit(self.unfinished).parents) == [self.repo.tip("main")]
            assert self.repo.tip(self.branch) == self.unfinished
            assert self.repo.file(self.branch, "test_by_zero.py").decode() == stories.REGRESSION
            assert "I go on from where run" in self.status()
        [pull] = self.repo.pulls
        assert sorted(self.repo.branches) == sorted({"main", self.branch or "main", pull.head})
        assert len(pull.commits) == 1
        assert b"if b else None" in self.repo.file(pull.head, "calc.py")
        assert self.repo.file(pull.head, "test_by_zero.py").decode() == stories.REGRESSION
        assert parts(self.issue) == ["status", "status", "result"]
        assert self.issue.labels == ["agent:done"]
        assert [run.reason for run in self.bot.runs] == ["cancelled", "proposed"]


class Stopped:
    """A model during whose third reply somebody says stop. It takes its time until that has arrived, which a process
    that died with the message in its hands puts off.
    """

    def __init__(self, story: StopAndRetry, real) -> None:
        self._story, self._real = story, real

    def reply(self, request: ModelRequest, on_text=None) -> ModelReply:
        if sum(message["role"] == "assistant" for message in request.messages) == len(FIX):
            self._story.stop()
        return self._real.reply(request, on_text)


class RedBranch(Telling):
    """The default branch turns red, stays so, and is green again: an issue that says so, once."""

    def scene(self) -> None:
        self.green = self.repo.tip("main")
        for job in MATRIX:
            self.github.ci.succeed(self.repo, self.green, job=job)
        self.red("calc.py", BROKEN)
        self.turns = [lambda: self.red("half.py", "HALF = 0.5\n"), self.mend]

    def red(self, path: str, text: str) -> None:
        sha = self.github.maintainer.push(self.repo, "main", {path: text}, message="Whole numbers")
        for job in MATRIX:
            self.github.ci.fail(self.repo, sha, job=job, log=LOG)

    def mend(self) -> None:
        [issue] = self.repo.issues
        assert issue.state == "open" and "and on 1 before." in issue.body
        sha = self.github.maintainer.push(self.repo, "main", {"calc.py": stories.CALC}, message="Divide")
        for job in MATRIX:
            self.github.ci.succeed(self.repo, sha, job=job)

    def assert_the_end(self) -> None:
        [issue] = self.repo.issues
        assert issue.state == "closed" and issue.author.endswith("[bot]")
        assert f"`{self.green[:7]}` passed." in issue.body
        [closed] = issue.comments
        assert f"It passes on `main` again, with `{self.repo.tip('main')[:7]}`." in closed.read()
        # A check whose message had to wait for the dead worker's time to pass is read once more, and nobody sees it.
        assert [run.reason for run in self.bot.runs] in (["diagnosed"] * (3 + more) for more in range(self.deaths + 1))


class Rehearsed(Telling):
    """The App comes to another repository: one issue there, and one rehearsal said on it."""

    def scene(self) -> None:
        self.other = self.github.repository("acme/sums", files=stories.PROJECT, default_branch="main", install=False)
        self.github.owner.install(self.other)

    def assert_the_end(self) -> None:
        [issue] = self.other.issues
        [status] = issue.comments
        assert "### ✅ Tests run here" in status.read()
        assert issue.labels == ["agent:done"]
        assert sorted(run.reason for run in self.bot.runs) == ["onboarded", "rehearsed"]
