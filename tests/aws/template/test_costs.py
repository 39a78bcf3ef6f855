"""The cost model counts what the template has, and the page that quotes it quotes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra import costs
from tests.aws.template.deployed import Deployed

ROOT = Path(__file__).parents[3]


def counted(deployed: Deployed) -> dict[str, int]:
    endpoints = [e for e in deployed.of("EC2::VPCEndpoint").values() if e["VpcEndpointType"] == "Interface"]
    names = {value for name in (*deployed.of("Lambda::Function"), "WorkerTask")
             for value in deployed.environment(name).values() if value.startswith("secretsmanager:")}  # fmt: skip
    return {
        "endpoints": sum(len(endpoint["SubnetIds"]) for endpoint in endpoints),
        "secrets": len(names),
        "queues": len(deployed.of("Lambda::EventSourceMapping")),
        "alarms": len(deployed.of("CloudWatch::Alarm")),
    }


@pytest.mark.aws
@pytest.mark.parametrize(("sandbox", "lines"), [("isolated", costs.ISOLATED), ("weaker", costs.WEAKER)])
def test_an_idle_stack_costs_what_is_in_it(sandbox: str, lines: list[costs.Line]):
    assert costs.idle(**counted(Deployed(AppId="7", Sandbox=sandbox))) == lines


@pytest.mark.aws
def test_nothing_else_in_the_template_costs_by_the_hour():
    """Kinds that were looked up and are free while idle, or are in the table. A new kind has to be looked up."""
    free = {"EC2::VPC", "EC2::Subnet", "EC2::RouteTable", "EC2::Route", "EC2::SubnetRouteTableAssociation",
            "EC2::InternetGateway", "EC2::VPCGatewayAttachment", "EC2::SecurityGroup", "EC2::SecurityGroupIngress",
            "EC2::SecurityGroupEgress", "EC2::VPCPeeringConnection", "Route53Resolver::FirewallRuleGroup",
            "Route53Resolver::FirewallRuleGroupAssociation", "IAM::Role", "IAM::ManagedPolicy", "SQS::Queue",
            "SQS::QueuePolicy", "S3::Bucket", "S3::BucketPolicy", "DynamoDB::Table", "Lambda::Function", "Lambda::Url",
            "Lambda::Permission", "Lambda::EventInvokeConfig", "Events::Rule", "ECS::Cluster", "ECS::TaskDefinition",
            "SNS::Topic", "SNS::TopicPolicy", "Logs::LogGroup"}  # fmt: skip
    counted_in = {"EC2::VPCEndpoint", "CloudWatch::Alarm", "Lambda::EventSourceMapping", "Scheduler::Schedule",
                  "ECR::Repository", "Route53Resolver::FirewallDomainList"}  # fmt: skip
    kinds = {resource["Type"].removeprefix("AWS::") for resource in Deployed(AppId="7").resources.values()}
    assert kinds - free == counted_in


def test_idle_is_about_a_ninth_of_what_the_closest_relative_states():
    """Two registry endpoints alone are 10.4 % of it, so a tenth is out of reach without being weaker."""
    assert costs.after_free(costs.ISOLATED) / costs.RELATIVE_USD < 0.12
    assert sum(line.usd for line in costs.ISOLATED) / costs.RELATIVE_USD < 0.13


def test_the_weaker_mode_is_near_zero():
    assert costs.after_free(costs.WEAKER) < 1.5
    assert sum(line.usd for line in costs.WEAKER) < 3.5


def test_prices_are_dated_and_used():
    used = {line.price for line in costs.ISOLATED}
    assert used <= set(costs.PRICES)
    assert costs.READ_ON.startswith("2026-")
    assert set(costs.FREE) <= set(costs.PRICES)


def test_the_readme_quotes_the_table():
    page = (ROOT / "README.md").read_text("utf-8")
    assert costs.table(costs.ISOLATED) in page
    weaker = f"({sum(line.usd for line in costs.WEAKER):.2f}, {costs.after_free(costs.WEAKER):.2f} after the free part)"
    assert weaker in page
    assert costs.READ_ON in page
    assert costs.usage_table() in (ROOT / "docs/aws.md").read_text("utf-8")
