"""What runs the tests of the stories' project says what unittest says."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import unittest
from pathlib import Path

import pytest

from tests.scenarios import stories

RED = """
    def test_differs(self):
        self.assertEqual(["a"] * 9, ["b"] * 9)

    def test_raises(self):
        divide(1, 0)

    @unittest.skip("later")
    def test_is_skipped(self):
        with self.subTest(n=1):
            self.fail()
"""


@pytest.mark.parametrize(
    ("more", "options", "code"),
    [
        ({"test_calc.py": stories.TEST_CALC + RED, "test_broken.py": "import no"}, "", 1),
        ({"test_by_zero.py": stories.REGRESSION}, "-k '*test_by_zero.DividesByZero.test_by*' -k '*by_hand*'", 1),
        ({"test_calc.py": stories.TEST_CALC + RED}, "-k '*test_calc.Divides.test_divides'", 0),
        ({"test_calc.py": stories.TEST_CALC + RED}, "-v test_calc", 1),
    ],
)
def test_the_quick_start_changes_no_word_and_no_exit_code(tmp_path, more, options, code):
    said = set()
    for name in ("quick", "by_the_book"):
        for path, text in (stories.PROJECT | more).items():
            file = tmp_path / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        if name == "by_the_book":
            (tmp_path / name / "unittest.py").unlink()
        command = [sys.executable, *shlex.split(stories.TESTS)[1:], *shlex.split(options)]
        ran = subprocess.run(command, cwd=tmp_path / name, capture_output=True, text=True, check=False)
        said.add((ran.returncode, ran.stdout, re.sub(r"in \d+\.\d+s", "", ran.stderr.replace(name, ""))))
    ((ended, _, words),) = said
    assert ended == code and re.search(r"^Ran [1-9]", words, re.MULTILINE)


def test_whoever_else_imports_unittest_gets_it(tmp_path):
    for path, text in stories.PROJECT.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    asked = "import unittest.async_case, test_calc, sys; print(unittest.__path__, 'argparse' in sys.modules)"
    command = [sys.executable, "-S", "-c", asked]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout == (
        f"[{str(Path(unittest.__file__).parent)!r}] True\n"
    )
