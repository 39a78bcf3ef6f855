"""Workflows that make no sense, or mean harm: said and skipped, and the files decide."""

from __future__ import annotations

import time

import pytest

from app.projects import Plan, detect

FILES = {"setup.py": "", "tests/test_a.py": "def test_a(): ..."}
PYTEST = "PATH=$HOME/venv/bin:$PATH python3 -m pytest"
PATH = ".github/workflows/ci.yml"


def plan(workflow: bytes | str, **files: str) -> Plan:
    content = workflow.encode() if isinstance(workflow, str) else workflow
    given = {**{path: text.encode() for path, text in {**FILES, **files}.items()}, PATH: content}
    return detect(given.keys(), lambda path: given.get(path, b""))


def of(steps: str, job: str = "runs-on: ubuntu-latest") -> str:
    return f"on: pull_request\njobs:\n  t:\n    {job}\n    steps:\n{steps}"


BOMB = "on: pull_request\na: &a [x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "workflow",
    [
        BOMB,
        "on: pull_request\njobs: &j {t: *j}\n",
        "on: pull_request\njobs: [" + "[" * 30_000,
        "on: pull_request\n" + "# long\n" * 10_000,
        "on: pull_request\n? [a, b]\n: c\n",
        "on: pull_request\njobs: {\n",
        b"\xff\xfe pull_request \x00",
    ],
)
def test_what_cannot_be_read_is_said_and_the_files_decide(workflow: bytes | str) -> None:
    found = plan(workflow)
    assert found.verify == (PYTEST,)
    (said,) = found.not_here
    assert said.startswith(f"`{PATH}` was not read: ")


@pytest.mark.parametrize(
    "workflow",
    [
        "pull_request",
        "- pull_request",
        "on: pull_request",
        "on: [pull_request, [x]]\njobs: 3",
        "on: {pull_request: 7}\njobs: {t: [], u: null, v: {steps: 1}, w: {uses: 3}}",
        "on: pull_request\njobs: {t: {strategy: {matrix: [1]}, steps: [1, {run: [x]}, {uses: ./x}]}}",
        "on: pull_request\nenv: [A]\ndefaults: x\njobs: {t: {env: 3, steps: [{run: '', env: {1: 2, 'A B': x}}]}}",
        "on: pull_request\njobs: {t: {uses: ./.github/workflows/ci.yml}}",
        "on: pull_request\njobs: {t: {steps: [{uses: ./a}]}}",
        "on: pull_request\njobs: {t: {strategy: {matrix: {a: '${{ fromJSON(x) }}'}}, steps: [{run: '${{ (( }}'}]}}",
        of("    - run: pytest 'unclosed\n"),
        of("    - {run: pytest, working-directory: ../../etc}\n"),
        of("    - {run: pytest, working-directory: /etc}\n"),
        of("    - {run: pytest, shell: pwsh}\n"),
        of("    - {run: pytest, continue-on-error: true}\n"),
        of("    - run: pytest || true\n"),
        of("    - run: make test\n"),
        of("    - run: bash scripts/loop.sh\n"),
    ],
)
def test_what_makes_no_sense_or_guards_nothing_leaves_the_files_to_decide(workflow: str) -> None:
    own = {
        "Makefile": "test: test\n\techo",
        "a/action.yml": "runs: {steps: [{uses: ./a}]}",
        "scripts/loop.sh": "#!/bin/sh\nbash scripts/loop.sh",
    }
    found = plan(workflow, **own)
    assert found.verify == (PYTEST,)


@pytest.mark.parametrize(
    "command",
    [
        "twine upload dist/*",
        "npm publish",
        "cargo publish",
        "gh release create v1",
        "git push origin HEAD",
        "codecov -t x",
        "docker push acme/x",
        "poetry publish --build",
        "npx semantic-release",
        "aws s3 sync . s3://x",
    ],
)
def test_nothing_is_published_though_it_stands_beside_the_tests(command: str) -> None:
    program = f"if true; then\n          pytest\n          {command}\n        fi"
    found = plan(of(f"    - run: pytest -q && {command}\n    - run: |\n        {program}\n"))
    assert found.verify == (f"{PYTEST} -q",)
    assert not any(command.split(maxsplit=1)[0] == word for line in found.setup for word in line.split())


def test_secrets_and_what_a_sandbox_decides_itself_are_no_environment_of_the_tests() -> None:
    kept_out = "PATH: /x, LD_PRELOAD: /x.so, PIP_INDEX_URL: http://x"
    steps = f"    - {{run: pytest, env: {{KEY: '${{{{ secrets.KEY }}}}', {kept_out}, A: '1 2'}}}}\n"
    found = plan(of(steps))
    assert found.verify == ("PATH=$HOME/venv/bin:$PATH A='1 2' python3 -m pytest",)
    assert found.not_here == ("what needs `KEY` of job `t` of `.github/workflows/ci.yml`, which hold secrets",)


def test_many_and_large_workflows_are_bounded() -> None:
    step = "    - run: pytest tests/{number} ${{{{ matrix.a }}}}\n"
    large = of(
        "".join(step.format(number=number) for number in range(1_000)),
        "strategy: {matrix: {a: [" + "1, " * 900 + "2]}}",
    )
    given = {f".github/workflows/w{number}.yml": large.encode() for number in range(60)}
    given |= {path: text.encode() for path, text in FILES.items()}
    started = time.process_time()
    found = detect(given.keys(), lambda path: given.get(path, b""))
    assert time.process_time() - started < 60  # generous: it is a bound, no measurement
    assert len(found.verify) <= 6
    assert len(found.not_here) <= 13


@pytest.mark.parametrize(("when", "verify"), [("first", f"{PYTEST} -q"), ("last", PYTEST), ("never", PYTEST)])
def test_the_configuration_decides_what_comes_first(when: str, verify: str) -> None:
    files = {**FILES, PATH: of("    - run: pytest -q\n")}
    assert detect(files.keys(), lambda path: files.get(path, "").encode(), workflows=when).verify == (verify,)


def test_where_the_files_tell_of_no_tests_workflows_that_come_last_do() -> None:
    files = {"run.sh": "", PATH: of("    - run: bats tests\n")}
    found = {
        when: detect(files.keys(), lambda path: files.get(path, "").encode(), workflows=when).verify
        for when in ("first", "last", "never")
    }
    assert found == {"first": ("bats tests",), "last": ("bats tests",), "never": ()}
