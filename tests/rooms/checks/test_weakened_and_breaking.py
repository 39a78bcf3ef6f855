from __future__ import annotations

import pytest

from app.checks import is_test_path, marks
from app.checks.test_files import holds_tests
from tests.rooms.checks.builders import added, deleted, found, modified

OLD_TEST = """\
import pytest

class TestCalc:
    def test_div(self):
        assert div(4, 2) == 2
        with pytest.raises(ZeroDivisionError):
            div(1, 0)

def test_other():
    self.assertEqual(1, 1)
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("        assert div(4, 2) == 2\n", ""),
        ("== 2", "== 3"),
        ("== 2", "is not None"),
        ("    def test_div", "    @pytest.mark.skip\n    def test_div"),
        ("    def test_div", "    @pytest.mark.xfail(strict=False)\n    def test_div"),
        ("class TestCalc", "@unittest.skipIf(True, '')\nclass TestCalc"),
        ("import pytest\n", "import pytest\npytestmark = pytest.mark.skip\n"),
        ("import pytest\n", "import pytest\npytest.skip('x', allow_module_level=True)\n"),
        ("    self.assertEqual(1, 1)\n", "    pytest.skip('later')\n    self.assertEqual(1, 1)\n"),
        ("def test_other():\n    self.assertEqual(1, 1)\n", ""),
        ("def test_other", "def _test_other"),
        ("def test_other", "def test_other("),
        ("ZeroDivisionError", "Exception"),
    ],
)
def test_a_python_test_that_checks_less_is_marked(before: str, after: str) -> None:
    assert before in OLD_TEST
    assert marks(found(modified("tests/test_calc.py", OLD_TEST, OLD_TEST.replace(before, after)))) == {"tests-changed"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def test_other():\n", "def test_more():\n    assert 2\n\ndef test_other():\n"),
        ("def test_other", "def test_renamed"),
        ("import pytest\n", "import os\nimport pytest\n"),
        ("    self.assertEqual(1, 1)\n", "    self.assertEqual(1,\n        1)  # why\n    assert 5\n"),
    ],
)
def test_a_python_test_that_checks_as_much_or_more_is_not(before: str, after: str) -> None:
    assert found(modified("tests/test_calc.py", OLD_TEST, OLD_TEST.replace(before, after))) == []


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("src/a.test.ts", "it('a', () => {\n expect(1).toBe(1);\n});\n", "it('a', () => {\n});\n"),
        ("src/a.test.ts", "it('a', f);\nit('b', g);\n", "it.only('a', f);\nit('b', g);\n"),
        ("src/a.test.ts", "it('a', f);\nit('b', g);\n", "it('a', f);\n"),
        ("a_test.go", "func TestA(t *testing.T) {\n}\n", "func TestA(t *testing.T) {\n\tt.Skip()\n}\n"),
        ("tests/a.rs", "#[test]\nfn a() { assert_eq!(1, 1); }\n", "#[test]\n#[ignore]\nfn a() { assert_eq!(1, 1); }\n"),
        ("src/test/ATest.java", "@Test\nvoid a() {\n assertEquals(1, f());\n}\n", "@Test\nvoid a() {\n f();\n}\n"),
        ("spec/a_spec.rb", "it 'x' do\n expect(a).to eq 1\nend\n", "xit 'x' do\n expect(a).to eq 1\nend\n"),
        ("tests/data.bin", b"\0a", b"\0b"),
        (
            "package.json",
            '{"scripts": {\n"test": "jest"\n}}',
            '{"scripts": {\n"test": "jest || true"\n}}'.replace(' || true"', ' --passWithNoTests"'),
        ),
        ("pytest.ini", "[pytest]\n", "[pytest]\naddopts = --ignore=tests/test_x.py\n"),
    ],
)
def test_weakening_is_seen_in_other_languages(path: str, old: str | bytes, new: str | bytes) -> None:
    assert marks(found(modified(path, old, new))) - {"needs-human"} == {"tests-changed"}


def test_a_deleted_test_is_marked_and_a_moved_one_is_not() -> None:
    assert marks(found(deleted("tests/test_a.py", OLD_TEST))) == {"tests-changed"}
    assert found(deleted("tests/test_a.py", OLD_TEST), added("tests/unit/test_a.py", OLD_TEST)) == []


@pytest.mark.parametrize(
    ("path", "is_test"),
    [
        ("tests/test_a.py", True), ("pkg/a_test.py", True), ("conftest.py", True), ("src/a.test.tsx", True),
        ("src/a.spec.js", True), ("a_test.go", True), ("src/test/java/AppTest.java", True),
        ("tests/fixtures/x.json", True),
        ("__tests__/a.js", True), ("src/test.rs", True), ("spec/models/a_spec.rb", True), ("tests.py", True),
        ("src/contest.py", False), ("src/latest.js", False), ("src/attest_key.py", False), ("testimonials/a.py", False),
        ("src/app.py", False), ("protest.go", False),
    ],
)  # fmt: skip
def test_test_files_are_known_by_their_names(path: str, is_test: bool) -> None:
    assert is_test_path(path) == is_test


@pytest.mark.parametrize(
    ("path", "holds"),
    [
        ("test/proto.js", True), ("packages/a/__tests__/a.tsx", True), ("test/api/users.mjs", True),
        ("test/helpers.js", False), ("test/support/server.js", False), ("test/index.d.ts", False),
        ("test/fixtures/a.js", False), ("test/.eslintrc.js", False), ("src/a.js", False), ("tests/data.py", False),
        ("tests/conftest.py", False), ("tests/test_a.py", True), ("a_test.go", True),
        ("a/tests/owned.rs", True), ("tests/common/mod.rs", False), ("src/lib.rs", False),
    ],
)  # fmt: skip
def test_a_runner_finds_tests_by_name_and_those_of_javascript_by_folder(path: str, holds: bool) -> None:
    assert holds_tests(path) == holds


BASE = ("pyproject.toml", "src/pkg/api.py")


@pytest.mark.parametrize(
    ("old", "new", "breaks"),
    [
        ("def f(a, b): ...\n", "def f(a): ...\n", True),
        ("def f(a): ...\n", "def f(a, b): ...\n", True),
        ("def f(a): ...\n", "def f(a, b=1): ...\n", False),
        ("def f(a): ...\n", "def f(a, *, b=1): ...\n", False),
        ("def f(a): ...\n", "def g(a): ...\n", True),
        ("def _f(a): ...\n", "def g(a): ...\n", False),
        ("class A:\n    def m(self): ...\n", "class A:\n    pass\n", True),
        ("class A(Base): ...\n", "class A: ...\n", True),
        ("LIMIT = 1\n", "LIMIT = 2\n", False),
        ("import os\ndef f(): ...\n", "def f(): ...\n", False),
        ("def f(a, b): ...\n", "def f(b, a): ...\n", True),
        ("def f(a, b): ...\n", "def f(a, b: int) -> int:\n    return a\n", False),
        ("def f(: broken\n", "def f(a): ...\n", False),
    ],
)
def test_a_changed_python_interface_is_marked(old: str, new: str, breaks: bool) -> None:
    findings = found(modified("src/pkg/api.py", old, new), base=BASE)
    assert marks(findings) == ({"breaking-change"} if breaks else set()), findings
    assert marks(found(modified("src/pkg/api.py", old, new))) == set()  # no packaging, nobody imports it
    for path in ("src/pkg/_api.py", "docs/conf.py", "tests/helpers.py", "setup.py"):
        assert "breaking-change" not in marks(found(modified(path, old, new), base=BASE))


def test_a_removed_parameter_is_named() -> None:
    (finding,) = found(modified("src/pkg/api.py", "def f(a, b): ...\n", "def f(a): ...\n"), base=BASE)
    assert finding.message == "api.f(b): a parameter was removed."


def test_package_json_promises() -> None:
    def change(old: str, new: str) -> set[str]:
        return marks(found(modified("package.json", old, new))) - {"needs-human"}

    assert change('{"main": "a.js"}', "{}") == {"breaking-change"}
    assert change('{"exports": {".": "a", "./b": "b"}}', '{"exports": {".": "a"}}') == {"breaking-change"}
    assert change('{"engines": {"node": ">=18"}}', '{"engines": {"node": ">=20"}}') == {"breaking-change"}
    assert change('{"version": "1"}', '{"version": "2"}') == set()
    assert change('{"private": true, "main": "a"}', '{"private": true}') == set()
    assert change('{"main": "a"}', "not json") == {"breaking-change"}
