"""What of a failed step may be run again: a tool's own command, and nothing that a shell takes apart."""

from __future__ import annotations

import pytest

from app.failures.commands import runnable


@pytest.mark.parametrize(
    ("script", "command"),
    [
        ("pytest -q", "pytest -q"),
        ("python -m pytest tests/unit -k 'not slow'\n", "python -m pytest tests/unit -k 'not slow'"),
        ("python3 -S -m unittest -q", "python3 -S -m unittest -q"),
        (".venv/bin/ruff check .", ".venv/bin/ruff check ."),
        ("uv run mypy src", "mypy src"),
        ("npx eslint .", "eslint ."),
        ("bundle exec rspec", "rspec"),
        ("go test ./...", "go test ./..."),
        ("cargo clippy --all-targets", "cargo clippy --all-targets"),
        ("npm test", "npm test"),
        ("npm publish", ""),
        ("cargo run", ""),
        ("go run ./cmd", ""),
        ("python -m build", ""),
        ("python setup.py test", ""),
        ("python -c 'import os'", ""),
        ("./ci.sh", ""),
        ("make test", ""),
        ("pip install -e .\npytest", ""),
        ("pytest && curl http://example.com", ""),
        ("pytest; rm -rf /", ""),
        ("pytest $(cat x)", ""),
        ("pytest `id`", ""),
        ("pytest > out.txt", ""),
        ("pytest ${{ matrix.args }}", ""),
        ("pytest " + "x" * 400, ""),
        ("npx", ""),
        ("", ""),
    ],
)
def test_only_a_known_tool_is_run_again(script, command):
    assert runnable(script) == command
