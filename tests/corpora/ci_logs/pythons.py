"""pytest, unittest, tox, linters and type checkers of Python, pre-commit."""

from __future__ import annotations

from case import CART, Case, python

PYTEST = "python -m pytest -q -p no:cacheprovider"
OURS = {"changed": ["shop/cart.py", "tests/test_cart.py", "tests/conftest.py"], "base": "green"}
_TOTAL = "from shop.cart import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n"
_SEVERAL = """import pytest
from shop.cart import discount, first, total


def test_total():
    assert total([1, 2]) == 3


def test_first_of_none():
    assert first([]) is None


@pytest.mark.parametrize("percent", [10, 120])
def test_discount(percent):
    assert discount(100, percent) == 90


def test_words():
    print("ERROR: nothing is wrong here, 0 failed")
"""
_UNIT = """import unittest
from shop.cart import discount, total


class CartTest(unittest.TestCase):
    def test_total(self):
        self.assertEqual(total([1, 2]), 3)

    def test_discount(self):
        for percent in (10, 120):
            with self.subTest(percent=percent):
                self.assertEqual(discount(100, percent), 90)


if __name__ == "__main__":
    unittest.main()
"""


def pytest(name: str, test: str, key: str, *places: str, **more: object) -> Case:
    given = {"cause": "test", "run": PYTEST, "places": places, "facts": OURS, "verdict": "ours"} | more
    return Case(name=f"pytest-{name}", tool="pytest", key=key, files=python(test), **given)  # type: ignore[arg-type]


