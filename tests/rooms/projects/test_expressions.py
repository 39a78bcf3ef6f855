"""GitHub's expressions, as far as the files tell."""

from __future__ import annotations

import pytest

from app.projects.workflows.expressions import UNKNOWN, condition, evaluate, substitute

CONTEXTS = {
    "matrix": {"os": "ubuntu-latest", "python": "3.12", "node": "20", "full": True, "tox": None, "": None},
    "env": {"CARGO": "cargo", "": UNKNOWN},
    "runner": {"os": "Linux", "": UNKNOWN},
    "github": {"event_name": "pull_request", "event": {"pull_request": {"labels": [], "": UNKNOWN}, "": UNKNOWN},
               "": UNKNOWN},
}  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("matrix.os == 'Ubuntu-Latest'", True),
        ("matrix.node >= 18 && matrix.node < 22", True),
        ("!matrix.full", False),
        ("matrix.tox || format('py{0}', matrix.python)", "py3.12"),
        ("matrix.missing == ''", True),
        ("startsWith(matrix.os, 'ubuntu') && !endsWith(matrix.os, 'arm')", True),
        ("contains(fromJSON('[\"a\", \"b\"]'), 'B')", True),
        ("contains(github.event.pull_request.labels.*.name, 'slow')", False),
        ("matrix['os']", "ubuntu-latest"),
        ("steps.changed.outputs.any == 'true'", UNKNOWN),
        ("false && steps.changed.outputs.any", False),
        ("steps.changed.outputs.any && false", False),
        ("secrets.TOKEN", UNKNOWN),
        ("hashFiles('**/uv.lock')", UNKNOWN),
        ("env.CARGO", "cargo"),
        ("env.SET_LATER", UNKNOWN),
        ("always() && !cancelled() || failure()", True),
        ("'it''s'", "it's"),
        ("(((", UNKNOWN),
        ("matrix.", UNKNOWN),
        ("format('{9}', 1)", UNKNOWN),
        ("fromJSON('[')", UNKNOWN),
        ("(" * 500 + "1", UNKNOWN),
        ("1 == 1 " * 400, UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_an_expression_is_what_github_makes_of_it_or_unknown(expression: str, value: object) -> None:
    assert evaluate(expression, CONTEXTS) == value


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("matrix.os == 'ubuntu-latest'", True),
        ("${{ matrix.os == 'windows-latest' }}", False),
        ("runner.os != 'Windows'", True),
        ("failure()", False),
        ("github.event_name == 'push'", False),
        ("needs.changes.outputs.src == 'true'", None),
    ],
)
def test_a_condition_lets_run_or_not_or_nobody_can_tell(text: str, runs: bool | None) -> None:
    assert condition(text, CONTEXTS) is runs


def test_a_text_is_filled_in_whole_or_not_at_all() -> None:
    assert (
        substitute("${{ env.CARGO }} test -p ${{ matrix.python }}${{ matrix.tox }}", CONTEXTS) == "cargo test -p 3.12"
    )
    assert substitute("pytest ${{ steps.x.outputs.y }}", CONTEXTS) is None
    assert substitute("a ${{ open", CONTEXTS) is None
    assert substitute("${{ matrix }}", CONTEXTS) is None
