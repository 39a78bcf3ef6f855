"""A suite is never picked by what git says has changed: at base nothing has, and no test would run."""

from __future__ import annotations

import json

import pytest

from app.projects import detect
from app.projects.workflows.since import without_since


@pytest.mark.parametrize(
    ("given", "run"),
    [
        ("pnpm --filter ...[origin/master] test", "pnpm --recursive test"),
        ("pnpm --filter=[HEAD^] run test", "pnpm --recursive run test"),
        ("pnpm -r --filter {packages/**}[main] test", "pnpm -r test"),
        ("pnpm -F [main] -F ./packages/a test", "pnpm -F ./packages/a test"),
        ("pnpm --filter ./packages/a test", "pnpm --filter ./packages/a test"),
        ("pnpm --filter=a test", "pnpm --filter=a test"),
        ("turbo run test --filter=...[HEAD^1]", "turbo run test"),
        ("npx turbo run test --affected", "npx turbo run test"),
        ("npx nx affected -t test --base=origin/main --head HEAD --parallel 3", "npx nx run-many -t test --parallel 3"),
        ("nx affected:test --base origin/main", "nx run-many -t test"),
        ("nx run-many -t test --files=a", "nx run-many -t test --files=a"),
        ("lerna run test --since origin/main --stream", "lerna run test --stream"),
        ("lerna run test --since --stream", "lerna run test --stream"),
        ("yarn workspaces foreach --since=main -pt run test", "yarn workspaces foreach -pt run test"),
        ("npx jest -o --ci", "npx jest --ci"),
        ("jest --changedSince=main", "jest"),
        ("vitest run --changed origin/main --bail 1", "vitest run --bail 1"),
        ("python3 -m pytest --picked tests", "python3 -m pytest tests"),
        ("mocha -o --since x", "mocha -o --since x"),
        ("", ""),
    ],
)
def test_all_are_tested_and_not_the_changed(given: str, run: str) -> None:
    assert " ".join(without_since(given.split())) == run


def test_of_a_workflow_that_tests_the_changed_all_members_are_tested() -> None:
    workflow = (
        "on: pull_request\njobs: {test: {runs-on: ubuntu-latest, steps: [run: 'pnpm --filter \"...[main]\" test']}}"
    )
    package = json.dumps({"scripts": {"test": "node --test"}})
    files = {
        ".github/workflows/ci.yml": workflow,
        "package.json": "{}",
        "pnpm-workspace.yaml": "packages: ['packages/*']",
        "packages/a/package.json": package,
    }
    found = detect(files.keys(), lambda path: files.get(path, "").encode())
    assert found.verify == ("CI=true PATH=$HOME/tools/bin:$PATH pnpm --recursive test",)
