"""Which commands are asked for a report, and how."""

from __future__ import annotations

import json

import pytest

from app.reports.ways import PLACE, way_of
from app.reports.ways.way import Read

BUN = f"--reporter=junit --reporter-outfile={PLACE}/report"
DECLARED = r"grep -rhoE '^func[[:space:]]+(Test|Example|Fuzz)[^( ]*' --include='*_test.go' . 2>/dev/null"
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
        ("go test -json ./...", ""),
        ("go test -c ./...", ""),
        ("go test -list . ./...", ""),
        ("go test ./... | tee log", ""),
        ("go vet ./...", ""),
        ("cargo test", ""),
        ("ruff check .", ""),
        ("bundle exec rspec", "rspec"),
        ("BUNDLE_PATH=$HOME/bundle bundle exec rspec spec/models", "rspec"),
        ("bundle exec rspec --format json", ""),
        ("bundle exec rake test", ""),
        ("npx ava --tap", ""),
        ("vendor/bin/phpunit --log-junit out.xml", ""),
        ("ctest -N", ""),
    ],
)
def test_a_command_is_known_by_itself(command: str, kind: str) -> None:
    way = way_of(command, lambda _path: "")
    assert (way.kind if way else "") == kind
    if kind:
        assert way is not None
        assert way.command == command


@pytest.mark.parametrize(
    ("command", "script", "expected"),
    [
        ("bun run test", "bun test", f"bun run test {BUN}"),
        ("bun test", "jest", f"bun test {BUN}"),
        ("bun run test", "bun test a && bun test b", None),
        ("npm test", "xo && ava", f"{{ npm test -- --tap; }} | tee {PLACE}/report | sha256sum"),
        ("npm run other", "jest", None),
        ("npm run lint", "jest", None),
    ],
)  # fmt: skip
def test_a_script_is_known_by_what_it_runs(command: str, script: str, expected: str | None) -> None:
    way = way_of(command, scripts(test=script))
    assert (way.command if way and way.kind != "node" else None) == expected


def scripts(**named: str) -> Read:
    files = {f"{folder}package.json": json.dumps({"scripts": named}) for folder in ("", "web/")}
    return lambda path: files.get(path, "")


@pytest.mark.parametrize(
    ("command", "script", "several"),
    [
        ("npx jest", "", False),
        ("npx jest | tee log", "", False),
        ("CI=true npm test", "jest", False),
        ("npm run test", "node --experimental-vm-modules node_modules/jest/bin/jest.js --coverage", False),
        ("npm run test -- --ci", "jest", False),
        ("npm test", "npm run lint && vitest run", False),
        ("npm test", "cross-env NODE_ENV=test vitest", False),
        ("CI=true PATH=$HOME/tools/bin:$PATH pnpm run test", "vitest --run", False),
        ("yarn run test", "jest", False),
        ("cd web && { CI=true npm test; }", "jest", False),
        ("npm test", "node --import tsx --test test/*.ts", False),
        ("npm test", "jest || true", False),
        ("npm test", "jest > log.txt", False),
        ("npm test", "nyc mocha -r ts-node/register", False),
        ("npm test", "playwright test", False),
        ("npm run again", "jest", False),
        ("npm test", "jest a && jest b", True),
        ("npm test", "npm run again; npm run again", True),
        ("npm run around", "jest", True),
        ("npm test", "node scripts/test.js", True),
        ("npm test", "turbo run test", True),
        ("npm test --workspaces", "jest", True),
        ("npm test -w web", "jest", True),
        ("pnpm -r test", "jest", True),
        ("pnpm --filter web test", "jest", True),
        ("yarn workspaces foreach --all run test", "", True),
        ("yarn workspaces run test", "", True),
        ("npx turbo run test", "", True),
        ("npx nx run-many -t test", "", True),
        ("npx lerna run test", "", True),
    ],
)
def test_each_start_of_a_runner_of_node_is_seen(command: str, script: str, several: bool) -> None:
    """`several`: more than one is expected, and their counts add up."""
    way = way_of(
        command,
        scripts(
            test=script, again="npm run test", pretest2="jest", around="npm run test && npm run test2", test2="jest"
        ),
    )
    assert way is not None
    assert (way.kind, way.command, way.named, way.several) == ("node", command, True, several)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("go test -v ./...", "go test -json -count=1 -v ./..."),
        ("go test", "go test -json -count=1"),
        ("CGO_ENABLED=0 go test -race ./...", "CGO_ENABLED=0 go test -json -count=1 -race ./..."),
        ("cd sub && { go test -run '^(A|B)$' ./...; }", "cd sub && { go test -json -count=1 -run '^(A|B)$' ./...; }"),
        ("go test $(go list ./... | grep -v /gen)", "go test -json -count=1 $(go list ./... | grep -v /gen)"),
        ("go test ./... || true", None),
        ("go test $(go list ./...)", "go test -json -count=1 $(go list ./...)"),
        ("cd sub && { go test ./...; }", "cd sub && { go test -json -count=1 ./...; }"),
    ],
)
def test_go_prints_events_instead(command: str, expected: str | None) -> None:
    way = way_of(command, lambda _path: "")
    assert (way.command if way else None) == (
        expected and f"{{ {DECLARED}; {expected}; }} | tee {PLACE}/report | sha256sum"
    )


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("vendor/bin/phpunit", f"vendor/bin/phpunit --log-junit {PLACE}/report"),
        ("php vendor/bin/pest --parallel", f"php vendor/bin/pest --parallel --log-junit {PLACE}/report"),
        ("composer test", f"composer test -- --log-junit {PLACE}/report"),
        ("composer lint", None),
        ("composer twice", None),
        ("ctest --test-dir a && ctest --test-dir b", None),
        ("vendor/bin/phpunit | tee log", None),
        ("cmake --build $HOME/build && ctest --test-dir $HOME/build",
         f"cmake --build $HOME/build && ctest --test-dir $HOME/build --output-junit {PLACE}/report"),
        ("ctest > log", None),
        ("cargo nextest run --workspace",
         f"cargo nextest run --tool-config-file lamplighter:{PLACE}/nextest.toml --workspace"),
        ("cargo nextest list", None),
        ("dotnet test -c Release", f"dotnet test -c Release --logger trx --results-directory {PLACE}"),
        ("dotnet test --logger trx", None),
        ("dotnet test -- --report-trx", None),
        ("cargo test", None),
    ],
)  # fmt: skip
def test_other_runners_are_asked_by_an_argument(command: str, expected: str | None) -> None:
    files = {
        "composer.json": json.dumps(
            {"scripts": {"test": ["@lint", "phpunit"], "lint": "phpcs", "twice": ["phpunit a", "phpunit b"]}}
        )
    }
    way = way_of(command, lambda path: files.get(path, ""))
    assert (way.command if way else None) == expected


