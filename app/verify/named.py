"""The tests of a change by name, and how each ended in a run. Pure."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.checks.test_files import holds_tests
from app.claims import TestEnding
from app.projects import inside, taken_apart
from app.verify.reasons import asks_for_what_is_not_there, red_or_less
from app.verify.run import CommandResult
from app.workspace import Change

_MAX_BYTES = 1_000_000  # of a test file that is parsed
# Commands without tests of their own: those to run can be named behind them.
_ENV = r"(?:export )?(?:[A-Z_]+=[^\s;]+;? )*"
_PYTHON = r"\S*python3?(?:\.\d+)?(?: -[BEIOPSbdqsuv]+| -[WX] ?\S+)*"
_OPEN_PYTEST = re.compile(rf"{_ENV}(?:{_PYTHON} -m )?(?:\S*/)?pytest(?: -[-\w=.:]+| -p \S+)*")
_UNITTEST = re.compile(rf"{_ENV}{_PYTHON} -m unittest(?: [-\w./]+)*")
_OPEN_GO = re.compile(rf"({_ENV}go test(?: -(?!run)[-\w=.]+)*)( \./\.\.\.| \.)?")
_GO_TEST = re.compile(r"^func (Test\w+)\(.*?^}", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, kw_only=True, order=True)
class Named:
    """A test that is new or says something new. `name` is empty for all that a file holds."""

    path: str
    name: str = ""  # `Class.test_x`, `TestX`

    @property
    def id(self) -> str:
        """As pytest would name it."""
        return "::".join([self.path, *self.name.split(".")]) if self.name else self.path

    @property
    def stem(self) -> str:
        return self.path.rpartition("/")[2].removesuffix(".py")

    def within(self, folder: str) -> Named:
        """As a runner that is started in `folder` names it."""
        return replace(self, path=self.path.removeprefix(f"{folder}/")) if folder else self

    def is_meant_by(self, failing: str) -> bool:
        """Whether a runner's name of a failure is this test, or one of its parameters or parts."""
        if self.path.endswith(".py"):
            inside, _, test = self.name.rpartition(".")
            part = r"\[.*" if self.name else "::.*"
            by_pytest = re.fullmatch(rf"(?:\S*/)?{re.escape(self.id)}(?:{part})?", failing, re.DOTALL)
            if not self.name:
                return by_pytest is not None
            dotted = rf"{test} (?:\S+\.)?{re.escape(self.stem)}\.{re.escape(inside)}\b.*"
            return bool(by_pytest or re.fullmatch(dotted, failing))
        return re.fullmatch(rf"{re.escape(self.name)}(?:/.*?)?(?: \(\S+\))?", failing, re.DOTALL) is not None


def brought(changes: Iterable[Change], new: Mapping[str, bytes], old: Mapping[str, bytes]) -> list[Named]:
    """New tests and those whose body changed; a test that only has another name is not new."""
    found: list[Named] = []
    changes = list(changes)
    gone = [_bodies(change.path, old.get(change.path, b"")) or {} for change in changes if change.kind == "delete"]
    moved = {body for bodies in gone for body in bodies.values()}
    for change in changes:
        if change.kind in {"delete", "mode"} or not holds_tests(change.path):
            continue
        after = _bodies(change.path, new.get(change.path, b""))
        before = _bodies(change.path, old.get(change.path, b"")) or {}
        if after is None:
            found.append(Named(path=change.path))
            continue
        known = moved.union(before.values())
        fresh = (name for name, body in after.items() if before.get(name) != body and body not in known)
        found += [Named(path=change.path, name=name) for name in fresh]
    return sorted(found)


