"""A second draw, held out: made after the readers were done, with other versions of the tools and in ways in which nothing
had been broken before. What the readers made of it at first sight is kept in `docs/ci-logs.md`. `SEEN` are of a kind for
which a reader had just been mended, so they count as seen.
"""

from __future__ import annotations

from dataclasses import replace

from case import Case, python
from native import go, rust, c
from node import case as node

OURS = {"changed": ["tests/test_cart.py", "shop/cart.py", "shop/rates.py", "src/cart.js", "src/cart.ts", "test/cart.test.js"], "base": "green"}
STANDS = {"changed": ["README.md"], "base": "green", "rerun": "same"}
MODULES = "cp -al /opt/hostedtoolcache/node_again/node_modules node_modules"


def py(name: str, tool: str, cause: str, run: str, key: str, *places: str, **more: object) -> Case:
    given = {"facts": OURS, "verdict": "ours", "step": "Checks", "tool": tool, "files": python("")} | more
    return Case(name=f"again-{name}", cause=cause, run=run, key=key, places=places, **given)  # type: ignore[arg-type]


def js(name: str, *given: str, **more: object) -> Case:
    return node(f"again-{name}", *given, **{"before": MODULES, "facts": OURS} | more)  # type: ignore[arg-type]


_SUM = "from shop.cart import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n"
_RATES = "import collections\n\n\nclass Rates(collections.MutableMapping):\n    pass\n"
_LOAD = python("from shop.rates import Rates\n\n\ndef test_rates():\n    assert Rates()\n") | {"shop/rates.py": _RATES}
_UNITTEST = {"tests/__init__.py": "", "tests/test_cart.py": "import unittest\n\nfrom shop.rates import Rates\n\n\nclass T(unittest.TestCase):\n    def test_rates(self):\n        Rates()\n", "shop/__init__.py": "", "shop/rates.py": _RATES}
_PYTHON = (
    py("pytest-collection-attribute", "pytest", "import", "python -m pytest -q -p no:cacheprovider", "module 'collections' has no attribute 'MutableMapping'", "shop/rates.py:4", files=_LOAD, verdict="deterministic", facts={"changed": ["README.md"], "base": "unknown"}),
    py("pytest-collection-ours", "pytest", "import", "python -m pytest -q -p no:cacheprovider", "TypeError: 'NoneType' object is not callable", "tests/test_cart.py:1", files=python("PRICES = None()\n\n\ndef test_total():\n    pass\n")),
    py("unittest-collection-attribute", "unittest", "import", "python -m unittest discover -s tests -t .", "module 'collections' has no attribute 'MutableMapping'", "shop/rates.py:4", files=_UNITTEST),
    py("pytest-xdist", "pytest", "test", "python -m pytest -q -p no:cacheprovider -n 2", "assert 4 == 3", "tests/test_cart.py:5", files=python(_SUM)),
    py("pytest-short-traceback", "pytest", "test", "python -m pytest -q -p no:cacheprovider --tb=short", "assert 4 == 3", "tests/test_cart.py:5", files=python(_SUM)),
    py("pytest-no-traceback", "pytest", "test", "python -m pytest -q -p no:cacheprovider --tb=no -rf", "assert 4 == 3", files=python(_SUM), verdict="ours"),
    py("pytest-hypothesis", "pytest", "test", "python -m pytest -q -p no:cacheprovider", "Falsifying example", "tests/test_cart.py:6", files=python("from hypothesis import given, settings, strategies as st\nfrom shop.cart import total\n\n\n@given(st.lists(st.integers(0, 9), max_size=3))\ndef test_total(prices):\n    assert total(prices) == sum(prices)\n")),
    py("pytest-doctest", "pytest", "test", "python -m pytest -q -p no:cacheprovider --doctest-modules shop", "Expected:", "shop/rates.py:4", files=python("") | {"shop/rates.py": 'def rate():\n    """A rate.\n\n    >>> rate()\n    2\n    """\n    return 3\n'}),
    py("pytest-raises", "pytest", "test", "python -m pytest -q -p no:cacheprovider", "DID NOT RAISE", "tests/test_cart.py:6", files=python("import pytest\nfrom shop.cart import discount\n\n\ndef test_discount():\n    with pytest.raises(ValueError):\n        discount(1, 20)\n")),
    py("pytest-strict-xfail", "pytest", "test", "python -m pytest -q -p no:cacheprovider -o xfail_strict=true", "XPASS(strict)", files=python("import pytest\n\n\n@pytest.mark.xfail(reason='not yet')\ndef test_total():\n    pass\n"), verdict="ours"),
    py("pytest-maxfail", "pytest", "test", "python -m pytest -x -p no:cacheprovider", "assert 4 == 3", "tests/test_cart.py:5", files=python(_SUM)),
    py("pytest-exit-in-test", "pytest", "test", "python -m pytest -q -p no:cacheprovider", "SystemExit: 4", "tests/test_cart.py:5", files=python("import sys\n\n\ndef test_total():\n    sys.exit(4)\n")),
    py("unittest-buffer", "unittest", "test", "python -m unittest discover -b -s tests -t .", "AssertionError: Lists differ", "tests/test_cart.py:6", files={"tests/__init__.py": "", "tests/test_cart.py": "import unittest\n\n\nclass T(unittest.TestCase):\n    def test_list(self):\n        self.assertEqual([1, 2], [1, 3])\n"}),
    py("unittest-subtests", "unittest", "test", "python -m unittest discover -s tests -t .", "AssertionError: 2 != 1", "tests/test_cart.py:8", files={"tests/__init__.py": "", "tests/test_cart.py": "import unittest\n\n\nclass T(unittest.TestCase):\n    def test_each(self):\n        for number in (1, 2):\n            with self.subTest(number=number):\n                self.assertEqual(number, 1)\n"}),
    py("ruff-older", "ruff", "lint", "ruff check --no-cache .", "F401", "tests/test_cart.py:1", files=python("import os\n\n\ndef test_total():\n    pass\n")),
    py("ruff-format-diff", "ruff", "format", "ruff format --no-cache --check --diff .", "would be reformatted", files=python("def test_total( ):\n    pass\n"), verdict="ours"),
    py("black-older", "black", "format", "black --check .", "would reformat", "tests/test_cart.py:0", files=python("def test_total( ):\n    pass\n")),
    py("flake8-type-comparison", "flake8", "lint", "python -m flake8 tests", "E721", "tests/test_cart.py:2", files=python("def test_total():\n    assert type(1) == int\n"), verdict="deterministic", facts={"changed": ["README.md"], "base": "unknown"}),
    py("flake8-show-source", "flake8", "lint", "python -m flake8 --show-source --statistics tests", "F401", "tests/test_cart.py:1", files=python("import os\n\n\ndef test_total():\n    pass\n")),
    py("mypy-older", "mypy", "type", "mypy --cache-dir /dev/null --strict shop", "Function is missing a type annotation", "shop/cart.py:4", files=python("")),
    py("mypy-note", "mypy", "type", "mypy --cache-dir /dev/null --show-error-context shop", "Incompatible types in assignment", "shop/rates.py:2", files=python("") | {"shop/rates.py": "def rate() -> int:\n    found: int = 'a'\n    return found\n"}),
    py("isort-diff", "isort", "format", "isort --check-only --diff tests", "Imports are incorrectly sorted", "tests/test_cart.py:0", files=python("import sys\nimport os\n")),
    py("pylint-errors-only", "pylint", "lint", "pylint -E tests/test_cart.py", "E0602", "tests/test_cart.py:2", files=python("def test_total():\n    return totl\n")),
    py("tox-older", "pytest", "test", "tox", "assert 4 == 3", "tests/test_cart.py:5", files=python(_SUM) | {"tox.ini": "[tox]\nenvlist = py311\nskipsdist = true\n[testenv]\nsitepackages = true\nallowlist_externals = *\ncommands = python -m pytest -q\n"}),
    py("nox-session", "pytest", "test", "nox --no-venv -s tests", "assert 4 == 3", "tests/test_cart.py:5", files=python(_SUM) | {"noxfile.py": "import nox\n\n\n@nox.session\ndef tests(session):\n    session.run('python', '-m', 'pytest', '-q', external=True)\n"}),
    py("coverage-report", "coverage", "coverage", "coverage run -m pytest -q tests\ncoverage report --fail-under 95", "Coverage failure: total of", files=python("from shop.cart import first\n\n\ndef test_first():\n    assert first([1]) == 1\n"), verdict="ours"),
)
_VITEST = "import { expect, test } from 'vitest';\nimport { total } from '../src/cart';\n\ntest('adds', () => {\n  expect(total([1, 2])).toBe(3);\n});\n"
_JEST = "const { total } = require('../src/cart');\n\ntest('adds', () => {\n  expect(total([1, 2])).toBe(3);\n});\n"
_JS = (
    js("jest-older", "jest", "npx jest", "Expected: 3", "test/cart.test.js:4", test=_JEST),
    js("jest-silent-bail", "jest", "npx jest --bail --silent", "Expected: 3", "test/cart.test.js:4", test=_JEST),
    js("jest-cannot-load", "jest", "npx jest", "TypeError: Cannot read properties of undefined", "test/cart.test.js:2", test="const shop = undefined;\nshop.open();\n\ntest('a', () => {});\n", cause="import"),
    js("jest-object", "jest", "npx jest", "toEqual", "test/cart.test.js:2", test="test('object', () => {\n  expect({ a: 1, b: [1] }).toEqual({ a: 1, b: [2] });\n});\n"),
    js("vitest-older", "vitest", "npx vitest run", "expected 4 to be 3", "test/cart.test.js:5", test=_VITEST),
    js("vitest-dot", "vitest", "npx vitest run --reporter dot", "expected 4 to be 3", "test/cart.test.js:5", test=_VITEST),
    js("mocha-older", "mocha", "npx mocha test", "Expected values to be strictly equal", "test/cart.test.js:3", test="const assert = require('assert');\nit('adds', () => {\n  assert.strictEqual(4, 3);\n});\n"),
    js("mocha-dot", "mocha", "npx mocha --reporter dot test", "no such thing", "test/cart.test.js:2", test="it('adds', () => {\n  throw new Error('no such thing');\n});\n"),
    js("node-test-tap", "node", "node --test --test-reporter tap", "Expected values to be strictly equal", "test/cart.test.js:4", test="const { test } = require('node:test');\nconst assert = require('assert');\ntest('adds', () => {\n  assert.strictEqual(4, 3);\n});\n"),
    js("eslint-older", "eslint", "npx eslint src", "no-unused-vars", "src/cart.js:1", more_files={".eslintrc.json": '{"root": true, "extends": "eslint:recommended", "parserOptions": {"ecmaVersion": 2020, "sourceType": "module"}}', "src/cart.js": "const unused = 1;\n"}, cause="lint"),
    js("eslint-unix", "eslint", "npx eslint --format unix src", "no-unused-vars", "src/cart.js:1", more_files={".eslintrc.json": '{"root": true, "extends": "eslint:recommended", "parserOptions": {"ecmaVersion": 2020, "sourceType": "module"}}', "src/cart.js": "const unused = 1;\n"}, cause="lint"),
    js("tsc-older", "tsc", "npx tsc --pretty false", "error TS2322", "src/cart.ts:1", more_files={"tsconfig.json": '{"compilerOptions": {"strict": true, "noEmit": true, "types": []}, "include": ["src"]}', "src/cart.ts": "export const total: string = 1;\n"}, cause="type"),
    js("prettier-older", "prettier", "npx prettier --check src", "Code style issues", "src/cart.js:0", more_files={"src/cart.js": "const  a=1\n"}, cause="format"),
    js("prettier-cannot-parse", "prettier", "npx prettier --check src", "SyntaxError", "src/cart.js:1", more_files={"src/cart.js": "const = 1;\n"}, cause="syntax"),
)
_NATIVE = (
    go("again-go-json", "go test -json ./...", "Total() = 4, want 3", "cart_test.go:7"),
    go("again-go-race-off", "go test -count=1 -run TestTotal ./...", "Total() = 4, want 3", "cart_test.go:7"),
    go("again-go-example", "go test ./...", "got:", "cart_test.go:5", test="package shop\n\nimport \"fmt\"\n\nfunc ExampleTotal() {\n\tfmt.Println(Total([]int{1}))\n\t// Output: 1\n}\n"),
    go("again-go-unused", "go build ./...", "declared", "cart.go:4", more_files={"cart.go": "package shop\n\nfunc A() {\n\tb := 1\n}\n", "cart_test.go": "package shop\n"}, cause="compile", step="Build"),
    rust("again-cargo-panic", "cargo test", "index out of bounds", "src/lib.rs:5", lib="#[cfg(test)]\nmod tests {\n    #[test]\n    fn first() {\n        let none: Vec<u32> = vec![]; let _ = none[0];\n    }\n}\n"),
    rust("again-cargo-doc", "cargo test --doc", "assertion", lib="/// Adds.\n///\n/// ```\n/// assert_eq!(shop::one(), 2);\n/// ```\npub fn one() -> u32 {\n    1\n}\n", verdict="ours"),
    rust("again-cargo-moved", "cargo check", "borrow of moved value", "src/lib.rs:4", lib="pub fn a() -> usize {\n    let s = String::new();\n    drop(s);\n    s.len()\n}\n", cause="compile", step="Build"),
    c("again-gcc-implicit", "gcc", "gcc -Werror=implicit-function-declaration -c src/cart.c", "implicit declaration of function", "src/cart.c:3", more_files={"src/cart.c": "int main(void)\n{\n    return totl(0);\n}\n"}),
    c("again-gcc-link", "gcc", "gcc src/cart.c -o cart", "undefined reference to", more_files={"src/cart.c": "int totl(int);\n\nint main(void)\n{\n    return totl(0);\n}\n"}, verdict="ours"),
)
SEEN = ("again-pytest-collection-attribute", "again-pytest-collection-ours", "again-unittest-collection-attribute", "again-flake8-type-comparison")
CASES = tuple(replace(case, drawn="seen" if case.name in SEEN else "second") for case in (*_PYTHON, *_JS, *_NATIVE))
