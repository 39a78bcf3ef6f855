"""What AWS's own checkers and checkov say of the template: an opinion beside our rules, but they know the schema."""

from __future__ import annotations

import json
import os
import re
import subprocess
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
TOOLS = ROOT / ".venv-cloud/bin"
TEMPLATES = [
    "template.yaml",
    *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "infra").glob("*.template.yaml"))),
]
IMAGES = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "infra").glob("*.Dockerfile"))]

pytestmark = pytest.mark.aws


def run(*words: str, home: Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": f"{TOOLS}:{os.environ['PATH']}",
        "HOME": str(home),
        "AWS_DEFAULT_REGION": "eu-central-1",
        "SAM_CLI_TELEMETRY": "0",
        "LOG_LEVEL": "ERROR",
    }
    return subprocess.run(
        [str(TOOLS / words[0]), *words[1:]],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_cfn_lint_finds_nothing(tmp_path: Path):
    done = run("cfn-lint", *TEMPLATES, home=tmp_path)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_sam_validate_finds_nothing(tmp_path: Path):
    done = run("sam", "validate", "--lint", "--template", "template.yaml", "--region", "eu-central-1", home=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is a valid SAM Template" in done.stdout


def test_sam_build_finds_what_make_build_left(tmp_path: Path):
    """Zips in `dist/` are taken as they are; a path that it does not rewrite would fail at `sam deploy`."""
    (tmp_path / "template.yaml").write_bytes((ROOT / "template.yaml").read_bytes())
    for name in ("webhook", "functions"):
        archive = tmp_path / "dist" / f"{name}.zip"
        archive.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(archive, "w") as opened:
            opened.writestr("handlers/__init__.py", "")
    done = run("sam", "build", home=tmp_path, folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    built = tmp_path / ".aws-sam/build"
    paths = re.findall(r"CodeUri: (\S+)", (built / "template.yaml").read_text("utf-8"))
    assert len(paths) == 7
    assert [path for path in paths if not (built / path).is_file()] == []


def test_checkov_finds_what_we_do_without_and_nothing_else(tmp_path: Path):
    """Without the list of suppressions: one that suppresses nothing any more must go."""
    done = run(
        "checkov", "--skip-download", "--compact", "--quiet", "-o", "json",
        "--framework", "cloudformation", "dockerfile", "--file", *TEMPLATES, *IMAGES, home=tmp_path,
    )  # fmt: skip
    reports = json.loads(done.stdout)
    assert [report["check_type"] for report in reports] == ["cloudformation", "dockerfile"]
    assert [report["summary"]["parsing_errors"] for report in reports] == [0, 0]
    found = {check["check_id"] for report in reports for check in report["results"]["failed_checks"]}
    config = yaml.safe_load((ROOT / "infra/checkov.yaml").read_text("utf-8"))
    assert found == set(config["skip-check"])


def test_every_suppression_has_its_reason():
    lines = (ROOT / "infra/checkov.yaml").read_text("utf-8").splitlines()
    for before, line in pairwise(lines):
        if re.match(r"\s+- CKV", line):
            assert before.lstrip().startswith("# "), line