_PYTESTS = (
    pytest("assert", _TOTAL, "assert 4 == 3", "tests/test_cart.py:5"),
    pytest("assert-base-red", _TOTAL, "assert 4 == 3", "tests/test_cart.py:5", verdict="base-is-red", facts={"base": "same", "changed": ["README.md"]}, same_as="pytest-assert"),
    pytest("several", _SEVERAL, "assert 4 == 3", "tests/test_cart.py:6", "shop/cart.py:10", "shop/cart.py:15"),
    pytest("several-colour", _SEVERAL, "assert 4 == 3", "tests/test_cart.py:6", env={"FORCE_COLOR": "1"}, same_as="pytest-several"),
    pytest("verbose-names", _SEVERAL, "assert 4 == 3", "tests/test_cart.py:6", run="python -m pytest -v -p no:cacheprovider", same_as="pytest-several"),
    pytest("short-traceback", _SEVERAL, "assert 4 == 3", "tests/test_cart.py:6", run=f"{PYTEST} --tb=short", same_as="pytest-several"),
    pytest("line-traceback", _TOTAL, "assert 4 == 3", "tests/test_cart.py:5", run=f"{PYTEST} --tb=line"),
    pytest("xdist", _SEVERAL, "assert 4 == 3", "tests/test_cart.py:6", run=f"{PYTEST} -n 2", same_as="pytest-several"),
    pytest("import-error", "from shop.basket import total\n\n\ndef test_total():\n    assert total([]) == 0\n", "ModuleNotFoundError: No module named 'shop.basket'", "tests/test_cart.py:1", cause="import"),
    pytest("missing-dependency", "import flaskish\n\n\ndef test_total():\n    assert flaskish\n", "ModuleNotFoundError: No module named 'flaskish'", "tests/test_cart.py:1", cause="import", verdict="deterministic", facts={"base": "green", "changed": ["README.md"], "rerun": "same"}),
    pytest("syntax-error", "def test_total(:\n    assert True\n", "SyntaxError: invalid syntax", "tests/test_cart.py:1", cause="syntax"),
    pytest("name-error", "from shop.cart import total\n\n\ndef test_total():\n    assert totals([]) == 0\n", "NameError: name 'totals' is not defined", "tests/test_cart.py:5"),
    pytest("fixture-error", "import pytest\n\n\n@pytest.fixture\ndef shop():\n    raise RuntimeError('no shop today')\n\n\ndef test_total(shop):\n    assert shop\n", "RuntimeError: no shop today", "tests/test_cart.py:6"),
    pytest("fixture-missing", "def test_total(basket):\n    assert basket\n", "fixture 'basket' not found", "tests/test_cart.py:1"),
    pytest("timeout", "import time\n\n\ndef test_total():\n    time.sleep(30)\n", "Timeout (>1.0s) from pytest-timeout", "tests/test_cart.py:5", run=f"{PYTEST} --timeout 1", cause="timeout"),
    pytest("segfault", "import ctypes\n\n\ndef test_total():\n    ctypes.string_at(0)\n", "Fatal Python error: Segmentation fault", "tests/test_cart.py:5", run="python -X faulthandler -m pytest -q -p no:cacheprovider", cause="crash"),
    pytest("warning-is-error", "import warnings\n\n\ndef test_total():\n    warnings.warn('old way', FutureWarning)\n", "FutureWarning: old way", "tests/test_cart.py:5", run=f"{PYTEST} -W error::FutureWarning"),
    pytest("no-tests", "def total():\n    pass\n", "no tests ran", cause="no-tests"),
    pytest("conftest", "def test_total():\n    pass\n", "ImportError while loading conftest", run=f"echo 'import shopfixtures' > tests/conftest.py\n{PYTEST}", cause="import"),
    pytest("usage", _TOTAL, "error: unrecognized arguments: --covfefe", run=f"{PYTEST} --covfefe", cause="usage", verdict="deterministic", facts={"base": "green", "changed": ["README.md"], "rerun": "same"}),
    pytest("coverage", "from shop.cart import first\n\n\ndef test_first():\n    assert first([1]) == 1\n", "Required test coverage of 90% not reached", run=f"{PYTEST} --cov=shop --cov-fail-under=90", cause="coverage"),
    pytest("flaky", "import os\n\n\ndef test_total():\n    assert os.urandom(1) == b'never'\n", "b'never'", "tests/test_cart.py:5", verdict="flaky", facts={"base": "green", "changed": ["README.md"], "rerun": "passed"}),
    pytest("dns", "import urllib.request\n\n\ndef test_rates():\n    urllib.request.urlopen('http://rates.shop.invalid/eur')\n", "[Errno -2] Name or service not known", "tests/test_cart.py:5", cause="network", verdict="external", facts={"changed": ["README.md"]}),
    pytest("in-annotations", _TOTAL, "assert 4 == 3", "tests/test_cart.py:5", run="python -m pytest -q -p no:cacheprovider -p pytest_github_actions_annotate_failures", same_as="pytest-assert"),
    pytest("noisy", "import pytest\nfrom shop.cart import total\n\n\n@pytest.mark.parametrize('n', range(1500))\ndef test_noise(n):\n    print('ERROR: failed to open', n)\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n", "assert 4 == 3", "tests/test_cart.py:11", run="python -m pytest -s -v -p no:cacheprovider"),
    pytest("matrix-3.11", _TOTAL, "assert 4 == 3", job="test (3.11)", same_as="pytest-assert"),
    pytest("matrix-3.12", _TOTAL, "assert 4 == 3", job="test (3.12)", run=f"# 3.12\n{PYTEST}", same_as="pytest-assert"),
    pytest("async", "import pytest\n\n\n@pytest.mark.asyncio\nasync def test_total():\n    raise ConnectionResetError('by the shop')\n", "ConnectionResetError: by the shop", "tests/test_cart.py:6", facts={"changed": ["tests/test_cart.py"], "base": "green", "rerun": "same"}),
)


def tool(name: str, tool: str, cause: str, run: str, key: str, *places: str, **more: object) -> Case:
    given = {"facts": OURS, "verdict": "ours", "step": "Lint", "files": python(_TOTAL), "tool": tool} | more
    return Case(name=name, cause=cause, run=run, key=key, places=places, **given)  # type: ignore[arg-type]


