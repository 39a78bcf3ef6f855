"""What each role may do, to which resource, and that nothing else may.

`allowances.txt` is the whole of it, in words a reviewer can read; a change of a role is a change of that page. The
other tests are the rules behind it, which no change of the page may break.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import load
from tests.aws.template.deployed import VARIANTS, Deployed, Statement, statements

pytestmark = pytest.mark.aws

PAGE = Path(__file__).with_name("allowances.txt")

# What AWS offers no narrower resource for; every other `*` below is a suffix AWS itself makes up, or our own prefix.
REQUIRED_WILDCARDS = {
    "ecr:GetAuthorizationToken *": "the token opens no repository; what may be pulled is said beside it",
    "ecs:ListTasks *": "its only resource is a container instance, of which Fargate has none; bound to the cluster",
}
RUN = "${aws:PrincipalTag/run}"
SUFFIXES = (
    "-??????",  # Secrets Manager adds six characters to a secret's name
    ":task-definition/lamplighter-worker:*",  # any revision
    ":task-definition/lamplighter-sandbox*:*",  # any image on the list, any revision
    ":task/Cluster/*",  # tasks have no names before they run; bound to the cluster
    "Bucket.Arn/blobs/*",
    "Bucket.Arn/blobs/ledger/*",
    "Bucket.Arn/heads/*",
    "Bucket.Arn/blobs/day/*",
    f"Bucket.Arn/blobs/ledger/{RUN}/*",
    f"Bucket.Arn/heads/{RUN}/*",
    f"Bucket.Arn/blobs/{'?' * 64}",  # a digest, as older versions named contents
)

BEDROCK = "arn:aws:bedrock"
ANYWHERE = f"{BEDROCK}:*::"  # in the regions that a profile may send a request to, and in none: the global one's
RETIRES = ("ScheduleRole", ["s3:DeleteObject"], ("Bucket.Arn/blobs/ledger/*",))
CONTROL = {"DispatchRole", "PublishRole", "ScheduleRole"}


@pytest.fixture(params=VARIANTS, scope="module")
def deployed(request: pytest.FixtureRequest) -> Deployed:
    return Deployed(**VARIANTS[request.param])


def everything(deployed: Deployed) -> Iterator[tuple[str, Statement]]:
    for role in deployed.of("IAM::Role"):
        for statement in deployed.allowed(role):
            yield role, statement


def who_may(deployed: Deployed, action: str, resource: str = "") -> set[str]:
    return {
        role
        for role, statement in everything(deployed)
        if action in statement.actions and any(resource in name for name in statement.resources)
    }


def lines(statement: Statement) -> Iterator[str]:
    conditions = [f"{key} {inner}={value}" for key, wanted in statement.condition.items()
                  for inner, value in wanted.items()]  # fmt: skip
    only = f"  [{'; '.join(conditions)}]" if conditions else ""
    for resource in statement.resources:
        yield f"  {resource}: {', '.join(sorted(statement.actions))}{only}"


def page() -> str:
    """Every role of every variant; what a variant changes is said once, under its name."""
    said: dict[str, set[str]] = {}
    text = []
    for variant, parameters in VARIANTS.items():
        deployed = Deployed(**parameters)
        for role in deployed.of("IAM::Role"):
            allowed = sorted(line for statement in deployed.allowed(role) for line in lines(statement))
            if variant == "isolated":
                said[role] = set(allowed)
                text += [role, *allowed, ""]
            elif set(allowed) != said[role]:
                text += [f"{role}, {variant}, in place of that"]
                text += [line.replace("  ", "- ", 1) for line in sorted(said[role] - set(allowed))]
                text += [line.replace("  ", "+ ", 1) for line in allowed if line not in said[role]] + [""]
    return "\n".join(text)


def test_each_role_may_do_what_the_page_says_and_nothing_else():
    """After a deliberate change: `python -m tests.aws.template.test_roles` writes the page again."""
    assert page() == PAGE.read_text("utf-8")


def test_roles_only_allow(deployed: Deployed):
    assert {statement.effect for _, statement in everything(deployed)} == {"Allow"}


def is_loose(action: str, resource: str) -> bool:
    if "*" in action:
        return True
    if "*" not in resource and "?" not in resource:
        return False
    resource = resource.replace(ANYWHERE, BEDROCK)
    if "*" not in resource and "?" not in resource:
        return False
    return f"{action} {resource}" not in REQUIRED_WILDCARDS and not resource.endswith(SUFFIXES)


def test_no_wildcard_but_those_aws_requires(deployed: Deployed):
    loose = [
        f"{role}: {action} {resource}"
        for role, statement in everything(deployed)
        for action in statement.actions
        for resource in statement.resources
        if is_loose(action, resource)
    ]
    assert loose == []


def test_every_required_wildcard_is_still_there():
    used = {
        f"{action} {resource}"
        for parameters in VARIANTS.values()
        for _, statement in everything(Deployed(**parameters))
        for action in statement.actions
        for resource in statement.resources
    }
    assert set(REQUIRED_WILDCARDS) <= used


def test_the_app_key_is_for_the_control_side_alone(deployed: Deployed):
    if deployed.parameters["AppKeyKmsArn"]:
        assert who_may(deployed, "kms:Sign") == CONTROL | {"TokensRole"}
        assert not who_may(deployed, "secretsmanager:GetSecretValue", "app-key")
    else:
        assert who_may(deployed, "secretsmanager:GetSecretValue", "app-key") == CONTROL | {"TokensRole"}


def test_the_webhook_secret_is_for_the_door_and_for_deliveries_found_later(deployed: Deployed):
    assert who_may(deployed, "secretsmanager:GetSecretValue", "webhook-secret") == {"WebhookRole", "ScheduleRole"}


def test_the_model_key_is_for_workers_alone(deployed: Deployed):
    expected = set() if deployed.parameters["ModelProvider"] == "bedrock" else {"WorkerRole"}
    assert who_may(deployed, "secretsmanager:GetSecretValue", "anthropic") == expected
    assert who_may(deployed, "bedrock:InvokeModel") == {"WorkerRole"} - expected


def test_a_worker_calls_the_three_models_and_no_other(deployed: Deployed):
    """Of each alias the profile, and the model behind it wherever the profile sends the request."""
    if deployed.parameters["ModelProvider"] != "bedrock":
        return
    (may,) = [statement for statement in deployed.allowed("WorkerRole") if statement.sid == "CallTheModel"]
    names = load(deployed.environment("WorkerTask") | {"LAMPLIGHTER_PLATFORM": "local"}).models
    expected = set()
    for name in names:
        model = name.partition("anthropic.")[2]
        expected |= {
            f"{BEDROCK}:eu-central-1:111122223333:inference-profile/{name}",
            f"{BEDROCK}:*::foundation-model/anthropic.{model}",
        }
    assert set(may.resources) == expected


def test_a_run_is_made_with_the_names_that_its_worker_knows(deployed: Deployed):
    names = {name: value for name, value in deployed.environment("WorkerTask").items() if "_MODEL_" in name}
    assert len(names) == 4
    assert names.items() <= deployed.environment("DispatchFunction").items()
    assert names.items() <= dict(pair.split("=", 1) for pair in deployed.outputs["Settings"].split()).items()


def test_work_is_asked_for_by_the_control_side_only(deployed: Deployed):
    """A worker that was taken over cannot start runs."""
    assert who_may(deployed, "sqs:SendMessage", "JobsQueue") == {"WebhookRole", "PublishRole", "ScheduleRole"}


def test_a_worker_starts_sandboxes_only_and_hands_them_no_role(deployed: Deployed):
    started = [name for role, statement in everything(deployed) if role == "WorkerRole"
               and "ecs:RunTask" in statement.actions for name in statement.resources]  # fmt: skip
    handed = [name for role, statement in everything(deployed) if role == "WorkerRole"
              and "iam:PassRole" in statement.actions for name in statement.resources]  # fmt: skip
    assert all("/lamplighter-sandbox" in name for name in started)
    assert set(handed) <= {"SandboxStartRole.Arn"}


def test_a_sandbox_has_no_role(deployed: Deployed):
    for task in deployed.of("ECS::TaskDefinition").values():
        if "sandbox" in task["Family"]:
            assert "TaskRoleArn" not in task


def test_roles_are_handed_to_tasks_and_to_nothing_else(deployed: Deployed):
    for _, statement in everything(deployed):
        if "iam:PassRole" in statement.actions:
            assert statement.condition == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}


def test_the_audit_trail_cannot_be_taken_back(deployed: Deployed):
    """No role shortens a retention, scans or deletes the table, or removes a head. The clock's alone may delete events:
    of ledgers whose time is over, and an audit misses what goes earlier.
    """
    never = ("s3:Delete", "s3:Bypass", "s3:PutBucket", "s3:PutLifecycle", "s3:PutObjectLegalHold", "dynamodb:Scan",
             "dynamodb:DeleteTable", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive", "dynamodb:PartiQL",
             "dynamodb:BatchWriteItem", "logs:Delete")  # fmt: skip
    for role, statement in everything(deployed):
        deleted = [action for action in statement.actions if action.startswith(never)]
        assert not deleted or (role, deleted, statement.resources) == RETIRES, role
        if "dynamodb:DeleteItem" in statement.actions:
            ((_, conditions),) = [pair for pair in statement.condition.items() if pair[0].startswith("ForAllValues:")]
            (keys,) = conditions.values()
            own = ("CLAIM#", "RUN#", "THREAD#") if role == RETIRES[0] else ("CLAIM#",)
            assert all(key.startswith(own) for key in keys)
            assert statement.condition["Null"] == {
                "dynamodb:LeadingKeys": "false"
            }  # or the rule holds for no key at all


def test_the_door_touches_claims_only(deployed: Deployed):
    for statement in deployed.allowed("WebhookRole"):
        if any(action.startswith("dynamodb:") for action in statement.actions):
            assert statement.condition["ForAllValues:StringLike"] == {"dynamodb:LeadingKeys": ["CLAIM#*"]}
            assert statement.condition["Null"] == {"dynamodb:LeadingKeys": "false"}


def test_only_the_service_it_is_for_takes_a_role(deployed: Deployed):
    for name, role in deployed.of("IAM::Role").items():
        (trust,) = statements(role["AssumeRolePolicyDocument"])
        if name == "RunRole":
            continue  # the test below
        assert trust.actions == ("sts:AssumeRole",)
        service = trust.principal["Service"]
        if name in {"WorkerRole", "WorkerStartRole", "SandboxStartRole"}:
            assert service == "ecs-tasks.amazonaws.com"
        elif name == "ClockRole":
            assert service == "scheduler.amazonaws.com"
        else:
            assert service == "lambda.amazonaws.com"
            continue  # functions are named by the role's user, and Lambda sends no source to compare
        assert trust.condition == {"StringEquals": {"aws:SourceAccount": "111122223333"}}


def test_no_policy_of_aws_is_attached(deployed: Deployed):
    """They are wider than anything here needs: the one for SQS sources alone allows every queue of the account."""
    for role in deployed.of("IAM::Role").values():
        ours = {"LedgerPolicy", "KeepingPolicy", "AppKeyPolicy"}
        assert set(role.get("ManagedPolicyArns", [])) <= ours


def test_a_function_writes_to_its_own_log_alone(deployed: Deployed):
    for name, function in deployed.of("Lambda::Function").items():
        log = function["LoggingConfig"]["LogGroup"]
        assert log == name.removesuffix("Function") + "Logs"
        role = function["Role"].removesuffix(".Arn")
        written = {resource for statement in deployed.allowed(role)
                   if "logs:PutLogEvents" in statement.actions for resource in statement.resources}  # fmt: skip
        assert written == {f"{log}.Arn"}


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
