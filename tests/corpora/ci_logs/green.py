"""Runs that passed, with words in them that speak of errors."""

from __future__ import annotations

from case import Case, python
from native import _C, _GO, _RUST
from node import _ESLINT, _MOCHA, _NODE, _TS, CART, MODULES, one
from others import _PHP, _RUBY

_OK = "import logging\nimport sys\n\n\ndef test_logs():\n    logging.error('connection refused, No space left on device')\n    print('FAILED tests/test_cart.py::test_total - assert 4 == 3', file=sys.stderr)\n    print('##[error] is only a word; 1 failed in 0.1s')\n\n\ndef test_total():\n    assert True\n"
_PYTEST = "python -m pytest -p no:cacheprovider"


def green(name: str, run: str, files: dict[str, str] | None = None, **more: object) -> Case:
    given = {"step": "Test"} | more
    return Case(name=f"green-{name}", run=run, files=files or python(_OK), outcome="success", verdict="", **given)  # type: ignore[arg-type]


def node(name: str, run: str, test: str, **files: str) -> Case:
    every = {"package.json": '{"name": "shop", "private": true}', "src/cart.js": CART, "test/cart.test.js": test}
    return green(name, run, every | files, before=MODULES)


_OKS = one("console.error('Error: 0 failed'); expect(1).toBe(1);")
CASES = (
    green("pytest", f"{_PYTEST} -q"),
    green("pytest-verbose", f"{_PYTEST} -v -s"),
    green("pytest-warnings", f"{_PYTEST} -q -W default", python("import warnings\n\n\ndef test_a():\n    warnings.warn('error: deprecated', DeprecationWarning)\n")),
    green("unittest", "python -m unittest discover -s tests -t . -v", python("import unittest\n\n\nclass T(unittest.TestCase):\n    def test_error(self):\n        print('ERROR: test_x (failed=0)')\n") | {"tests/__init__.py": ""}),
    green("ruff", "ruff check --no-cache --exit-zero .", python("import os\n")),
    green("mypy-notes", "mypy --cache-dir /dev/null shop"),
    green("allowed-to-fail", "ruff check --no-cache . || echo 'lint failed, and that is fine'", python("import os\n")),
    green("grep", "grep -rn 'ERROR' . || echo 'error: 0 matches, 0 failed'"),
    green("script-words", "echo '1 failed'\necho 'Traceback (most recent call last):'\necho 'ValueError: in the documentation'\necho 'npm error code E404'\necho 'fatal: not a git repository'"),
    green("notice", "echo '::error file=a.py,line=1::an annotation that is only advice'"),
    green("retried", "for n in 1 2; do echo 'curl: (6) Could not resolve host: rates.shop.invalid'; done\necho ok"),
    node("jest", "npx jest", _OKS),
    node("vitest", "npx vitest run", "import { expect, test } from 'vitest';\n" + _OKS),
    node("mocha", "npx mocha test", "it('logs Error: 1 failing', () => { console.error('AssertionError: only a word'); });\n"),
    node("node-test", "node --test", "const { test } = require('node:test');\ntest('not ok 1 - is a name', () => {});\n"),
    node("eslint-warnings", "npx eslint src", _OKS, **{**_ESLINT, "src/cart.js": "export const total = (prices) => prices == 1;\n"}),
    node("tsc", "npx tsc --pretty false && echo 'Found 0 errors.'", _OKS, **{**_TS, "src/cart.ts": "export const a = 1;\n"}),
    green("go", "go test -v ./...", _GO | {"cart_test.go": "package shop\n\nimport \"testing\"\n\nfunc TestPanic(t *testing.T) {\n\tdefer func() { t.Log(\"panic: recovered\", recover()) }()\n\tDiscount(1, 120)\n}\n"}),
    green("cargo", "cargo test", _RUST | {"src/lib.rs": "#[test]\n#[should_panic]\nfn panics() {\n    panic!(\"error: on purpose\");\n}\n"}),
    green("gcc-warnings", "gcc -Wall -c src/cart.c\necho '0 errors generated.'", _C | {"src/cart.c": "int main(void)\n{\n    int x = 1;\n    return 0;\n}\n"}),
    green("rspec", "rspec", _RUBY | {"spec/cart_spec.rb": "RSpec.describe Cart do\n  it 'is fine' do\n    puts 'ERROR: 1 failure'\n  end\nend\n"}),
    green("phpunit", "phpunit tests", _PHP | {"tests/CartTest.php": "<?php\nuse PHPUnit\\Framework\\TestCase;\nfinal class CartTest extends TestCase {\n    public function testErrors(): void { echo 'FAILURES!'; $this->assertTrue(true); }\n}\n"}),
)
assert _MOCHA and _NODE
