"""Who can reach whom: no way in from outside but the door, and from a sandbox no way out but its worker's proxy."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests.aws.template.deployed import VARIANTS, Deployed, statements

pytestmark = pytest.mark.aws

PROXY, SERVER = 3128, 7420


class Rule(NamedTuple):
    group: str
    peer: str
    ports: tuple[int, int]
    protocol: str


@pytest.fixture(params=VARIANTS, scope="module")
def deployed(request: pytest.FixtureRequest) -> Deployed:
    return Deployed(**VARIANTS[request.param])


@pytest.fixture(scope="module")
def isolated() -> Deployed:
    return Deployed(AppId="7")


def _rule(group: str, raw: dict[str, Any], way: str) -> Rule:
    peers = ("CidrIp", "CidrIpv6", f"{way}SecurityGroupId", f"{way}PrefixListId")
    (peer,) = [raw[key] for key in peers if key in raw]
    return Rule(group, peer.removesuffix(".GroupId"), (raw["FromPort"], raw["ToPort"]), raw["IpProtocol"])


def rules(deployed: Deployed, direction: str) -> set[Rule]:
    """All rules of all security groups, wherever they are written."""
    way = "Source" if direction == "Ingress" else "Destination"
    found = {
        _rule(name, raw, way)
        for name, group in deployed.of("EC2::SecurityGroup").items()
        for raw in group.get(f"SecurityGroup{direction}", [])
    }
    for raw in deployed.of(f"EC2::SecurityGroup{direction}").values():
        found.add(_rule(raw["GroupId"].removesuffix(".GroupId"), raw, way))
    return found


def test_nothing_comes_in_but_between_the_two_tasks(deployed: Deployed):
    expected = {
        Rule("WorkerSecurityGroup", "SandboxSecurityGroup", (PROXY, PROXY), "tcp"),
        Rule("SandboxSecurityGroup", "WorkerSecurityGroup", (SERVER, SERVER), "tcp"),
        Rule("RegistrySecurityGroup", "SandboxSecurityGroup", (443, 443), "tcp"),
    }
    assert rules(deployed, "Ingress") == (set() if deployed.parameters["Sandbox"] == "weaker" else expected)


def test_a_sandbox_goes_out_to_the_proxy_and_to_where_its_image_is(isolated: Deployed):
    s3 = isolated._template["Mappings"]["S3PrefixList"]["eu-central-1"]["Id"]
    assert {rule[1:] for rule in rules(isolated, "Egress") if rule.group == "SandboxSecurityGroup"} == {
        ("WorkerSecurityGroup", (PROXY, PROXY), "tcp"),
        ("RegistrySecurityGroup", (443, 443), "tcp"),
        (s3, (443, 443), "tcp"),
    }


def test_a_worker_goes_out_to_the_web_and_to_sandboxes(deployed: Deployed):
    expected = {("0.0.0.0/0", (443, 443), "tcp"), ("0.0.0.0/0", (80, 80), "tcp")}
    if deployed.parameters["Sandbox"] == "isolated":
        expected.add(("SandboxSecurityGroup", (SERVER, SERVER), "tcp"))
    assert {rule[1:] for rule in rules(deployed, "Egress") if rule.group == "WorkerSecurityGroup"} == expected


def test_the_registry_endpoints_go_nowhere(isolated: Deployed):
    (rule,) = [rule for rule in rules(isolated, "Egress") if rule.group == "RegistrySecurityGroup"]
    assert rule.peer == "127.0.0.1/32"


def test_every_group_says_where_it_may_go(deployed: Deployed):
    """A group without egress rules of its own gets the one AWS thinks of: everywhere."""
    assert all(group.get("SecurityGroupEgress") for group in deployed.of("EC2::SecurityGroup").values())


def test_the_sandboxes_network_has_no_gateway(isolated: Deployed):
    assert {gateway["VpcId"] for gateway in isolated.of("EC2::VPCGatewayAttachment").values()} == {"WorkerVpc"}
    routes = {
        (route["DestinationCidrBlock"], route.get("VpcPeeringConnectionId"))
        for route in isolated.of("EC2::Route").values()
        if route["RouteTableId"] == "SandboxRoutes"
    }
    assert routes == {("10.71.0.0/17", "Peering")}


def test_the_sandboxes_resolver_knows_the_registry_and_no_other_name(isolated: Deployed):
    """Security groups do not filter the resolver, and a name that is asked for carries data out."""
    (rules_,) = isolated.of("Route53Resolver::FirewallRuleGroup").values()
    first, last = sorted(rules_["FirewallRules"], key=lambda rule: rule["Priority"])
    lists = isolated.of("Route53Resolver::FirewallDomainList")
    assert (first["Action"], last["Action"]) == ("ALLOW", "BLOCK")
    assert lists[last["FirewallDomainListId"]]["Domains"] == ["*"]
    for name in lists[first["FirewallDomainListId"]]["Domains"]:
        assert name.endswith(".amazonaws.com") and ("ecr." in name or name.startswith("prod-eu-central-1-starport"))
    (bound,) = isolated.of("Route53Resolver::FirewallRuleGroupAssociation").values()
    assert bound["VpcId"] == "SandboxVpc"


def test_the_registrys_doors_open_for_our_own_pull_alone(isolated: Deployed):
    """Else hostile code could push what it has read to a registry of its own, with credentials it brought along."""
    for name in ("RegistryApiEndpoint", "RegistryImageEndpoint"):
        for statement in statements(isolated.of("EC2::VPCEndpoint")[name]["PolicyDocument"]):
            assert statement.condition == {"ArnEquals": {"aws:PrincipalArn": "SandboxStartRole.Arn"}}
            assert statement.actions == ("ecr:GetAuthorizationToken",) or statement.resources == (
                "SandboxRepository.Arn",
            )
            assert not [action for action in statement.actions if "Put" in action or "Upload" in action]


def test_from_a_sandbox_s3_is_the_registrys_layers(isolated: Deployed):
    (statement,) = statements(isolated.of("EC2::VPCEndpoint")["SandboxS3Endpoint"]["PolicyDocument"])
    assert statement.actions == ("s3:GetObject",)
    assert statement.resources == ("arn:aws:s3:::prod-eu-central-1-starport-layer-bucket/*",)


def test_a_worker_writes_to_our_bucket_and_table_alone(deployed: Deployed):
    endpoints = deployed.of("EC2::VPCEndpoint")
    for statement in statements(endpoints["WorkerS3Endpoint"]["PolicyDocument"]):
        if set(statement.actions) != {"s3:GetObject"}:
            assert set(statement.resources) == {"Bucket.Arn", "Bucket.Arn/*"}
    for statement in statements(endpoints["WorkerDynamoDbEndpoint"]["PolicyDocument"]):
        assert set(statement.resources) == {"Table.Arn", "Table.Arn/index/*"}


def test_no_address_is_given_out_unasked(deployed: Deployed):
    assert {subnet["MapPublicIpOnLaunch"] for subnet in deployed.of("EC2::Subnet").values()} == {False}


def test_no_nat_and_no_server_that_waits(deployed: Deployed):
    kinds = {resource["Type"] for resource in deployed.resources.values()}
    assert not kinds & {"AWS::EC2::NatGateway", "AWS::EC2::EIP", "AWS::EC2::Instance", "AWS::ECS::Service",
                        "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ApiGatewayV2::Api"}  # fmt: skip


def test_the_weaker_mode_pays_for_no_endpoint(deployed: Deployed):
    interface = [e for e in deployed.of("EC2::VPCEndpoint").values() if e["VpcEndpointType"] == "Interface"]
    assert len(interface) == (0 if deployed.parameters["Sandbox"] == "weaker" else 2)
    assert ("WEAKER" in deployed.outputs["SandboxIs"]) == (deployed.parameters["Sandbox"] == "weaker")


def test_the_door_is_the_only_function_open_to_everybody(deployed: Deployed):
    open_ = {url["TargetFunctionArn"] for url in deployed.of("Lambda::Url").values() if url["AuthType"] == "NONE"}
    assert open_ == {"WebhookFunction"}
    for permission in deployed.of("Lambda::Permission").values():
        if permission["Principal"] == "*":
            assert permission["FunctionName"] == "WebhookFunction"
            assert permission.get("FunctionUrlAuthType") == "NONE" or permission.get("InvokedViaFunctionUrl") is True
        else:
            assert permission["SourceArn"]


def test_tasks_have_no_more_than_they_need(deployed: Deployed):
    containers = [item for task in deployed.of("ECS::TaskDefinition").values() for item in task["ContainerDefinitions"]]
    assert [item["Name"] for item in containers] == ["worker", "sandbox"]
    for container in containers:
        assert container["ReadonlyRootFilesystem"] is True
        assert container["User"] == "1000:1000"
        assert container["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
        assert not container.get("Privileged") and not container.get("Secrets")
        if container["Name"] == "sandbox":
            assert not container.get("Environment") and "LogConfiguration" not in container


def test_a_sandbox_beside_its_worker_shares_nothing_but_the_note_it_reads():
    """Files and memory are parted; the network is not, which is why it is called weaker."""
    deployed = Deployed(AppId="7", Sandbox="weaker")
    task = deployed.of("ECS::TaskDefinition")["WorkerTask"]
    worker, sandbox = task["ContainerDefinitions"]
    ours = {mount["SourceVolume"] for mount in worker["MountPoints"]}
    theirs = {mount["SourceVolume"]: mount.get("ReadOnly") for mount in sandbox["MountPoints"]}
    assert ours & set(theirs) == {"channel"} and theirs["channel"] is True
    assert int(worker["Memory"]) + int(sandbox["Memory"]) <= int(task["Memory"])
    assert (worker["Essential"], sandbox["Essential"]) == (True, False)
    assert "PidMode" not in task and "IpcMode" not in task
    env = deployed.environment("WorkerTask")
    assert env["LAMPLIGHTER_EGRESS_PORT"] != str(PROXY)  # the sandbox's own loopback proxy has that one
