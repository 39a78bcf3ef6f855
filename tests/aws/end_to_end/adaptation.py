"""The translated template as the emulator can take it."""

from __future__ import annotations

import json
from typing import Any

# What ministack 1.5.33 does not know; nearly all of it is network, which the rule tests and the namespace test prove.
UNKNOWN = {
    "AWS::S3::BucketPolicy",  # known, but it demands TLS, and the emulator's door is plain HTTP
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::VPCPeeringConnection",
    "AWS::Route53Resolver::FirewallDomainList",
    "AWS::Route53Resolver::FirewallRuleGroup",
    "AWS::Route53Resolver::FirewallRuleGroupAssociation",
}


# What its policies may ask of a request that it cannot tell; the rule tests hold these conditions.
UNTOLD = {"dynamodb:LeadingKeys", "dynamodb:Attributes", "s3:if-none-match", "s3:prefix"}
# A policy variable of a session's tag, which it fills in nowhere.
VARIABLES = ("${aws:PrincipalTag/run}", "${!aws:PrincipalTag/run}")


def adapted(template: dict[str, Any]) -> dict[str, Any]:
    """The translated template without the resources and the conditions that the emulator does not know."""
    left_out = {name for name, part in template["Resources"].items() if part["Type"] in UNKNOWN}
    kept = {name: part for name, part in template["Resources"].items() if name not in left_out}
    for part in kept.values():
        named = part.get("DependsOn", [])
        if waits_for := set([named] if isinstance(named, str) else named):
            part["DependsOn"] = sorted(waits_for - left_out)
    left = json.dumps(_without(UNTOLD, {**template, "Resources": kept}))
    for variable in VARIABLES:
        left = left.replace(variable, "*")
    adapted_template: dict[str, Any] = json.loads(left)
    return adapted_template


def _without(names: set[str], value: Any) -> Any:
    """`value` without these keys, and without conditions that are empty then."""
    if isinstance(value, list):
        return [_without(names, item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _without(names, item) for key, item in value.items() if key not in names}
    return {key: item for key, item in kept.items() if item != {} or value[key] == {}}
