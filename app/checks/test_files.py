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


def is_test_path(path: str) -> bool:
    """Whether the file is a test or belongs to tests (fixtures, snapshots, conftest)."""
    *folders, name = path.split("/")
    return any(folder in _FOLDERS or folder == "__snapshots__" for folder in folders) or bool(_NAME.match(name))


def holds_tests(path: str) -> bool:
    """Whether its name says that a runner finds tests in it: a fixture or a conftest holds none."""
    *folders, name = path.split("/")
    return bool(_NAME.match(name)) and name != "conftest.py" and not _DATA.intersection(folders)
