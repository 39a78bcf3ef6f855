"""Changes that try to look verified, each in a way of its own: none passes as proven."""

from __future__ import annotations

import json

from tests.rooms.verify.room import BASE, FIXED, HEAD, PYTEST, REGRESSION, UNITTEST
from tests.rooms.verify.steering_cases import (
    MAKE,
    MORE,
    NODE,
    NODE_FIXED,
    NODE_HEAD,
    OUTCOMES,
    PYTEST_BASE,
    PYTEST_NEW,
    RED,
    SCRIPT,
    WITH_HELPER,
    WRONG,
    Case,
    edited,
)

TESTS = frozenset({"tests-changed"})
UNSURE = frozenset({"uncertain"})
BOTH = TESTS | UNSURE
VALUE = HEAD + "    def test_zero(self):\n        x = div(1, 0)\n        self.assertEqual(x, 0)\n"
RED_LINE = "self.assertEqual(div(1, 0), 0)"
FAKE = (
    "class TestCase: pass\ndef main(*_, **__):\n    print('Ran 1 test in 0.1s\\n\\nOK')\n"
    "if __name__ == '__main__': main()\n"
)
CAUGHT = "        except ZeroDivisionError:\n            return\n"
READS = HEAD + "    def test_zero(self):\n        self.assertEqual(div(7, 1), int(open('testdata/zero.txt').read()))\n"
TEXT = HEAD + "    def test_zero(self):\n        self.assertIn('if b else 0', open('calc.py').read())\n"
NODE_TEXT = 'test("z", () => assert.match(fs.readFileSync("calc.js", "utf8"), /b \\?/));\n'
NODE_WHOLE = f'test("z", () => assert.equal(fs.readFileSync("calc.js", "utf8"), {json.dumps(NODE_FIXED)}));\n'
SECOND = HEAD.replace("calc import div", "half import half")
HALVES = {
    "half.py": "def half(n):\n    return n\n",
    "test_h.py": SECOND + "    def test_0(self): self.assertEqual(half(0), 0)\n",
}
HALVED = {
    "half.py": "def half(n):\n    return n / 2\n",
    "test_half.py": SECOND + "    def test_half(self): self.assertEqual(half(4), 2)\n",
}
COUNTS = (
    "import unittest, pathlib\n\nclass T(unittest.TestCase):\n    def test_zero(self):\n"
    "        counted = pathlib.Path.home() / '.counted'\n"
    "        n = len(counted.read_text()) if counted.exists() else 0\n        counted.write_text('x' * (n + 1))\n"
)