_LINT = python("import os\nimport sys\nfrom shop.cart import total\n\ndef test_total( ):\n    x = 1\n    assert total([1]) == 2\n")
_TYPES = python("") | {"shop/cart.py": "def total(prices: list[int]) -> int:\n    return str(sum(prices))\n\n\ntotal('a')\n"}
_HOOKS = """repos:
  - repo: local
    hooks:
      - {id: ruff, name: ruff, entry: ruff check --no-cache, language: system, types: [python]}
      - {id: black, name: black, entry: black, language: system, types: [python]}
      - {id: mypy, name: mypy, entry: mypy, language: system, types: [python]}
"""
_GIT = "git init -q . && git config user.email a@b.c && git config user.name a && git add -A"
_TOX = "[tox]\nenvlist = py311\nskipsdist = true\n[testenv]\nsystem_site_packages = true\ndeps = {deps}\nallowlist_externals = *\ncommands = {run}\n"

_OTHERS = (
    tool("unittest-assert", "unittest", "test", "python -m unittest discover -s tests -t .", "AssertionError: 4 != 3", "tests/test_cart.py:7", files=python(_UNIT) | {"tests/__init__.py": ""}, step="Unit tests"),
    tool("unittest-import", "unittest", "import", "python -m unittest tests.test_cart", "ModuleNotFoundError: No module named 'shop.basket'", "tests/test_cart.py:1", files=python("import shop.basket\n") | {"tests/__init__.py": ""}),
    tool("unittest-error", "unittest", "test", "python -m unittest -v tests.test_cart", "IndexError: list index out of range", "shop/cart.py:15", files=python("import unittest\nfrom shop.cart import first\n\n\nclass T(unittest.TestCase):\n    def setUp(self):\n        first([])\n\n    def test_a(self):\n        pass\n") | {"tests/__init__.py": ""}),
    tool("unittest-nothing-found", "unittest", "no-tests", "python3.12 -m unittest discover -s shop", "NO TESTS RAN", env={"PYENV_VERSION": "3.12.1"}),
    tool("tox-pytest", "pytest", "test", "tox -q", "assert 4 == 3", "tests/test_cart.py:5", files=python(_TOTAL) | {"tox.ini": _TOX.format(deps="", run="python -m pytest -q")}),
    tool("tox-missing-dependency", "pip", "dependency", "tox", "No matching distribution found for shopkit-of-nobody==9.9", files=python(_TOTAL) | {"tox.ini": _TOX.format(deps="shopkit-of-nobody==9.9", run="python -m pytest")}, verdict="unknown", facts={"changed": ["README.md"]}),
    tool("tox-command-fails", "tox", "command", "tox", "py311: exit 3", verdict="unknown", files=python(_TOTAL) | {"tox.ini": _TOX.format(deps="", run="python -c 'import sys; sys.exit(3)'")}),
    tool("tox-no-interpreter", "tox", "usage", "tox -e py35 --skip-missing-interpreters false", "could not find python interpreter", files=python(_TOTAL) | {"tox.ini": "[tox]\nskipsdist = true\n[testenv]\ncommands = python -V\n"}, verdict="deterministic"),
    tool("ruff-check", "ruff", "lint", "ruff check --no-cache .", "F401", "tests/test_cart.py:1", "tests/test_cart.py:6", files=_LINT),
    tool("ruff-concise", "ruff", "lint", "ruff check --no-cache --output-format concise .", "tests/test_cart.py:1:8: F401", "tests/test_cart.py:2", files=_LINT, same_as="ruff-check"),
    tool("ruff-github", "ruff", "lint", "ruff check --no-cache --output-format github .", "F401", "tests/test_cart.py:1", files=_LINT, same_as="ruff-check"),
    tool("ruff-format", "ruff", "format", "ruff format --no-cache --check .", "File would be reformatted", "tests/test_cart.py:0", files=_LINT),
    tool("ruff-syntax", "ruff", "syntax", "ruff check --no-cache .", "invalid-syntax", "tests/test_cart.py:1", files=python("def test_total(:\n    pass\n")),
    tool("black-check", "black", "format", "black --check --diff --quiet . || black --check .", "would reformat /home/runner/work/shop/shop/tests/test_cart.py", "tests/test_cart.py:0", files=_LINT),
    tool("black-cannot-parse", "black", "syntax", "black --check .", "error: cannot parse", files=python("def test_total(:\n    pass\n")),
    tool("flake8", "flake8", "lint", "flake8 tests", "tests/test_cart.py:1:1: F401", "tests/test_cart.py:1", files=_LINT),
    tool("isort", "isort", "format", "isort --check-only .", "Imports are incorrectly sorted", "tests/test_cart.py:0", files=_LINT),
    tool("pylint", "pylint", "lint", "pylint --disable=C --persistent=n tests", "tests/test_cart.py:1:0: W0611", "tests/test_cart.py:1", files=_LINT),
    tool("mypy-types", "mypy", "type", "mypy --cache-dir /dev/null shop", 'Incompatible return value type (got "str", expected "int")', "shop/cart.py:2", "shop/cart.py:5", files=_TYPES, step="Types"),
    tool("mypy-pretty", "mypy", "type", "mypy --cache-dir /dev/null --pretty --show-column-numbers shop", "Incompatible return value type", "shop/cart.py:2", "shop/cart.py:5", files=_TYPES, same_as="mypy-types"),
    tool("mypy-stubs", "mypy", "type", "mypy --cache-dir /dev/null --strict shop", 'Library stubs not installed for "yaml"', "shop/cart.py:1", files=_TYPES | {"shop/cart.py": "import yaml\n\nprint(yaml)\n"}),
    tool("mypy-syntax", "mypy", "syntax", "mypy --cache-dir /dev/null shop", "Expected a parameter", "shop/cart.py:1", files=_TYPES | {"shop/cart.py": "def total(:\n    pass\n"}),
    tool("precommit-ruff", "ruff", "lint", f"{_GIT}\npre-commit run --all-files", "F401", "tests/test_cart.py:1", files=_LINT | {".pre-commit-config.yaml": _HOOKS}),
    tool("precommit-reformats", "black", "format", f"{_GIT}\npre-commit run black --all-files", "files were modified by this hook", "tests/test_cart.py:0", files=python("def test_total( ):\n    pass\n") | {".pre-commit-config.yaml": _HOOKS}, verdict="ours"),
    tool("precommit-mypy", "mypy", "type", f"{_GIT}\npre-commit run --all-files", "Incompatible return value type", "shop/cart.py:2", files=_TYPES | {".pre-commit-config.yaml": _HOOKS}),
    tool("precommit-cannot-fetch", "pre-commit", "network", f"{_GIT}\npre-commit run --all-files", "Could not resolve host: hooks.shop.invalid", files=_LINT | {".pre-commit-config.yaml": "repos:\n  - repo: https://hooks.shop.invalid/hooks\n    rev: v1\n    hooks: [{id: x}]\n"}, verdict="external"),
    tool("python-script", "python", "crash", "python scripts/release.py", "ValueError: percent out of range: 120", "shop/cart.py:10", files=python("") | {"scripts/release.py": "import sys\nsys.path.insert(0, '.')\nfrom shop.cart import discount\n\nprint('Releasing…', flush=True)\ndiscount(1, 120)\n"}, step="Release"),
    tool("python-no-secret", "python", "secret", "python -c \"import os; os.environ['PUBLISH_TOKEN']\"", "KeyError: 'PUBLISH_TOKEN'", step="Publish", verdict="unknown", facts={"changed": ["README.md"]}),
)

CASES = (*_PYTESTS, *_OTHERS)
assert CART