def _bodies(path: str, content: bytes) -> dict[str, str] | None:
    """Tests by name with what they hold; None where they cannot be told by name."""
    if len(content) > _MAX_BYTES:
        return None
    if path.endswith("_test.go"):
        return {match[1]: match[0].partition("{")[2] for match in _GO_TEST.finditer(content.decode("utf-8", "replace"))}
    if not path.endswith(".py"):
        return None
    try:
        return dict(_functions(ast.parse(content).body, ""))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _functions(body: list[ast.stmt], prefix: str) -> Iterable[tuple[str, str]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            parts = [*node.decorator_list, node.args, *node.body]
            yield prefix + node.name, "\n".join(ast.dump(part) for part in parts)


def by_name(command: str, tests: Sequence[Named]) -> str | None:
    """The command for these tests only; None where its runner is not known to take their names, or is started in a
    folder that not all of them are in.
    """
    folder, there = taken_apart(command)
    if not folder:
        return _by_name(command, tests)
    if not all(test.path.startswith(f"{folder}/") for test in tests):
        return None
    narrow = _by_name(there, [test.within(folder) for test in tests])
    return inside(folder, narrow) if narrow else None


def _by_name(command: str, tests: Sequence[Named]) -> str | None:
    if not all(test.name for test in tests):
        python = all(test.path.endswith(".py") for test in tests) and _OPEN_PYTEST.fullmatch(command)
        return f"{_named_from_here(command)} {_quoted(test.path for test in tests)}" if python else None
    if all(test.path.endswith(".py") for test in tests):
        if _OPEN_PYTEST.fullmatch(command):
            return f"{_named_from_here(command)} {_quoted(test.id for test in tests)}"
        if _UNITTEST.fullmatch(command):
            patterns = (f"*{test.stem}.{test.name}" for test in tests)
            return f"{command} {' '.join(f'-k {shlex.quote(pattern)}' for pattern in patterns)}"
        return None
    is_go = all(test.path.endswith(".go") for test in tests)
    if is_go and (match := _OPEN_GO.fullmatch(command)):
        names = "|".join(sorted({test.name for test in tests}))
        folders = {f"./{test.path.rpartition('/')[0]}" for test in tests}
        if match[2] == " ./..." or folders == {"./"}:  # else only the package of the folder itself is run
            return f"{match[1]} -run {shlex.quote(f'^({names})$')} {_quoted(folders)}"
    return None


def _named_from_here(command: str) -> str:
    """pytest names tests from the nearest settings above them: in a workspace, those of a member."""
    return command if "--rootdir" in command else f"{command} --rootdir=."


def stopping_early(command: str) -> str:
    """The command that ends with the first failure, where its runner is known to do so when it is asked."""
    folder, there = taken_apart(command)
    if _OPEN_PYTEST.fullmatch(there):
        there = f"{there} -x"
    elif _UNITTEST.fullmatch(there):
        there = f"{there} -f"
    elif match := _OPEN_GO.fullmatch(there):
        there = f"{match[1]} -failfast{match[2] or ''}"
    return inside(folder, there)


def collecting(command: str, tests: Sequence[Named]) -> str | None:
    """The command that lists what the suite itself would run, as far as the files of these tests are named in it: tests
    given by name run wherever they lie. Of a long list, the sandbox keeps only the beginning and the end.
    """
    folder, there = taken_apart(command)
    # However loud the command or the settings are: louder than this it lists no names but a tree.
    if not _OPEN_PYTEST.fullmatch(there):
        return None
    files = " ".join(f"-e {shlex.quote(path)}" for path in sorted({test.within(folder).path for test in tests}))
    return f"{inside(folder, f'{there} --collect-only --verbosity=-1')} | grep -F {files}"


def is_collected(test: Named, listed: str) -> bool:
    """Whether `listed`, pytest's list, has the test, as a line `path::name` or, quieter, as `path: 3`."""
    by_id = rf"^{re.escape(test.id)}(?:$|\[|::)"
    return bool(re.search(rf"{by_id}|^{re.escape(test.path)}: \d+$", listed, re.MULTILINE))


def ending_of(test: Named, result: CommandResult) -> TestEnding:
    """How one test ended in a run of the tests by name."""
    if result.ending in {"killed", "nothing", "broken"}:
        return result.ending
    counts = result.counts
    if counts is None:
        return red_or_less([test.path], "", result.printed) if result.ending == "red" else result.ending
    if any(("_FailedTest" in name and test.stem in name) or name == test.path for name in counts.failing):
        return "broken"
    if any(test.is_meant_by(name) for name in counts.failing):
        name = test.name.rpartition(".")[2]
        return "absent" if asks_for_what_is_not_there([test.path], name, result.printed) else "red"
    if not counts.names_all_failures:
        return "unknown"
    return "green" if counts.passed else "nothing"


def _quoted(paths: Iterable[str]) -> str:
    """None of them read as an option."""
    return " ".join(shlex.quote(f"./{path}" if path.startswith("-") else path) for path in sorted(set(paths)))
