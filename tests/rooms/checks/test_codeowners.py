from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.checks import owners

OWNERS = """\
# comment
*               @everyone   @org/core
*.js            @js-owner # inline
/build/logs/    @doctocat
docs/*          docs@example.com @writer
apps/           @octocat
/scripts/       @doctocat @octocat
**/logs         @logger
/apps/github
!x              @never
[ab]            @never
a\\ b.txt        @spacey
"""


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["README"], ["everyone", "org/core"]),
        (["src/a.js"], ["js-owner"]),
        (["build/logs/x/y"], ["logger"]),
        (["docs/start.md"], ["writer"]),
        (["docs/build/x.md"], ["everyone", "org/core"]),
        (["x/apps/y/z"], ["octocat"]),
        (["apps/github/x"], []),
        (["scripts/a"], ["doctocat", "octocat"]),
        (["sub/scripts/a"], ["everyone", "org/core"]),
        (["deep/logs/x"], ["logger"]),
        (["a b.txt"], ["spacey"]),
        (["src/a.js", "README", "scripts/a"], ["js-owner", "everyone", "org/core", "doctocat", "octocat"]),
        ([], []),
    ],
)
def test_the_last_matching_line_names_the_owners(paths: list[str], expected: list[str]) -> None:
    assert owners(OWNERS, paths) == expected


@given(st.text(max_size=200), st.text(max_size=50))
def test_any_codeowners_file_is_survived(text: str, path: str) -> None:
    owners(text, [path.encode("utf-8", "replace").decode()])
