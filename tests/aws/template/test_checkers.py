"""What AWS's own checkers and checkov say of the template: an opinion beside our rules, but they know the schema."""

from __future__ import annotations

import json
import os
import re
import subprocess
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

pytestmark = pytest.mark.aws


def run(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": f"{TOOLS}:{os.environ['PATH']}",
        "HOME": str(home),
        "AWS_DEFAULT_REGION": "eu-central-1",
        "SAM_CLI_TELEMETRY": "0",
        "LOG_LEVEL": "ERROR",
    }
    return subprocess.run(
        [str(TOOLS / words[0]), *words[1:]], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("template", TEMPLATES)
def test_cfn_lint_finds_nothing(template: str, tmp_path: Path):
    done = run("cfn-lint", template, home=tmp_path)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_sam_validate_finds_nothing(tmp_path: Path):
    done = run("sam", "validate", "--lint", "--template", "template.yaml", "--region", "eu-central-1", home=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is a valid SAM Template" in done.stdout


def test_checkov_finds_what_we_do_without_and_nothing_else(tmp_path: Path):
    """Without the list of suppressions: one that suppresses nothing any more must go."""
    done = run(
        "checkov", "--skip-download", "--compact", "--quiet", "-o", "json", "--framework", "cloudformation",
        "--file", *TEMPLATES, home=tmp_path,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0
    config = yaml.safe_load((ROOT / "infra/checkov.yaml").read_text("utf-8"))
    assert {check["check_id"] for check in report["results"]["failed_checks"]} == set(config["skip-check"])


def test_every_suppression_has_its_reason():
    lines = (ROOT / "infra/checkov.yaml").read_text("utf-8").splitlines()
    for before, line in pairwise(lines):
        if re.match(r"\s+- CKV", line):
            assert before.lstrip().startswith("# "), line