def test_tasks_of_rake_are_specs_where_the_tree_has_some() -> None:
    way = way_of("bundle exec rake", lambda path: "--color" if path == ".rspec" else "")
    assert way is not None
    assert way.kind == "rspec"


@pytest.mark.parametrize(
    ("task", "expected"),
    [("deno test -A", f"deno task test {DENO}"), ("deno run t.ts", None), ("deno test -- a", None)],
)
def test_a_task_is_known_by_what_it_runs(task: str, expected: str | None) -> None:
    way = way_of("deno task test", lambda path: f'{{"tasks": {{"test": "{task}"}}}}' if path == "deno.json" else "")
    assert (way.command if way else None) == expected


@pytest.mark.parametrize("content", ["{", "[]", '{"scripts": []}', '{"scripts": {"test": 1}}', "[" * 100_000])
def test_a_manifest_of_any_kind_is_survived(content: str) -> None:
    way = way_of("npm test", lambda _path: content)
    assert way is not None
    assert way.several


@pytest.mark.parametrize("file", ["pytest.ini", "pyproject.toml", "api/setup.cfg"])
def test_a_project_with_a_report_of_its_own_keeps_it(file: str) -> None:
    way = way_of("cd api && { pytest; }", lambda path: "addopts = --junitxml=x.xml" if path == file else "")
    assert way is None


@pytest.mark.parametrize(
    ("command", "several"),
    [
        ("python3 -m pytest -q", False),
        ("export PATH=$HOME/venv/bin:$PATH; pytest tests", False),
        ("uv run --locked pytest", False),
        ("coverage run -m pytest", False),
        ("pytest a && pytest b", True),
        ("tox -e py311", True),
        ("nox -s tests", True),
        ("make test", True),
        ("hatch test", True),
    ],
)
def test_a_command_may_start_its_runner_several_times(command: str, several: bool) -> None:
    way = way_of(command, lambda _path: "")
    assert way is not None
    assert way.several is several
    assert ("TOX_OVERRIDE" in way.before) is several


def test_an_environment_of_tox_with_variables_of_its_own_is_told_too() -> None:
    ini = "[testenv]\npass_env = A\n[testenv:b]\npass_env = HOME\n[testenv:c]\ndeps = x\n[testenv:$(d)]\npassenv = B\n"
    way = way_of("tox", lambda path: ini if path == "tox.ini" else "")
    assert way is not None
    assert "testenv.pass_env+=PYTEST_ADDOPTS;" in way.before
    assert "testenv:b.pass_env+=PYTEST_ADDOPTS" in way.before
    assert "testenv:c" not in way.before
    assert "$(d)" not in way.before
