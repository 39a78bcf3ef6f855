"""What the README's operators are given besides the program: a unit, a proxy, images, a deploy that keeps the App."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import yaml

from app.cli.parser import build

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def test_the_unit_starts_what_there_is_and_takes_no_wall_away():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string((ROOT / "infra/lamplighter.service").read_text("utf-8"))
    service = unit["Service"]
    build().parse_args(service["ExecStart"].split()[1:])
    assert service["KillMode"] == "process", "runs at work outlive a restart"
    assert not {"NoNewPrivileges", "RestrictNamespaces", "PrivateUsers"} & service.keys()
    assert "infra/lamplighter.service" in README and "infra/Caddyfile" in README


def test_the_proxy_lets_through_what_github_sends():
    proxy = (ROOT / "infra/Caddyfile").read_text("utf-8")
    assert "max_size 25MB" in proxy and "path /webhooks/github" in proxy and "127.0.0.1:8020" in proxy
    assert proxy.count("{") == proxy.count("}")


def test_every_deploy_with_parameters_keeps_them_for_the_next():
    """`sam deploy` sets again what its file holds: an AppId that was empty at the guided one."""
    told = README + (ROOT / "app/cli/app_secrets.py").read_text("utf-8")
    for part in re.findall(r"sam deploy --parameter-overrides(.*?)(?:`|\n\n|\n[a-z]+ |\",\n\s+\])", told, re.DOTALL):
        assert "--save-params" in part, part


def test_sandboxes_for_other_languages_can_run_the_server():
    bake = (ROOT / "infra/sandboxes.hcl").read_text("utf-8")
    for language in ("node", "go", "java", "rust"):
        packages = re.search(rf'{language} += "(bash [^"]+)"', bake)
        assert packages is not None and {"python3", "git", "ca-certificates"} <= set(packages[1].split())


def test_every_public_region_can_be_deployed_to():
    text = (ROOT / "template.yaml").read_text("utf-8")
    table = text[text.index("  S3PrefixList:\n    af-south-1") : text.index("\nGlobals:")]
    regions = yaml.safe_load(table)["S3PrefixList"]
    assert len(regions) >= 34
    assert all(re.fullmatch(r"(pl-[0-9a-f]+)?", row["Id"]) for row in regions.values())
    assert "!If [HasS3PrefixList, !Ref S3PrefixList" in text
    assert "describe-managed-prefix-lists" in (ROOT / "docs/aws.md").read_text("utf-8")
