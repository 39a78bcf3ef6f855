"""Lines that a merge added, and whether they are changed again."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.events.outcomes import Touched
from app.outcomes.lines import MOST_FILES, MOST_RANGES, added, changed_again
from app.outcomes.reverts import takes_back

FIX = "@@ -3,3 +3,5 @@ x\n \n def divide(a, b):\n+    if b == 0:\n+        return None\n     return a / b"


def test_the_lines_that_a_patch_adds_are_numbered_as_they_are_after_it():
    assert added([{"filename": "calc.py", "patch": FIX}]) == ([Touched(path="calc.py", lines=[(5, 6)])], True)
    assert added([{"filename": "logo.png"}, {"filename": "gone.py", "patch": "@@ -1,2 +0,0 @@\n-a\n-b"}]) == ([], True)


@pytest.mark.parametrize(
    ("patch", "hits"),
    [
        ("@@ -5,2 +5,1 @@\n-    if b == 0:\n+    if not b:", True),
        ("@@ -6,1 +6,1 @@\n-        return None\n+        return 0", True),
        ("@@ -5,0 +6,1 @@\n+        log(b)", True),  # between our two
        ("@@ -4,0 +5,1 @@\n+    # before ours", False),
        ("@@ -6,0 +7,1 @@\n+    # after ours", False),
        ("@@ -7,1 +7,1 @@\n-    return a / b\n+    return a // b", False),
        (
            "@@ -3,5 +3,5 @@\n \n-def divide(a, b):\n+def divide(x, b):\n     if b == 0:\n         return None\n x",
            False,
        ),
        ("@@ -5,2 +4,0 @@\n-    if b == 0:\n-        return None\n\\ No newline at end of file", True),
        ("", False),
    ],
)
def test_a_later_patch_meets_them_or_not(patch, hits):
    touched, _ = added([{"filename": "calc.py", "patch": FIX}])
    assert changed_again(touched, [{"filename": "calc.py", "patch": patch}]) == ("calc.py" if hits else "")
    assert changed_again(touched, [{"filename": "new.py", "previous_filename": "calc.py", "patch": patch}]) == (
        "calc.py" if hits else ""
    )
    assert changed_again(touched, [{"filename": "other.py", "patch": patch}]) == ""


def test_what_is_kept_is_bounded_and_says_so():
    many = [{"filename": f"{number}.py", "patch": "@@ -0,0 +1 @@\n+a"} for number in range(MOST_FILES + 1)]
    found, is_whole = added(many)
    assert (len(found), is_whole) == (MOST_FILES, False)
    scattered = "\n".join(f"@@ -{n},0 +{n} @@\n+a" for n in range(1, 3 * MOST_RANGES, 2))
    found, is_whole = added([{"filename": "a.py", "patch": scattered}])
    assert (len(found[0].lines), is_whole) == (MOST_RANGES, False)


def _patch(folder: Path, before: str, after: str) -> str:
    (folder / "before").write_text(before)
    (folder / "after").write_text(after)
    ran = subprocess.run(
        ["git", "diff", "--no-index", "before", "after"], cwd=folder, capture_output=True, text=True, check=False
    )
    return ran.stdout[ran.stdout.find("@@") :] if "@@" in ran.stdout else ""


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("xyz"), min_size=1, max_size=4), st.data()
)
def test_as_git_counts_them(tmp_path_factory, lines, ours, data):
    """What git says was added is where it stands in the file."""
    folder = tmp_path_factory.mktemp("lines")
    at = data.draw(st.integers(0, len(lines)))
    merged = [*lines[:at], *ours, *lines[at:]]
    text = "".join(f"{line}\n" for line in merged)
    touched, _ = added([{"filename": "f", "patch": _patch(folder, "".join(f"{line}\n" for line in lines), text)}])
    numbers = {n for item in touched for first, last in item.lines for n in range(first, last + 1)}
    assert numbers == set(range(at + 1, at + 1 + len(ours)))
    hit = data.draw(st.integers(0, len(merged) - 1))
    changed = [*merged[:hit], "changed", *merged[hit + 1 :]]
    later = _patch(folder, text, "".join(f"{line}\n" for line in changed))
    assert bool(changed_again(touched, [{"filename": "f", "patch": later}])) == (hit + 1 in numbers)


MERGE, OURS = "a1" * 20, "b2" * 20


@pytest.mark.parametrize(
    ("message", "takes"),
    [
        (f'Revert "Guard zero"\n\nThis reverts commit {MERGE}.', True),
        (f'Revert "Guard zero"\n\nThis reverts commit\n{OURS[:12]}, reversing\nchanges made to x.', True),
        ('Revert "Guard zero (#12)" (#15)', True),
        ('Revert "Guard zero" (#15)\n\nReverts acme/calc#12', True),
        ("Reverts #12", True),
        (f"This reverts commit {'c3' * 20}.", False),
        ('Revert "Guard zero (#120)"', False),
        ("Reverts #120", False),
        ("Do not revert #12", False),
        ("", False),
    ],
)
def test_how_a_revert_says_so(message, takes):
    assert takes_back(message, number=12, shas={MERGE, OURS}) == takes
