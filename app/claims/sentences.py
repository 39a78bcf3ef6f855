"""From records to sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from app.claims.records import Claims, Ending, Reach, Round, TestEnding, TestProof
from app.text.untrusted import one_line

_NAMED = 2  # tests in one sentence
_NAME = 120  # characters of a name
# Why a run with the change broken on purpose does not tell whether tests reach it.
_UNMEASURED = {
    "time": "the time for that was over",
    "build": "broken on purpose, it could not be built",
    "output": "what was printed does not tell",
}


def sentences(claims: Claims) -> list[str]:
    """What the records say, most important first. Never empty."""
    return [
        _head(claims),
        *_flaky(claims.flaky),
        *_tests(claims.tests),
        *_fewer(claims),
        *_unreported(claims.unreported),
        *_unread(claims.unread),
        *_originals(claims),
        *_uncollected(claims.uncollected),
        *_untested(claims.untested),
        *_reach(claims.reach),
        *_verdict(claims),
    ]


def marks(claims: Claims) -> set[str]:
    """`tests-changed` when tests say something else than they would as they were; `uncertain` when none proves it."""
    if claims.merges:
        return set()
    found = {"tests-changed"} if claims.differs or claims.uncollected else set()
    is_shown = (claims.proven or _adds_tests(claims)) and not (claims.untested or claims.unreached or claims.flaky)
    return found | (set() if is_shown else {"uncertain"})


def _adds_tests(claims: Claims) -> bool:
    """Tests and nothing else, which leave the others as they were: there is no code that they could prove."""
    return claims.tests_only and not claims.differs and not claims.uncollected


def _head(claims: Claims) -> str:
    head, base = claims.head, claims.base
    if head.ending == "green":
        passed = "The tests pass" if head.passed is None else _number(head.passed, "passes", "pass")
        turned = _turned(claims)
        return f"{passed}{turned}."
    failing = set(head.failing) - set(claims.flaky)
    if head.ending == "red" and claims.flaky and not failing and not head.unnamed:
        passed = _number(head.passed or 0, "passes", "pass")
        return f"{passed}, and {len(claims.flaky)} {'does' if len(claims.flaky) == 1 else 'do'} not each time."
    if head.ending == "red" and base.ending in {"red", "contradictory"} and not failing - set(base.failing):
        count = len(failing)
        still = f"{count} test{'s' if count != 1 else ''} that failed before the change still"
        return f"{still} fail{'s' if count == 1 else ''}; none fails that passed."
    return f"With the change the tests {_ended(head)}."


def _turned(claims: Claims) -> str:
    if claims.fixed:
        count = len(claims.fixed)
        return f"; {count} of them failed before: {_names(claims.fixed)}"
    if claims.base.ending in {"red", "killed", "broken", "contradictory"} and claims.originals is None:
        return f"; before the change they {_ended(claims.base)}"
    return ""


def _fewer(claims: Claims) -> Iterator[str]:
    count = claims.fewer
    if claims.untold:
        yield f"The output no longer tells how many tests ran; before the change it told of {claims.untold}."
    elif count > 0:
        yield f"{count} fewer test{'s' if count != 1 else ''} ran than before."


def _unreported(commands: Sequence[str]) -> Iterator[str]:
    if commands:
        which = _names(commands)
        yield f"Before the change {which} left its runner's report; with it, there are only printed lines to go by."


def _unread(commands: Sequence[str]) -> Iterator[str]:
    if commands:
        they = "they" if len(commands) > 1 else "it"
        yield f"The output of {_names(commands)} was not read: how many tests {they} ran is unknown."


def _originals(claims: Claims) -> Iterator[str]:
    found = claims.originals
    if found is None:
        return
    what = "The tests as they were"
    if found.ending == "green":
        yield f"{what} pass with the change as well."
    elif found.ending == "red" and set(found.failing) <= set(claims.base.failing) and found.failing:
        yield f"{what} fail with the change as they did before it: {_names(found.failing)}."
    else:
        names = f": {_names(found.failing)}" if found.failing else ""
        yield f"{what}, run with the change, {_ended(found)}{names}."


def _tests(tests: Sequence[TestProof]) -> Iterator[str]:
    key = lambda test: (test.before, test.after, test.worded == "green", test.reworded is not None, test.together)  # noqa: E731
    for (before, after, blind, literal, together), group in groupby(sorted(tests, key=key), key):
        some = list(group)
        many = len(some) > 1
        who = f"The new test{'s' if many else ''}"
        if len(some) != len(tests):
            who += f" {_names([test.name for test in some])}"
        who += ", run together," if together else ""
        said = _by_text(blind, many=many) if blind or literal else _proof(before, after, some[0].how, many=many)
        yield f"{who} {said}."


def _by_text(blind: bool, *, many: bool) -> str:
    """Of tests that turn with the change and look at what its code says: `blind` to what it does."""
    passes, fails, does = ("pass", "fail", "they do") if many else ("passes", "fails", "it does")
    how = f"{passes} with the old code as well when that holds the new one's text"
    other = f"{fails} when the change's code has a comment more"
    return f"{how if blind else other}, so {does} not prove it"


def _proof(before: TestEnding, after: TestEnding, how: str, *, many: bool) -> str:
    s = "" if many else "s"
    passes, fails, does, it = (
        f"pass{'' if many else 'es'}",
        f"fail{s}",
        "do" if many else "does",
        "they" if many else "it",
    )
    if after != "green":
        return f"{_after(after, many=many)} with the change, so {it} {does} not prove it"
    texts: dict[TestEnding, str] = {
        "red": f"{fails} without the change and {passes} with it",
        "contradictory": f"{fails} without the change and {passes} with it",
        "killed": f"{'hang' + s if 'time-out' in how else 'end' + s + ' with ' + how} without the change "
        f"and {passes} with it",
        "green": f"{passes} without the change as well, so {it} {does} not prove it",
        "broken": f"cannot be loaded without the change and {passes} with it, which proves nothing yet",
        "absent": f"need{s} what only the change brings and {passes} with it, which proves nothing yet",
        "nothing": f"{'are' if many else 'is'} not run without the change, so {it} {does} not prove it",
        "unknown": f"{passes} with the change; what {it} {does} without it could not be told",
    }
    return texts[before]


def _after(after: TestEnding, *, many: bool) -> str:
    s = "" if many else "s"
    texts: dict[TestEnding, str] = {
        "red": f"fail{s}", "contradictory": f"fail{s}", "killed": f"do{'' if many else 'es'} not end",
        "nothing": f"{'are' if many else 'is'} not run", "broken": "cannot be loaded",
        "absent": f"fail{s}",
    }  # fmt: skip
    return texts.get(after, "could not be judged")


def _uncollected(names: Sequence[str]) -> Iterator[str]:
    if names:
        verb, proves = ("are", "prove") if len(names) > 1 else ("is", "proves")
        yield f"{_names(names)} {verb} not run by the project's own test command and {proves} nothing."


def _untested(folders: Sequence[str]) -> Iterator[str]:
    if folders:
        yield f"What it changes in {_names(folders)} was not tested: what that needs could not be installed here."


def _flaky(names: Sequence[str]) -> Iterator[str]:
    if names:
        are, they, prove = ("are", "they", "prove") if len(names) > 1 else ("is", "it", "proves")
        yield f"{_names(names)} failed and then passed on the same tree: {they} {are} flaky and {prove} nothing."


def _reach(found: Sequence[Reach]) -> Iterator[str]:
    for reach in found:
        what = _names(reach.paths)
        it = "it" if len(reach.paths) == 1 else "them"
        if reach.ending == "unreached":
            yield f"**The tests that ran do not reach {what}**: they pass with {it} broken on purpose."
        elif reach.ending == "reached":
            yield f"The tests reach {what}: with {it} broken on purpose they fail."
        else:
            why = _UNMEASURED.get(reach.why, _UNMEASURED["output"])
            yield f"Whether the tests reach {what} was not measured: {why}."


def _verdict(claims: Claims) -> Iterator[str]:
    if claims.merges:
        return
    if claims.only_edits:
        yield "Only tests were edited, and as they were they still fail: that is no fix."
    elif claims.proven:
        return
    elif _adds_tests(claims):
        yield "Only tests were changed; there is no code for them to prove."
    else:
        if claims.comments_only:
            yield "Only comments were changed: what runs is as it was."
        yield "**No test shows that this change does what it should.**"


def _ended(found: Round) -> str:
    texts: dict[Ending, str] = {
        "green": "pass", "red": "fail", "contradictory": "fail", "nothing": "do not run at all",
        "broken": "break off before the first one", "unknown": "could not be judged",
    }  # fmt: skip
    return texts.get(found.ending) or f"end with {found.how or 'a kill'}"


def _number(count: int, one: str, many: str) -> str:
    return f"1 test {one}" if count == 1 else f"{count} tests {many}"


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{one_line(name, _NAME).replace('`', chr(39))}`" for name in names[:_NAMED])
    return shown + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
