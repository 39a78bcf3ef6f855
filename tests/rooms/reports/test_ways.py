"""Which commands are asked for a report, and how."""

from __future__ import annotations

import json

import pytest

from app.reports.ways import PLACE, way_of

JEST = f"--json --outputFile={PLACE}/report"
VITEST = f"--reporter=default --reporter=json --outputFile.json={PLACE}/report"
BUN = f"--reporter=junit --reporter-outfile={PLACE}/report"
DENO = f"--junit-path={PLACE}/report"


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("python3 -m pytest", "pytest"),
        ("export PATH=$HOME/venv/bin:$PATH; python3 -m pytest -q tests", "pytest"),
        ("cd api && { python3 -m pytest; }", "pytest"),
        ("make test", "pytest"),
        ("uv run nox -s tests", "pytest"),
        ("./scripts/test.sh", "pytest"),
        ("node --test", "node"),
        ("node --import tsx --test test/*.ts", "node"),
        ("./mvnw -B -o test", "jvm"),
        ("./gradlew --no-daemon --offline test", "jvm"),
        ("cd api && { mvn -q verify; }", "jvm"),
        ("python3 -m unittest discover", ""),
        ("python3 -m pytest --junitxml=out.xml", ""),
        ("go test -v ./...", ""),
        ("cargo test", ""),
        ("ruff check .", ""),
        ("npx jest --json", ""),
        ("npx jest | tee log", ""),
        ("npx vitest --reporter=dot", ""),
        ("npx mocha", ""),
    ],
)
def test_a_command_is_known_by_itself(command: str, kind: str) -> None:
    way = way_of(command, lambda _path: "")
    assert (way.kind if way else "") == kind
    if kind not in {"", "jest", "vitest"}:
        assert way is not None
        assert way.command == command


@pytest.mark.parametrize(
    ("command", "script", "expected"),
    [
        ("CI=true npm test", "jest", f"CI=true npm test -- {JEST}"),
        ("npm run test", "node --experimental-vm-modules node_modules/jest/bin/jest.js --coverage",
         f"npm run test -- {JEST}"),
        ("npm run test -- --ci", "jest", f"npm run test -- --ci {JEST}"),
        ("npm test", "npm run lint && vitest run", f"npm test -- {VITEST}"),
        ("npm test", "cross-env NODE_ENV=test vitest", f"npm test -- {VITEST}"),
        ("CI=true PATH=$HOME/tools/bin:$PATH pnpm run test", "vitest --run",
         f"CI=true PATH=$HOME/tools/bin:$PATH pnpm run test {VITEST}"),
        ("yarn run test", "jest", f"yarn run test {JEST}"),
        ("bun run test", "bun test", f"bun run test {BUN}"),
        ("bun test", "jest", f"bun test {BUN}"),
        ("cd web && { CI=true npm test; }", "jest", f"cd web && {{ CI=true npm test -- {JEST}; }}"),
        ("npm test", "node --test", "npm test"),
        ("npm test", "jest || true", None),
        ("npm test", "jest > log.txt", None),
        ("npm test", "jest && echo done", None),
        ("npm test | tee log", "jest", None),
        ("npm test", "vitest --reporter=verbose", None),
        ("npm test", "vitest bench", None),
        ("npm test", "node test.js", None),
        ("npm test", "mocha", None),
        ("npm test", "turbo run test", None),
        ("npm run other", "jest", None),
    ],
)  # fmt: skip
def test_a_script_is_known_by_what_it_runs(command: str, script: str, expected: str | None) -> None:
    files = {f"{folder}package.json": json.dumps({"scripts": {"test": script}}) for folder in ("", "web/")}
    way = way_of(command, lambda path: files.get(path, ""))
    assert (way.command if way else None) == expected


@pytest.mark.parametrize(
    ("task", "expected"),
    [("deno test -A", f"deno task test {DENO}"), ("deno run t.ts", None), ("deno test -- a", None)],
)
def test_a_task_is_known_by_what_it_runs(task: str, expected: str | None) -> None:
    way = way_of("deno task test", lambda path: f'{{"tasks": {{"test": "{task}"}}}}' if path == "deno.json" else "")
    assert (way.command if way else None) == expected


@pytest.mark.parametrize("content", ["{", "[]", '{"scripts": []}', '{"scripts": {"test": 1}}', "[" * 100_000])
def test_a_manifest_of_any_kind_is_survived(content: str) -> None:
    assert way_of("npm test", lambda _path: content) is None


@pytest.mark.parametrize("file", ["pytest.ini", "pyproject.toml", "api/setup.cfg"])
def test_a_project_with_a_report_of_its_own_keeps_it(file: str) -> None:
    way = way_of("cd api && { pytest; }", lambda path: "addopts = --junitxml=x.xml" if path == file else "")
    assert way is None
