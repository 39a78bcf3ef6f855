"""Tests that check less than they did: deleted, skipped, stripped of assertions. Pure.

Earns the mark `tests-changed`: the tests as they were are then run against the change as well (`app.verify`). Python
is compared function by function, other languages line by line. Adding tests is never a weakening.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.checks.changeset import ChangedFile, ChangeSet, Finding
from app.checks.test_files import holds_tests, is_test_path

_MAX_BYTES = 1_000_000  # of a Python file; bigger ones are compared by lines
_SKIPS = frozenset(
    {"skip", "skipif", "skipIf", "skipUnless", "xfail", "expectedFailure", "SkipTest", "skipTest", "importorskip"}
)
_MODULE_SKIPS = ast.Assign | ast.Expr | ast.Raise | ast.If
_ENDS = re.compile(r"^\s*(?:return|raise)\b", re.MULTILINE)  # a step that leaves the test, at once or sometimes
_ASSERTING = re.compile(r"assert|raises|warns|fail$|expect")

# Lines of other languages: what declares a test, what checks, what switches off.
_DECLARES = re.compile(
    r"\b(?:it|test|describe|specify)(?:\.each\b.*)?\s*\(|^\s*func Test\w+|#\[(?:\w+::)*test\b|@(?:Parameterized)?Test\b"
    r"|^\s*(?:it|test|describe|context|specify)\s+['\"]|\bdef test_\w+|\bpublic function test\w+"
    r"|\[(?:Fact|Theory|Test)\b"
)
_CHECKS = re.compile(
    r"\bassert\w*[.!(\s]|\bexpect\(|\bshould\b|\.to\.|\brequire\.\w+\(t|\bt\.(?:Error|Fatal)|\bverify\(|EXPECT_"
)
_SWITCHES = re.compile(
    r"\b(?:it|test|describe|context)\.(?:only|skip|todo|failing|fixme)\b"
    r"|\b(?:xit|xtest|xdescribe|fit|fdescribe)\s*\("
    r"|\bt\.Skip|#\[ignore|@Disabled|@Ignore\b|\bpending\b\s*(?:\(|['\"]|$)|\bSkip\s*=|markTestSkipped|GTEST_SKIP"
)
_SETTINGS = re.compile(
    r"collect_ignore|--(?:ignore|deselect)|testPathIgnorePatterns|--passWithNoTests|continue-on-error|failIfNoTests"
    r"|-DskipTests|--no-fail|maven\.test\.(?:skip|failure)|\|\|\s*true\s*$"
)
# In code that is no test: the runner's parts replaced, or the process ended behind its back.
_INTO_RUNNER = re.compile(
    r"\b(?:unittest|_?pytest)(?:\.\w+)+\s*=(?!=)|\bsetattr\(\s*_?(?:unittest|pytest)\b|\bos\._exit\(\s*0?\s*\)"
)
_SETTINGS_FILES = re.compile(
    r"(^|/)(conftest\.py|pytest\.ini|tox\.ini|setup\.cfg|pyproject\.toml|package\.json|pom\.xml|Makefile|(jest|vitest)\.config\.\w+)$"
)


def weakened_tests(changeset: ChangeSet) -> list[str]:
    """Paths of existing test files that check less than before."""
    return list(dict.fromkeys(finding.path for finding in check_tests(changeset) if finding.check == "tests"))


def check_tests(changeset: ChangeSet) -> Iterator[Finding]:
    """`tests` for weakened test files, `test-settings` for configuration that leaves tests out."""
    arrived = Counter(file.new for file in changeset.files if file.kind == "add" and is_test_path(file.path))
    arrived -= Counter(file.new for file in changeset.files if file.kind == "add" and _is_out_of_sight(file))
    for file in changeset.files:
        yield from _settings(file)
        if not is_test_path(file.path) or file.old is None:
            continue
        if file.kind == "delete":
            if arrived[file.old] == 0 and _holds_tests(file):
                yield _mark("tests", file, "A test file was deleted, or no runner finds it any more.")
        elif file.kind == "modify":
            yield from _compared(file)


def _settings(file: ChangedFile) -> Iterator[Finding]:
    if _SETTINGS_FILES.search(file.path):
        for number, text in file.added:
            if _SETTINGS.search(text):
                yield _mark("test-settings", file, "This setting leaves tests out or ignores their result.", number)
    if file.path.endswith(".py") and not is_test_path(file.path):
        for number, text in file.added:
            if _INTO_RUNNER.search(text):
                yield _mark("test-settings", file, "This reaches into the runner of the tests, or ends it.", number)


def _is_out_of_sight(file: ChangedFile) -> bool:
    """Whether a file of tests has a name that no runner looks for."""
    return bool(_DECLARES.search("\n".join(file.new_lines))) and not holds_tests(file.path)


def _mark(check: str, file: ChangedFile, message: str, line: int = 0) -> Finding:
    return Finding(check=check, level="mark", path=file.path, message=message, line=line, mark="tests-changed")


def _holds_tests(file: ChangedFile) -> bool:
    """A deleted fixture counts too when it is no code: something compared with it."""
    return not file.path.endswith((".md", ".txt", "__init__.py")) or bool(_DECLARES.search("\n".join(file.old_lines)))


def _compared(file: ChangedFile) -> Iterator[Finding]:
    if file.path.endswith(".py") and file.old is not None and file.new is not None:
        old, new = _read(file.old), _read(file.new)
        if old is not None:
            if new is None:
                yield _mark("tests", file, "The test file can no longer be parsed.")
            else:
                yield from _python(file, old, new)
            return
    yield from _by_lines(file)


@dataclass
class _Test:
    """One test function: its statements and assertions as source text, and how it is switched off."""

    line: int
    steps: list[str] = field(default_factory=list)
    checks: Counter[str] = field(default_factory=Counter)
    skips: Counter[str] = field(default_factory=Counter)


def _read(content: bytes) -> dict[str, _Test] | None:
    """Test functions by qualified name; None for what is no Python or too big."""
    if len(content) > _MAX_BYTES:
        return None
    try:
        tree = ast.parse(content)
        found: dict[str, _Test] = {}
        _walk(tree.body, "", Counter(), found)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return found


def _walk(body: list[ast.stmt], prefix: str, inherited: Counter[str], found: dict[str, _Test]) -> None:
    module_skips = Counter(
        ast.unparse(node)[:200] for node in body if isinstance(node, _MODULE_SKIPS) and _is_skip(node)
    )
    for node in body:
        if isinstance(node, ast.ClassDef):
            skips = inherited + module_skips + _decorated(node)
            _walk(node.body, f"{prefix}{node.name}.", skips, found)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            steps = [ast.unparse(step) for step in node.body]
            test = _Test(line=node.lineno, steps=steps, skips=inherited + module_skips + _decorated(node))
            for inner in ast.walk(node):
                if isinstance(inner, ast.Assert):
                    test.checks[ast.unparse(inner.test)] += 1
                elif isinstance(inner, ast.Call) and _ASSERTING.search(_called(inner)):
                    test.checks[ast.unparse(inner)] += 1
                if isinstance(inner, ast.Call | ast.Raise) and inner not in node.decorator_list and _is_skip(inner):
                    test.skips[ast.unparse(inner)[:200]] += 1
            found[prefix + node.name] = test


def _decorated(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Counter[str]:
    return Counter(ast.unparse(item)[:200] for item in node.decorator_list if _is_skip(item))


def _is_skip(node: ast.AST) -> bool:
    names = {inner.attr if isinstance(inner, ast.Attribute) else inner.id for inner in ast.walk(node)
             if isinstance(inner, ast.Attribute | ast.Name)}  # fmt: skip
    return bool(names & _SKIPS)


def _called(call: ast.Call) -> str:
    function = call.func
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _python(file: ChangedFile, old: dict[str, _Test], new: dict[str, _Test]) -> Iterator[Finding]:
    fresh = {name: test for name, test in new.items() if name not in old}
    for name, before in old.items():
        after = new.get(name)
        if after is None:
            renamed = next((key for key, test in fresh.items() if before.checks and test.checks >= before.checks), None)
            if renamed is None:
                yield _mark("tests", file, f"Test {name} was removed.")
                continue
            after = fresh.pop(renamed)
        if after.skips - before.skips:
            yield _mark("tests", file, f"Test {name} is now skipped or expected to fail.", after.line)
        lost = before.checks - after.checks
        if lost:
            message = f"Test {name} lost or changed {sum(lost.values())} of its {sum(before.checks.values())} checks."
            yield _mark("tests", file, message, after.line)
        elif not _goes_through(before.steps, after.steps):
            yield _mark("tests", file, f"Test {name} does something else than before.", after.line)


def _goes_through(old: list[str], new: list[str]) -> bool:
    """Whether all of the old steps are still taken, in their order; more may stand between them, but no early end."""
    left = iter(new)
    for step in old:
        for now in left:
            if now == step:
                break
            if _ENDS.search(now) and not now.startswith(("def ", "async def ", "class ", "@")):
                return False
        else:
            return False
    return True


def _by_lines(file: ChangedFile) -> Iterator[Finding]:
    old, new = _stripped(file.old_lines), _stripped(file.new_lines)
    gone = list((old - new).elements())
    fewer = _matching(_DECLARES, old) - _matching(_DECLARES, new)
    if fewer > 0:
        yield _mark("tests", file, f"{fewer} test declaration(s) fewer than before.")
    lost = sum(1 for line in gone if _CHECKS.search(line))
    if lost:
        yield _mark("tests", file, f"{lost} line(s) that check something were removed or changed.")
    for number, text in file.added:
        if _SWITCHES.search(text):
            yield _mark("tests", file, "A test is switched off here, or the only one that runs.", number)
    if not file.old_lines and file.old:
        yield _mark("tests", file, "Binary test data changed.")


def _stripped(lines: list[str]) -> Counter[str]:
    return Counter(line.strip()[:2000] for line in lines if line.strip())


def _matching(pattern: re.Pattern[str], lines: Counter[str]) -> int:
    return sum(count for line, count in lines.items() if pattern.search(line))
