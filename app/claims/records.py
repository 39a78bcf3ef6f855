"""What was executed, on which tree, and how it ended. No sentence is made of anything else. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

# green: passed. red: failed. killed: time, memory, disk. nothing: no test ran. broken: it ended before the first test,
# because something could not be loaded. contradictory: exit code 0 beside failures. unknown: the output does not tell.
Ending = Literal["green", "red", "killed", "nothing", "broken", "contradictory", "unknown"]
# absent, of a single test: it asked for something that is not there (a name, an argument), so nothing was tried.
TestEnding = Ending | Literal["absent"]
FAILED: frozenset[Ending] = frozenset({"red", "killed", "contradictory"})


@dataclass(frozen=True, kw_only=True)
class Round:
    """All commands of one verification on one tree. `passed` and `ran` are None when the output does not tell."""

    ending: Ending
    how: str = ""  # of the first command that did not pass: "exit code 1", "a time-out after 15 s"
    passed: int | None = None
    ran: int | None = None
    failing: tuple[str, ...] = ()
    unnamed: int = 0  # failures without a name


@dataclass(frozen=True, kw_only=True)
class TestProof:
    """A new or changed test, without the change (`before`) and with it (`after`). Both may depend on what code says and
    not on what it does: `worded` is how it ends with the old code where that says what the change says, None where that
    was not run; `reworded` how it fails with the change where its code has a comment more, None where it does not.
    """

    __test__ = False  # for pytest, which would collect it by its name

    name: str
    before: TestEnding
    after: TestEnding
    worded: TestEnding | None = None
    reworded: TestEnding | None = None
    how: str = ""  # how the run without the change ended
    together: bool = False  # with other new tests, of which nobody told apart how each ended

    @property
    def proves(self) -> bool:
        return self.before in FAILED and self.after == "green" and not self.goes_by_text

    @property
    def goes_by_text(self) -> bool:
        """Whether it looks at what the code says, not at what it does."""
        return self.worded == "green" or self.reworded is not None


@dataclass(frozen=True, kw_only=True)
class Reach:
    """What the tests said when `paths`, the change's code in one project, were broken on purpose: `reached`, some
    failed; `unreached`, all passed as before; `unmeasured`, it took too long (`why` is "time"), could not be built
    ("build"), or the output did not tell ("output").
    """

    paths: tuple[str, ...]
    ending: Literal["reached", "unreached", "unmeasured"]
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Claims:
    """`base`: the tests before the change. `head`: the tests with it. `originals`: the tests and test settings that the
    change touches (`steered`) as they were at base, with the change; None when it touches none.
    """

    base: Round
    head: Round
    tests: tuple[TestProof, ...] = ()
    uncollected: tuple[str, ...] = ()  # tests of the change that the project's own command does not find
    unreported: tuple[str, ...] = ()  # commands whose runner left its report before the change, and none with it
    unread: tuple[str, ...] = ()  # commands that pass with the change, and do not tell how many tests they ran
    steered: tuple[str, ...] = ()
    originals: Round | None = None
    tests_only: bool = False  # nothing but tests and their settings was changed
    only_edits: bool = False  # and red ones were edited until they passed
    untested: tuple[str, ...] = ()  # folders of projects that it touches, and that could not be set up
    reach: tuple[Reach, ...] = ()  # for each project that the change touches; none where a test proves it anyway
    flaky: tuple[str, ...] = ()  # tests that failed, with the change or at base, and passed when they were run again
    comments_only: bool = False  # nothing that runs was changed
    merges: bool = False  # the change is a merge of two sides: there is nothing of its own that a test could prove

    @property
    def judge(self) -> Round:
        """The round that old tests are held against: what the change did to them does not count."""
        return self.originals or self.head

    @property
    def fixed(self) -> tuple[str, ...]:
        """Tests that failed before and, as they were, do not with the change."""
        if self.judge.ending not in {"green", "red"} or self.judge.unnamed:
            return ()
        return tuple(name for name in self.base.failing if name not in {*self.judge.failing, *self.flaky})

    @property
    def unreached(self) -> tuple[str, ...]:
        """Files of the change that nobody's tests reach."""
        return tuple(path for found in self.reach if found.ending == "unreached" for path in found.paths)

    @property
    def fewer(self) -> int:
        """How many tests run no more: with the change than before it or, where they were run as they were, than then;
        new ones do not make up for old ones.
        """
        were = [self.originals] if self.originals and self.originals.ending in {"green", "red"} else []
        ran = [found.ran for found in (self.base, *were, self.head) if found.ran is not None]
        return max([0, *(was - now for was, now in pairwise(ran))])

    @property
    def untold(self) -> int:
        """How many ran, of which the output with the change tells no more; 0 where it tells."""
        told = (found.ran for found in (self.originals, self.base) if found is not None and found.ran is not None)
        return next(told, 0) if self.head.ran is None else 0

    @property
    def differs(self) -> bool:
        """Whether tests say something else than they would as they were, or fewer of them speak."""
        fewer = self.fewer > 0 or self.untold > 0
        if self.originals is None:
            return fewer
        worse = set(self.originals.failing) - set(self.head.failing)
        return fewer or self.originals.ending != self.head.ending or bool(worse)

    @property
    def proven(self) -> bool:
        """Whether some test fails without the change and passes with it. Where only printed lines say so, none does."""
        if self.unreported:
            return False
        is_chance = bool(self.flaky) and set(self.base.failing) <= set(self.flaky)
        turned = self.base.ending in {*FAILED, "broken"} and self.judge.ending == "green" and not is_chance
        return any(test.proves for test in self.tests) or bool(self.fixed) or turned

    def as_event(self) -> dict[str, Any]:
        """JSON-shaped."""
        return asdict(self)

    @classmethod
    def from_event(cls, data: Mapping[str, Any]) -> Claims:
        """The inverse of `as_event`; lists as JSON gives them."""
        originals = data.get("originals")
        return cls(
            base=_round(data["base"]),
            head=_round(data["head"]),
            tests=tuple(TestProof(**test) for test in data.get("tests", ())),
            uncollected=tuple(data.get("uncollected", ())),
            unreported=tuple(data.get("unreported", ())),
            unread=tuple(data.get("unread", ())),
            steered=tuple(data.get("steered", ())),
            originals=_round(originals) if originals else None,
            tests_only=data.get("tests_only", False),
            only_edits=data.get("only_edits", False),
            untested=tuple(data.get("untested", ())),
            reach=tuple(Reach(**{**found, "paths": tuple(found["paths"])}) for found in data.get("reach", ())),
            flaky=tuple(data.get("flaky", ())),
            comments_only=data.get("comments_only", False),
            merges=data.get("merges", False),
        )


def _round(data: Mapping[str, Any]) -> Round:
    return Round(**{**data, "failing": tuple(data.get("failing", ()))})
