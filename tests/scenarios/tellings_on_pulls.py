"""The stories of a pull request that the crash sweep tells."""

from __future__ import annotations

from app.agent.models.scripted import answer_thread, bash, edit, finish
from tests.scenarios.stage import Bot
from tests.scenarios.sweeping import Telling
from tests.scenarios.tellings import parts
from tests.scenarios.test_failed_checks import BROKEN, LOG

DIVIDE = edit("calc.py", "    return a // b\n", "    return a / b\n")
DIVIDED = finish("Divide, not floor", "The operator was wrong.")


class OnPull(Telling):
    """On a person's pull request, whose branch gets one commit of ours."""

    outcomes: tuple[str, ...] = ("proposed",)

    def scene(self) -> None:
        self.github.contributor.push(self.repo, "whole", {"calc.py": BROKEN}, message="Whole numbers")
        self.pull = self.github.contributor.open_pull(self.repo, "whole", "Whole numbers")
        self.theirs = self.pull.head_sha
        self.begin()

    def begin(self) -> None:
        """What people do, and what the model will say."""
        raise NotImplementedError

    def assert_the_end(self) -> None:
        assert list(self.repo.commit(self.pull.head_sha).parents) == [self.theirs]
        assert sorted(parts(self.pull)) == ["result", "status"]
        assert [check.name for check in self.repo.check_runs(self.pull.head_sha)] == ["lamplighter", "lamplighter/scan"]
        assert {check.conclusion for check in self.ours_on_theirs()} == {"neutral"}
        assert sorted(run.reason for run in self.bot.runs) == sorted(self.outcomes)

    def ours_on_theirs(self):
        checks = self.repo.check_runs(self.theirs)
        return sorted((check for check in checks if check.name.startswith("lamplighter")), key=lambda check: check.name)


class Review(OnPull):
    """Two remarks, one done and one declined."""

    def begin(self) -> None:
        self.script.will(DIVIDE, answer_thread(1, "Divides now."), answer_thread(2, "It stays.", done=False), DIVIDED)
        remarks = [("calc.py", 5, "/agent divide"), ("calc.py", 4, "/agent drop this line")]
        self.github.maintainer.review(self.pull, "commented", "/agent please", comments=remarks)

    def assert_the_end(self) -> None:
        super().assert_the_end()
        assert len(self.pull.comments) == 2
        assert [len(thread.comments) for thread in self.pull.review_threads] == [2, 2]
        assert [thread.resolved_by is not None for thread in self.pull.review_threads] == [True, False]
        assert [(check.name, len(check.annotations)) for check in self.ours_on_theirs()] == [("lamplighter", 0)]


class Checks(OnPull):
    """A failed check is explained, and repaired when a person asks for it."""

    outcomes = ("diagnosed", "proposed")

    def begin(self) -> None:
        self.script.will(DIVIDE, DIVIDED)
        self.github.ci.fail(self.repo, self.theirs, log=LOG)
        self.turns = [lambda: self.github.maintainer.comment(self.pull, "/agent ci")]

    def assert_the_end(self) -> None:
        super().assert_the_end()
        said = [comment.read() for comment in self.pull.comments]
        assert sum(text.startswith("<!-- lamplighter checks -->") for text in said) == 1
        assert len([comment for comment in self.pull.comments if comment.author.endswith("[bot]")]) == 3
        shown = [(check.name, len(check.annotations)) for check in self.ours_on_theirs()]
        assert shown == [("lamplighter", 0), ("lamplighter/diagnosis", 1)]


class Undo(OnPull):
    """Our last commit is taken back with one more."""

    def scene(self) -> None:
        super().scene()
        assert self.process()  # dying while it makes that commit is another story's
        self.ours = self.pull.head_sha
        self.github.maintainer.comment(self.pull, "/agent undo")

    def begin(self) -> None:
        self.script.will(DIVIDE, DIVIDED)
        self.github.maintainer.comment(self.pull, "/agent divide")

    def assert_the_end(self) -> None:
        back = self.repo.commit(self.pull.head_sha)
        assert list(back.parents) == [self.ours] and list(self.repo.commit(self.ours).parents) == [self.theirs]
        assert back.message.startswith(f'Revert "Divide, not floor"\n\nThis reverts commit {self.ours}.\n')
        assert self.repo.file("whole", "calc.py").decode() == BROKEN
        assert sorted(parts(self.pull)) == ["reply", "result", "status"]
        assert f"Taken back: [`{self.ours[:7]}`](" in self.pull.comments[-1].read()
        assert [run.reason for run in self.bot.runs] == ["proposed", "replied"]


class MovedHead(OnPull):
    """Somebody pushes when the change is finished, before it is added."""

    def scene(self) -> None:
        super().scene()
        bot = Bot(self.ground, self.github, self.script, self.clock)
        bot.step_until(lambda: bot.workers.waiting)
        bot.work_waiting()
        bot.close()
        self.theirs = self.github.contributor.push(self.repo, "whole", {"README.md": "Whole.\n"}, message="Say so")

    def begin(self) -> None:
        self.script.will(DIVIDE, DIVIDED)
        self.github.maintainer.comment(self.pull, "/agent divide")

    def assert_the_end(self) -> None:
        super().assert_the_end()
        assert b"a / b" in self.repo.file("whole", "calc.py")
        [said] = [comment.read() for comment in self.pull.comments if "part=result" in comment.body]
        assert f"came in on `whole`, up to `{self.theirs[:7]}`" in said


class PatchForAFork(OnPull):
    """A change that cannot be pushed is offered as a comment."""

    def scene(self) -> None:
        fork = self.github.outsider.fork(self.repo)
        self.github.outsider.push(fork, "whole", {"calc.py": BROKEN}, message="Whole numbers", start="main")
        self.pull = self.github.outsider.open_pull(self.repo, "whole", "Whole numbers", fork=fork)
        self.theirs = self.pull.head_sha
        self.script.will(DIVIDE, bash("true"), DIVIDED)
        self.github.maintainer.comment(self.pull, "/agent divide")

    def assert_the_end(self) -> None:
        assert self.pull.head_sha == self.theirs and set(self.repo.branches) == {"main"}
        assert sorted(parts(self.pull)) == ["patch", "result", "status"]
        [offered] = [comment.read() for comment in self.pull.comments if "part=patch" in comment.body]
        assert "-    return a // b\n+    return a / b\n" in offered
        assert [(check.name, check.conclusion) for check in self.ours_on_theirs()] == [("lamplighter", "neutral")]
        assert [run.reason for run in self.bot.runs] == ["proposed"]
