"""A pull request does not choose what it is judged by: workflows are those of the base, whatever it does to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.events.configured import Configured
from app.work.knowing import Knowledge
from app.workspace import Change, Mirror, base_manifest
from tests.rooms.workspace.folders import Project

CI = ".github/workflows/ci.yml"
GUARD = "on: pull_request\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n    - run: python -m unittest -v\n"
FILES = {"calc.py": "ONE = 1\n", "test_calc.py": "import unittest\n", CI: GUARD}


@pytest.mark.parametrize(
    "theirs",
    [
        {CI: GUARD.replace("python -m unittest -v", "true")},
        {CI: GUARD.replace("ubuntu-latest", "macos-latest")},
        {CI: "on: push\njobs: {}\n"},
        {CI: "["},
        {CI: None},
        {".github/workflows/more.yml": GUARD.replace("-v", "-k nothing")},
    ],
    ids=["another command", "another system", "no job", "no YAML", "deleted", "one more"],
)
def test_workflows_of_a_pull_request_decide_nothing(tmp_path: Path, theirs: dict[str, str | None]) -> None:
    project = Project(tmp_path / "project")
    base = project.commit(FILES)
    for path in (path for path, text in theirs.items() if text is None):
        project.git("rm", "-q", path)
    head = project.commit({path: text for path, text in theirs.items() if text is not None} | {"calc.py": "ONE = 2\n"})
    mirror = Mirror(tmp_path / "mirror.git")
    for sha in (base, head):
        mirror.fetch(project.url, sha)
    known = Knowledge(config=Configured(), mirror=mirror, sha=head, guiding_sha=base, paths=base_manifest(mirror, head))
    plan = known.plan()
    assert [command.rpartition("python3 ")[2] for command in plan.verify] == ["-m unittest -v"]
    assert list(plan.sources.values()) == [f"`{CI}`, job `test`, step 1"]

    new = {path: text.encode() for path, text in theirs.items() if text is not None} | {"requirements.txt": b"six\n"}
    found = [Change(path=path, kind="add", mode="100644", digest="", size=len(new[path])) for path in new]
    assert known.with_change(plan, found, new).verify == plan.verify
