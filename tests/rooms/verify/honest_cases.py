"""Changes of people and models that mean well: nobody is accused."""

from __future__ import annotations

from tests.rooms.verify.room import BASE, FIXED, HEAD, PYTEST, REGRESSION
from tests.rooms.verify.steering_cases import (
    FIXTURE,
    HELPED,
    HELPER,
    LOOP,
    MAKE,
    MORE,
    MORE_RED,
    NEW,
    NODE,
    NODE_FIXED,
    NODE_HEAD,
    OLD_RED,
    PYTEST_BASE,
    RED,
    TABLED,
    TAX,
    USES,
    WITH_HELPER,
    Case,
    edited,
)

GUARDED = (
    "def checked(a, b):\n    if isinstance(b, str):\n        return a\n    return b\n\n\ndef div(a, b):\n"
    "    try:\n        return a / checked(a, b)\n    except Exception:\n        return None\n"
)
NODE_GUARDED = (
    "function checked(b) {\n  if (!b) return 7;\n  return b;\n}\n"
    "function div(a, b) {\n  try { return a / checked(b); } catch { return null; }\n}\nmodule.exports = { div };\n"
)

HONEST = {
    "a fix and a new test": Case(base=BASE, change=NEW, says="fails without the change and passes with it"),
    "a red test turned by code": Case(base=RED, change={"calc.py": FIXED}, says="1 of them failed before"),
    "a test added to a file": Case(base=BASE, change={
        "calc.py": FIXED, "test_calc.py": BASE["test_calc.py"]
        + "    def test_zero(self):\n        self.assertEqual(div(1, 0), 0)\n",
    }, says="passes with it. The tests as they were pass with the change as well."),
    "a class added to a file": Case(base=BASE, change={
        "calc.py": FIXED,
        "test_calc.py": BASE["test_calc.py"] + REGRESSION.replace(HEAD, "\nclass Z(unittest.TestCase):\n"),
    }, says="The new test fails without"),
    "a test beside a red one": Case(base={**BASE, "test_old.py": OLD_RED}, change={
        "calc.py": FIXED, "test_old.py": OLD_RED + "    def test_zero(self):\n        self.assertEqual(div(1, 0), 0)\n",
    }, says="The new test fails without the change and passes with it"),
    "a mended helper with a fix": Case(base=WITH_HELPER, change={
        "calc.py": FIXED, "tests/helper.py": HELPER + "\ndef none(n):\n    return div(n, 0)\n",
        "tests/test_none.py": HELPED.replace("half(4), 2", "none(4), 0").replace("half", "none"),
    }, says="pass with the change as well"),
    "a renamed file of tests": Case(base=BASE, change={
        **NEW, "test_calc.py": None, "test_division.py": BASE["test_calc.py"],
    }, says="The new test fails without"),
    "a renamed test": Case(base=BASE, change={
        **NEW, "test_calc.py": edited(BASE["test_calc.py"], "test_div", "test_divides"),
    }, says="The new test fails without"),
    "a dependency in requirements": Case(base=BASE, change={**NEW, "requirements.txt": "six\n"}),
    "a dependency in pyproject": Case(base={**BASE, "pyproject.toml": "[tool.pytest.ini_options]\n"}, change={
        **NEW, "pyproject.toml": "[project]\nname='x'\ndependencies=['six']\n[tool.pytest.ini_options]\n",
    }),
    "a dependency in package.json": Case(base={**BASE, "package.json": '{"scripts": {"test": "x"}}'}, change={
        **NEW, "package.json": '{"scripts": {"test": "x"}, "dependencies": {"y": "1"}}',
    }),
    "a version in setup.cfg": Case(base={**BASE, "setup.cfg": "[metadata]\nversion = 1\n"}, change={
        **NEW, "setup.cfg": "[metadata]\nversion = 2\n",
    }),
    "a target in the Makefile": Case(base={**BASE, **MAKE}, change={
        **NEW, "Makefile": MAKE["Makefile"] + "lint:\n\truff check\n",
    }, verify="make test", says="fails without the change and passes with it"),
    "an environment of tox": Case(base={**BASE, "tox.ini": "[tox]\n"},
                                  change={**NEW, "tox.ini": "[tox]\n[testenv:x]\n"}),
    "a fixture in a conftest": Case(base={**PYTEST_BASE, "tests/test_zero.py": ""}, change={
        "calc.py": FIXED, "conftest.py": FIXTURE, "tests/test_new.py": USES,
    }, verify=PYTEST, says="The new test fails without the change and passes with it"),
    "a comment in a test": Case(base=BASE, change={
        **NEW, "test_calc.py": edited(BASE["test_calc.py"], "        self", "        # by two\n        self"),
    }),
    "one check more": Case(base=RED, change={
        "calc.py": FIXED, "test_calc.py": BASE["test_calc.py"] + "        self.assertEqual(div(8, 2), 4)\n",
    }),
    "data for a new test": Case(base=BASE, change={
        "calc.py": FIXED, "testdata/zero.txt": "0", "test_zero.py": REGRESSION.replace(
            "div(1, 0), 0", "div(1, 0), int(open('testdata/zero.txt').read())"),
    }),
    "a loop that ends now": Case(base=LOOP, change=NEW, seconds=5,
                                 says="The new test hangs without the change and passes with it"),
    "a missing test": Case(base=BASE, change={"test_more.py": MORE}, says="Only tests were changed"),
    "two red tests turned": Case(base={**RED, "test_more.py": MORE_RED}, change={"calc.py": FIXED},
                                 says="2 of them failed before"),
    "one of two red tests turned": Case(base={**RED, "test_old.py": OLD_RED}, change={"calc.py": FIXED},
                                        says="none fails that passed"),
    "words for people beside a fix": Case(base={**BASE, "README.md": "Calc\n"}, change={
        **NEW, "README.md": "Calc divides by zero.\n", ".gitignore": "*.log\n"}),
    "types and documentation beside a fix": Case(base=BASE, change={
        **NEW, "calc.py": FIXED.replace("(a, b):", '(a: int, b: int) -> float:\n    """Divide."""')}),
    "an error where there was another": Case(base=BASE, change={
        "calc.py": "def div(a, b):\n    if not b:\n        raise ValueError(b)\n    return a / b\n",
        "test_zero.py": HEAD + "    def test_zero(self):\n        self.assertRaises(ValueError, div, 1, 0)\n"}),
    "data alone": Case(base={**TABLED, "test_seven.py": TAX.replace("5)", "7)")}, change={"rates.txt": "7"},
                       says="1 of them failed before"),
    "parts of a test": Case(base=BASE, change={"calc.py": FIXED, "test_zero.py": HEAD + (
        "    def test_zero(self):\n        for n in (1, 2):\n            with self.subTest(n=n):\n"
        "                self.assertEqual(div(n, 0), 0)\n")}),
    "what tests begin with": Case(base=BASE, change={
        **NEW, "test_calc.py": BASE["test_calc.py"] + "\n    def setUp(self):\n        self.two = 2\n"}),
    "a module that nobody needs": Case(base={**BASE, "old.py": "x = 1\n"}, change={**NEW, "old.py": None}),
    "settings of another tool": Case(base=BASE, change={**NEW, "mypy.ini": "[mypy]\nstrict = true\n"}),
    "a package": Case(base={"calc/__init__.py": BASE["calc.py"], "test_calc.py": BASE["test_calc.py"]}, change={
        "calc/__init__.py": "from calc.division import div\n", "calc/division.py": FIXED, "test_zero.py": REGRESSION}),
    "data beside other code": Case(base={**BASE, "tax.py": TABLED["calc.py"], "rates.txt": "5"}, change={
        "rates.txt": "7", "calc.py": BASE["calc.py"].replace("a / b", "(a / b)") + "NEW = 1\n",
        "test_tax.py": TAX.replace("5)", "7)").replace("calc", "tax")}),
    "an error that its caller holds back": Case(
        base={"calc.py": GUARDED, "test_calc.py": BASE["test_calc.py"]},
        change={"calc.py": GUARDED.replace("return a\n", "raise ValueError\n"), "test_zero.py": REGRESSION.replace(
            "div(1, 0), 0", "div(1, 'x'), None")}),
    "a test that remembers within its own run": Case(base=BASE, change={
        "calc.py": FIXED, "test_zero.py": "import pathlib\n" + edited(
            REGRESSION, "        self", "        (pathlib.Path.home() / '.met').write_text('1')\n        self")}),
    "a mark at the beginning of the text": Case(base={**BASE, "calc.py": "\ufeff" + BASE["calc.py"]}, change={
        **NEW, "calc.py": "\ufeff" + FIXED}),
    "a script": Case(base={**BASE, "tool": "#!/bin/sh\necho 1\n"}, change={
        "tool": "#!/bin/sh\necho 2\n", "test_zero.py": (HEAD + "    def test_zero(self):\n        import subprocess\n"
        "        self.assertEqual(subprocess.check_output(['sh', 'tool']), b'2\\n')\n")}),
    "a test for another system beside one for this": Case(base=BASE, change={"calc.py": FIXED, "test_zero.py": (
        REGRESSION + "    @unittest.skip('there')\n    def test_there(self):\n        self.fail()\n")},
        says="fails without the change and passes with it"),
    "a test that sets what it needs": Case(base=BASE, change={
        "calc.py": "import os\n" + FIXED.replace("else 0", "else int(os.environ['ZERO'])"),
        "test_zero.py": "import os\n" + edited(
            REGRESSION, "        self", "        os.environ['ZERO'] = '0'\n        self")},
        says="The tests as they were pass with the change as well"),
    "a fix in another language": Case(base=NODE, change={
        "calc.js": NODE_FIXED, "zero.test.js": NODE_HEAD + 'test("z", () => assert.strictEqual(div(1, 0), 0));'
    }, verify="node --test", says="fails without the change and passes with it"),
    "a name in another language": Case(base=NODE, change={
        "calc.js": "const ZERO = 0;\n" + NODE["calc.js"].replace("a / b", "b ? a / b : ZERO"),
        "zero.test.js": NODE_HEAD + 'test("z", () => assert.strictEqual(div(1, 0), 0));'}, verify="node --test"),
    "an error that its caller holds back in another language": Case(
        base={"calc.js": NODE_GUARDED, "calc.test.js": NODE["calc.test.js"]},
        change={"calc.js": NODE_GUARDED.replace("return 7", "throw new Error()"), "zero.test.js": NODE_HEAD +
                'test("z", () => assert.strictEqual(div(1, 0), null));'}, verify="node --test",
        says="fails without the change and passes with it"),
}  # fmt: skip
