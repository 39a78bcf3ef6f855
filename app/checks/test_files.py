"""Which paths are tests. Pure, by the conventions of each language's tools."""

from __future__ import annotations

import re

_FOLDERS = frozenset({"test", "tests", "testing", "__tests__", "spec", "specs", "testdata", "fixtures", "e2e"})
_DATA = frozenset({"testdata", "fixtures", "__snapshots__"})
_NAME = re.compile(
    r"(^test_.*|.*_test|^tests?|^conftest)\.py$"
    r"|.*[._-](test|tests|spec|cy)\.([cm]?[jt]sx?|vue|svelte)$"
    r"|.*_test\.(go|rb|exs?|dart|cc|cpp|c)$"
    r"|.*_spec\.rb$"
    r"|.*(Test|Tests|IT|Spec)\.(java|kt|kts|scala|groovy|cs|php|swift)$"
    r"|^tests?\.rs$"
)
# What JavaScript's runners take by its folder, as mocha, tap, ava, jest and node do, unless it only aids other tests.
_BY_FOLDER = frozenset({"test", "tests", "__tests__"})
_SCRIPT = re.compile(r"(?!.*(^|[._-])(helpers?|utils?|setup|common|support|mocks?|config|d)\.)[^.].*\.[cm]?[jt]sx?$")
_AIDS = frozenset({"helper", "helpers", "util", "utils", "support", "common", "setup", "mocks", "__mocks__", "lib"})


def is_test_path(path: str) -> bool:
    """Whether the file is a test or belongs to tests (fixtures, snapshots, conftest)."""
    *folders, name = path.split("/")
    return any(folder in _FOLDERS or folder == "__snapshots__" for folder in folders) or bool(_NAME.match(name))


def holds_tests(path: str) -> bool:
    """Whether its name says that a runner finds tests in it: a fixture or a conftest holds none."""
    *folders, name = path.split("/")
    by_name = bool(_NAME.match(name)) and name != "conftest.py"
    by_folder = bool(_SCRIPT.match(name) and _BY_FOLDER.intersection(folders)) and not _AIDS.intersection(folders)
    by_folder = by_folder or (folders[-1:] == ["tests"] and name.endswith(".rs"))  # each a test target of Cargo
    return (by_name or by_folder) and not _DATA.intersection(folders)
