"""The translated template as CloudFormation would make it from given parameters, with names in place of addresses.

`Table` is the table, `Table.Arn` its ARN: what a rule says of a resource can be read as a sentence.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[3]
PSEUDO = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::StackName": "lamplighter",
    "AWS::URLSuffix": "amazonaws.com",
}
_NOTHING = object()


@cache
def _translated(path: Path) -> str:
    python, script = ROOT / ".venv-cloud/bin/python", Path(__file__).with_name("translate.py")
    follows_from = (path, script, ROOT / "requirements/cloud.lock")
    same = hashlib.sha256(b"".join(file.read_bytes() for file in follows_from)).hexdigest()
    kept = python.parents[1] / f"translated-{same}.json"  # two seconds, in every process
    if kept.exists():
        return kept.read_text("utf-8")
    done = subprocess.run(
        [str(python), str(script), str(path)],
        env={"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": PSEUDO["AWS::Region"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=kept.parent, delete=False) as new:
        new.write(done.stdout)
    os.replace(new.name, kept)
    return done.stdout


class Statement(NamedTuple):
    """One statement of a policy; `actions` and `resources` as lists, whatever the template wrote."""

    sid: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: dict[str, Any]
    principal: Any = None


def statements(document: Mapping[str, Any]) -> list[Statement]:
    found = []
    for raw in document["Statement"]:
        actions, resources = raw["Action"], raw.get("Resource", [])
        found.append(
            Statement(
                raw.get("Sid", ""),
                raw["Effect"],
                tuple([actions] if isinstance(actions, str) else actions),
                tuple([resources] if isinstance(resources, str) else resources),
                raw.get("Condition", {}),
                raw.get("Principal"),
            )
        )
    return found


class Deployed:
    """The resources that exist with these parameters, every intrinsic function worked out."""

    def __init__(self, path: Path = ROOT / "template.yaml", **parameters: str) -> None:
        self._template = json.loads(_translated(path))
        declared = self._template["Parameters"]
        unknown = set(parameters) - set(declared)
        assert not unknown, f"no such parameter: {unknown}"
        self.parameters = {name: str(parameters.get(name, spec.get("Default", ""))) for name, spec in declared.items()}
        self.resources: dict[str, dict[str, Any]] = {
            name: self._value(raw)
            for name, raw in self._template["Resources"].items()
            if self._holds(raw.get("Condition"))
        }
        self.outputs: dict[str, str] = {
            name: self._value(raw)["Value"]
            for name, raw in self._template["Outputs"].items()
            if self._holds(raw.get("Condition"))
        }

    def of(self, *types: str) -> dict[str, dict[str, Any]]:
        """Logical id → properties of the resources of these types (`SQS::Queue`)."""
        wanted = {f"AWS::{kind}" for kind in types}
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] in wanted
        }

    @cache  # noqa: B019 - one of these is made for a whole test
    def allowed(self, role: str) -> list[Statement]:
        """What a role may do: its own policies and those attached to it."""
        properties = self.of("IAM::Role")[role]
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        managed = self.of("IAM::ManagedPolicy")
        documents += [managed[name]["PolicyDocument"] for name in properties.get("ManagedPolicyArns", [])]
        documents += [policy["PolicyDocument"] for policy in managed.values() if role in policy.get("Roles", [])]
        return [statement for document in documents for statement in statements(document)]

    def environment(self, name: str) -> dict[str, str]:
        """The variables of a function or of a task's one container."""
        properties = self.resources[name]["Properties"]
        if self.resources[name]["Type"] == "AWS::Lambda::Function":
            return dict(properties["Environment"]["Variables"])
        return {item["Name"]: item["Value"] for item in properties["ContainerDefinitions"][0].get("Environment", [])}

    def _holds(self, condition: str | None) -> bool:
        return condition is None or bool(self._value(self._template["Conditions"][condition]))

    def _value(self, raw: Any) -> Any:
        if isinstance(raw, dict):
            if len(raw) == 1:
                ((key, inside),) = raw.items()
                if key == "Ref" or key.startswith("Fn::"):
                    return self._function(key, inside)
            values = {key: self._value(inside) for key, inside in raw.items()}
            return {key: value for key, value in values.items() if value is not _NOTHING}
        if isinstance(raw, list):
            return [value for value in map(self._value, raw) if value is not _NOTHING]
        return raw

    def _function(self, key: str, inside: Any) -> Any:
        match key:
            case "Ref":
                return self._ref(inside)
            case "Fn::GetAtt":
                return inside if isinstance(inside, str) else ".".join(inside)
            case "Fn::Sub":
                return self._sub(inside)
            case "Fn::If":
                condition, yes, no = inside
                return self._value(yes if self._holds(condition) else no)
            case "Fn::Equals":
                left, right = map(self._value, inside)
                return str(left) == str(right)
            case "Fn::Not":
                return not self._value(inside[0])
            case "Fn::And":
                return all(self._holds(item["Condition"]) for item in inside)
            case "Fn::FindInMap":
                table, first, second = map(self._value, inside)
                return self._template["Mappings"][table][first][second]
            case "Fn::Select" | "Fn::Split" | "Fn::GetAZs":
                return self._of_a_list(key, inside)
        raise AssertionError(f"{key} is not worked out here yet")

    def _of_a_list(self, key: str, inside: Any) -> Any:
        if key == "Fn::GetAZs":
            return "zones"
        first, of = map(self._value, inside)
        if key == "Fn::Split":
            return of.split(first)
        return of[int(first)] if isinstance(of, list) else f"zone {first}"

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NOTHING
        return PSEUDO.get(name) or self.parameters.get(name, name)

    def _sub(self, inside: Any) -> str:
        text, extra = (inside, {}) if isinstance(inside, str) else inside
        extra = {key: self._value(value) for key, value in extra.items()}

        def put(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):  # a policy variable, which is IAM's to fill in
                return "${" + name[1:] + "}"
            return str(extra[name] if name in extra else name if "." in name else self._ref(name))

        return re.sub(r"\$\{([^}]+)\}", put, text)


VARIANTS: Mapping[str, Mapping[str, str]] = {
    "isolated": {"AppId": "7"},
    "weaker": {"AppId": "7", "Sandbox": "weaker"},
    "bedrock with profiles of one's own": {
        "AppId": "7",
        "ModelProvider": "bedrock",
        "ModelFast": "eu.anthropic.claude-haiku-4-5-20251001-v1:0",
        "ModelDefault": "eu.anthropic.claude-sonnet-5-5",
    },
    "bedrock and kms": {"AppId": "7", "ModelProvider": "bedrock", "AppKeyKmsArn": "the-key"},
}


def variants() -> Iterator[Deployed]:
    for parameters in VARIANTS.values():
        yield Deployed(**parameters)