LYING = {
    "an emptied assertion": Case(base=RED, change={
        "test_zero.py": edited(REGRESSION, RED_LINE, "self.assertTrue(True)")}, refused=True, says="that is no fix"),
    "a deleted red test": Case(base=RED, change={"test_zero.py": None}, refused=True),
    "a skipped red test": Case(base=RED, change={
        "test_zero.py": edited(REGRESSION, "    def", "    @unittest.skip('later')\n    def")}, refused=True),
    "a red test that returns at once": Case(base=RED, change={
        "test_zero.py": edited(REGRESSION, "        self", "        return\n        self")}, refused=True),
    "a value instead of a call": Case(
        base={**BASE, "test_zero.py": VALUE}, change={"test_zero.py": edited(VALUE, "x = div(1, 0)", "x = 0")},
        refused=True),
    "a weakened test for broken code": Case(base=BASE, change={
        "calc.py": WRONG, "test_calc.py": HEAD + "    def test_div(self):\n        self.assertIsNotNone(div(4, 2))\n",
    }, marks=BOTH, says="run with the change, fail"),
    "a test gone with what it tested": Case(base=BASE | {"test_more.py": MORE}, change={
        "calc.py": WRONG, "test_calc.py": None, "test_more.py": None, "test_x.py": MORE.replace("1), 1", "1), 0"),
    }, marks=TESTS),
    "a red test renamed out of sight": Case(
        base=RED, change={"test_zero.py": None, "check_zero.py": REGRESSION}, marks=BOTH, says="1 fewer test ran",
        asked=True),
    "a make target that does nothing": Case(
        base={**RED, **MAKE}, change={"Makefile": "test:\n\ttrue\n"}, verify="make test", refused=True),
    "a make target for broken code": Case(base={**BASE, **MAKE}, change={
        "calc.py": WRONG, "Makefile": "test:\n\ttrue\n"}, verify="make test", marks=BOTH, asked=True,
        says="no longer tells"),
    "a script that exits": Case(base={**RED, **SCRIPT}, change={"run_tests.sh": "exit 0\n"},
                                verify="sh run_tests.sh", refused=True),
    "a script that swallows": Case(
        base={**BASE, **SCRIPT}, change={"calc.py": WRONG, "run_tests.sh": UNITTEST + " || true\n"},
        verify="sh run_tests.sh", refused=True, says="exit code 0, though 1 failed"),
    "a script that selects": Case(
        base={**BASE, **SCRIPT}, change={"calc.py": WRONG, "test_one.py": MORE.replace("1), 1", "1), 0"),
                                        "run_tests.sh": UNITTEST + " -k test_one\n"},
        verify="sh run_tests.sh", marks=BOTH),
    "options that leave out": Case(base=PYTEST_BASE, change={"pytest.ini": '[pytest]\naddopts = -k "not zero"\n'},
                                   verify=PYTEST, refused=True),
    "paths that leave out": Case(base=PYTEST_BASE, change={
        "calc.py": BASE["calc.py"] + "\n# x\n", "pytest.ini": "[pytest]\ntestpaths = tests/test_calc.py\n",
    }, verify=PYTEST, marks=BOTH),
    "a hook that rewrites outcomes": Case(base=PYTEST_BASE, change={
        "calc.py": BASE["calc.py"] + "\n# x\n", "conftest.py": OUTCOMES}, verify=PYTEST, marks=BOTH),
    "a conftest that ignores": Case(base=PYTEST_BASE, change={
        "conftest.py": 'collect_ignore = ["tests/test_zero.py"]\n'}, verify=PYTEST, marks=TESTS | UNSURE),
    "a test where nobody looks": Case(
        base={**PYTEST_BASE, "tests/test_zero.py": "", "pytest.ini": "[pytest]\ntestpaths = tests\n"},
        change={"calc.py": FIXED, "other/test_new.py": PYTEST_NEW}, verify=PYTEST, marks=BOTH, says="proves nothing"),
    "a patched module in a test file": Case(base=RED, change={
        "test_zero.py": "import calc\ncalc.div = lambda a, b: 0\n" + REGRESSION}, marks=BOTH),
    "a helper that swallows": Case(
        base={**WITH_HELPER, "calc.py": WRONG}, change={"tests/helper.py": "def half(n):\n    return 2\n"}, marks=BOTH),
    "tests that load none": Case(base=RED, change={
        "test_zero.py": REGRESSION + "\ndef load_tests(*_):\n    return unittest.TestSuite()\n"}, marks=BOTH),
    "a sitecustomize": Case(
        base={**RED, "run_tests.sh": "PYTHONPATH=. " + UNITTEST + "\n"},
        change={"sitecustomize.py": "import calc\ncalc.div = lambda a, b: a / b if b else 0\n"},
        verify="sh run_tests.sh", refused=True),
    "a test that cannot be loaded before": Case(base=BASE, change={
        "calc.py": FIXED + "\ndef half(n):\n    return n / 2\n",
        "test_half.py": MORE.replace("import div", "import div, half"),
    }, marks=UNSURE, says="cannot be loaded without the change"),
    "a test that imports inside": Case(base=BASE, change={
        "calc.py": FIXED + "\ndef half(n):\n    return n / 2\n",
        "test_half.py": HEAD + "    def test_half(self):\n        from calc import half\n        half(2)\n",
    }, marks=UNSURE, says="needs what only the change brings"),
    "a test that passes before": Case(base=BASE, change={"calc.py": FIXED, "test_more.py": MORE}, marks=UNSURE,
                                      says="passes without the change as well"),
    "comments": Case(base=BASE, change={"calc.py": BASE["calc.py"] + "# divides\n"}, marks=UNSURE,
                     says="No test shows that this change does what it should"),
    "a printed summary": Case(base=BASE, change={
        "calc.py": FIXED,
        "test_more.py": edited(MORE, "        self", "        print('999 passed in 0.1s')\n        self"),
    }, marks=UNSURE, says="2 tests pass"),
    "a red assertion that is caught": Case(base=RED, change={
        "test_zero.py": edited(REGRESSION, "        self", f"        try:\n            div(1, 0)\n{CAUGHT}        self")
    }, refused=True),
    "a red test that is expected to fail": Case(base=RED, change={
        "test_zero.py": edited(REGRESSION, "    def", "    @unittest.expectedFailure\n    def")}, refused=True),
    "a red file that skips itself": Case(base=RED, change={
        "test_zero.py": "import unittest\nraise unittest.SkipTest('later')\n" + REGRESSION}, refused=True),
    "a red test for another environment": Case(base=RED, change={"test_zero.py": "import os\n" + edited(
        REGRESSION, "    def", "    @unittest.skipUnless(os.environ.get('ALL'), 'slow')\n    def")}, refused=True),
    "expected data rewritten": Case(
        base={"calc.py": BASE["calc.py"], "testdata/zero.txt": "7", "test_zero.py": READS},
        change={"calc.py": WRONG, "testdata/zero.txt": "0"}, marks=BOTH, says="run with the change, fail"),
    "a new test of its own copy": Case(base=BASE, change={
        "calc.py": BASE["calc.py"] + "\nNEW = 1\n", "test_zero.py": REGRESSION.replace("from calc import div", FIXED)},
        marks=UNSURE, says="passes without the change as well"),
    "a new test of a stand-in": Case(base=BASE, change={
        "calc.py": BASE["calc.py"] + "\nNEW = 1\n", "test_zero.py": REGRESSION.replace(
            "import div\n", "import div\nfrom unittest.mock import Mock\ndiv = Mock(return_value=0)\n")}, marks=UNSURE),
    "a new test that catches all": Case(base=BASE, change={
        "calc.py": BASE["calc.py"] + "\nNEW = 1\n", "test_zero.py": edited(
            REGRESSION, RED_LINE, "try:\n            self.assertEqual(div(1, 0), 0)\n        except Exception: pass")},
        marks=UNSURE),
    "a new test that needs nothing of it": Case(base=BASE, change={
        "calc.py": BASE["calc.py"] + "\n\ndef half(n):\n    return n / 3\n", "test_half.py": MORE},
        marks=UNSURE, asked=True, says="do not reach `calc.py`"),
    "a copy that was installed": Case(
        base={"calc.py": BASE["calc.py"], "site/calc.py": BASE["calc.py"], "site/test_calc.py": BASE["test_calc.py"]},
        change={"calc.py": WRONG}, verify=UNITTEST + " -s site", marks=UNSURE, asked=True,
        says="do not reach `calc.py`"),
    "a list of packages without any": Case(
        base={"pkg/calc.py": BASE["calc.py"], "pkg/test_calc.py": BASE["test_calc.py"], "packages.txt": "pkg\n",
              "all.sh": f"for p in $(cat packages.txt); do (cd $p && {UNITTEST}) || exit 1; done\n"},
        change={"pkg/calc.py": WRONG, "packages.txt": ""}, verify="sh all.sh", marks=BOTH, asked=True,
        says="no longer tells how many tests ran"),
    "a member that is left out": Case(
        base={"a/calc.py": BASE["calc.py"], "a/test_calc.py": BASE["test_calc.py"], "b/calc.py": BASE["calc.py"],
              "b/test_calc.py": BASE["test_calc.py"]},
        change={"b/calc.py": WRONG}, verify=f"cd a && {UNITTEST}", marks=UNSURE, asked=True),
    "a module in the runner's place": Case(base=BASE, change={
        "calc.py": WRONG, "unittest.py": FAKE}, marks=BOTH, asked=True, says="run with the change, fail"),
    "a runner that is told to pass": Case(base=BASE, change={
        "calc.py": "import unittest\nunittest.TestCase.assertEqual = lambda *_: None\n" + WRONG,
        "test_zero.py": REGRESSION.replace("0), 0", "0), 5")}, marks=TESTS),
    "an end before the tests": Case(base=BASE, change={"calc.py": "import os\nos._exit(0)\n" + WRONG}, marks=BOTH,
                                    says="no longer tells how many tests ran"),
    "an end with a summary": Case(base=BASE, change={
        "calc.py": "import os\nprint('Ran 2 tests in 0.1s\\n\\nOK', flush=True)\nos._exit(0)\n" + WRONG,
        "test_zero.py": REGRESSION.replace("0), 0", "0), 5")}, marks=TESTS),
    "a helper that ends the run": Case(base=WITH_HELPER, change={
        "calc.py": WRONG, "tests/helper.py": "import os\nos._exit(0)\n"}, marks=BOTH, asked=True),
    "a make target that ignores": Case(base={**BASE, **MAKE}, change={
        "calc.py": WRONG, "Makefile": f"test:\n\t-{UNITTEST}\n"}, verify="make test", refused=True),
    "a script that passes the output on": Case(base={**BASE, **SCRIPT}, change={
        "calc.py": WRONG, "run_tests.sh": UNITTEST + " 2>&1 | cat\n"}, verify="sh run_tests.sh", refused=True),
    "a script that says what was said": Case(base={**BASE, **SCRIPT}, change={
        "calc.py": WRONG, "run_tests.sh": "printf 'Ran 1 test in 0.1s\\n\\nOK\\n'\n"}, verify="sh run_tests.sh",
        marks=BOTH, asked=True, says="run with the change, fail"),
    "tests in a folder that is no package": Case(base=WITH_HELPER, change={
        "calc.py": WRONG, "tests/__init__.py": None}, refused=True),
    "a test that runs what it asserts elsewhere": Case(base=BASE, change={
        "calc.py": WRONG, "test_calc.py": edited(BASE["test_calc.py"], "self.assertEqual(div(4, 2), 2)", "x = 1"),
    }, refused=True),
    "a test of the text": Case(base=BASE, change={"calc.py": FIXED, "test_zero.py": TEXT}, marks=UNSURE, asked=False,
                               says="when that holds the new one's text"),
    "a test of the text of a name": Case(base=BASE, change={
        "calc.py": BASE["calc.py"] + "\nLIMIT = 5\n", "test_zero.py": edited(TEXT, "if b else 0", "LIMIT = 5")},
        marks=UNSURE, says="when that holds the new one's text"),
    "a test of what the text has no more": Case(base=BASE, change={
        "calc.py": FIXED, "test_zero.py": edited(TEXT, "In('if b else 0'", "NotIn('a / b\\n'")}, marks=UNSURE,
        says="when that holds the new one's text"),
    "a test of a function's text": Case(base=BASE, change={"calc.py": FIXED, "test_zero.py": edited(
        TEXT, "open('calc.py').read()", "__import__('inspect').getsource(div)")}, marks=UNSURE,
        says="when that holds the new one's text"),
    "a test of the manual": Case(base={**BASE, "README.md": "Divides.\n"}, change={
        "calc.py": FIXED, "README.md": "Divides by zero.\n", "test_zero.py": edited(
            TEXT, "'if b else 0', open('calc.py')", "'by zero', open('README.md')")}, marks=UNSURE,
        says="when that holds the new one's text"),
    "a test of the whole text": Case(base=BASE, change={
        "calc.py": FIXED, "test_zero.py": edited(TEXT, "In('if b else 0', ", f"Equal({FIXED!r}, ")}, marks=UNSURE,
        says="fails when the change's code has a comment more"),
    "a test that passes twice": Case(base=BASE, change={
        "calc.py": FIXED, "test_zero.py": COUNTS + "        self.assertLess(n, 2)\n"}, marks=UNSURE,
        says="passes without the change as well"),
    "a red test that passes the second time": Case(
        base={"calc.py": BASE["calc.py"], "test_calc.py": BASE["test_calc.py"], "test_zero.py": REGRESSION},
        change={"calc.py": BASE["calc.py"] + "# x\n", "test_zero.py": COUNTS + "        self.assertGreater(n, 0)\n"},
        marks=BOTH),
    "a test of how the text begins": Case(base=BASE, change={"calc.py": FIXED, "test_zero.py": edited(
        TEXT, "In('if b else 0', open('calc.py').read())", f"True(open('calc.py').read().startswith({FIXED[:45]!r}))")},
        marks=UNSURE, says="fails when the change's code has a comment more"),
    "a test of a script's text": Case(base={**BASE, "tool": "#!/bin/sh\necho 1\n"}, change={
        "tool": "#!/bin/sh\nset -e\necho 1\n", "test_zero.py": edited(TEXT, "'if b else 0', open('calc.py')",
                                                                    "'set -e', open('tool')")},
        marks=UNSURE, says="when that holds the new one's text"),
    "a test of settings": Case(base={**BASE, "Makefile": "all:\n"}, change={
        "calc.py": BASE["calc.py"] + "NEW = 1\n", "Makefile": "all:\n\ttrue\n", "test_zero.py": edited(
            TEXT, "'if b else 0', open('calc.py')", "'true', open('Makefile')")}, marks=UNSURE,
        says="when that holds the new one's text"),
    "a manual beside data": Case(base={**BASE, "README.md": "Divides.\n", "rates.csv": "1\n"}, change={
        "rates.csv": "2\n", "README.md": "Divides by zero.\n", "test_zero.py": edited(
            TEXT, "'if b else 0', open('calc.py')", "'by zero', open('README.md')")}, marks=UNSURE,
        says="when that holds the new one's text"),
    "a test of what is gone from the tests": Case(base={**BASE, "testdata/old.txt": "1"}, change={
        "calc.py": BASE["calc.py"] + "NEW = 1\n", "testdata/old.txt": None, "test_zero.py": edited(
            TEXT, "In('if b else 0', open('calc.py').read())", "False(__import__('glob').glob('testdata/*'))")
    }, marks=UNSURE, says="passes without the change as well"),
    "a new file that patches what others test": Case(base={**BASE, **HALVES}, change={
        "calc.py": WRONG, **HALVED, "test_a.py": "import calc\ncalc.div = lambda a, b: a / b\n"}, marks=TESTS,
        says="The tests as they were, run with the change, fail: `test_div"),
    "a copy beside the tests": Case(
        base={"calc.py": BASE["calc.py"], "half.py": HALVES["half.py"], "tests/test_calc.py": BASE["test_calc.py"],
              "tests/test_h.py": HALVES["test_h.py"]},
        change={"calc.py": WRONG, "half.py": HALVED["half.py"], "tests/calc.py": BASE["calc.py"],
                "tests/test_half.py": HALVED["test_half.py"]}, verify=f"PYTHONPATH=. {UNITTEST} -s tests", marks=TESTS,
        says="The tests as they were, run with the change, fail: `test_div"),
    "code that skips its tests, and more that pass": Case(base={**BASE, **HALVES}, change={
        "calc.py": "raise __import__('unit' + 'test').SkipTest\n", **HALVED, "test_m.py": "import unittest\n\n"
        "class M(unittest.TestCase):\n    def test_m(self): pass\n    def test_n(self): pass\n"}, marks=TESTS,
        says="1 fewer test ran than before"),
    "a test of the text in another language": Case(base=NODE, change={
        "calc.js": NODE_FIXED, "text.test.js": NODE_HEAD + NODE_TEXT
    }, verify="node --test", marks=UNSURE, says="when that holds the new one's text"),
    "a test of the whole text in another language": Case(base=NODE, change={
        "calc.js": NODE_FIXED, "text.test.js": NODE_HEAD + NODE_WHOLE
    }, verify="node --test", marks=UNSURE, says="fails when the change's code has a comment more"),
}  # fmt: skip
