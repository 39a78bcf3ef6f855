"""What a worker may do by its task's role, what by the role of its run, and who hands that one out."""

from __future__ import annotations

from itertools import product

import pytest

from tests.aws.template.allowance import Ask, is_allowed
from tests.aws.template.deployed import VARIANTS, Deployed, statements
from tests.aws.template.test_roles import RUN, everything, who_may

pytestmark = pytest.mark.aws


@pytest.fixture(params=VARIANTS, scope="module")
def deployed(request: pytest.FixtureRequest) -> Deployed:
    return Deployed(**VARIANTS[request.param])


def test_the_broker_is_called_by_workers_alone_and_by_its_url_alone(deployed: Deployed):
    """Who invokes the function by its name may say in the event that he is any task."""
    assert deployed.of("Lambda::Url")["TokensFunctionUrl"]["AuthType"] == "AWS_IAM"
    assert who_may(deployed, "lambda:InvokeFunctionUrl") == {"WorkerRole"}
    invoking = [
        (role, statement.condition)
        for role, statement in everything(deployed)
        if "lambda:InvokeFunction" in statement.actions and "TokensFunction.Arn" in statement.resources
    ]
    assert invoking == [("WorkerRole", {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}})]
    permitted = [part for part in deployed.of("Lambda::Permission").values() if "Tokens" in str(part["FunctionName"])]
    assert permitted == []


def test_the_broker_alone_takes_the_role_of_a_run_and_never_without_a_run(deployed: Deployed):
    (trust,) = statements(deployed.of("IAM::Role")["RunRole"]["AssumeRolePolicyDocument"])
    assert (trust.principal, trust.actions) == ({"AWS": "TokensRole.Arn"}, ("sts:AssumeRole", "sts:TagSession"))
    assert trust.condition == {
        "StringLike": {"aws:RequestTag/run": "?*"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["run"]},
    }
    assert who_may(deployed, "sts:AssumeRole") == who_may(deployed, "sts:TagSession") == {"TokensRole"}
    assert who_may(deployed, "sts:AssumeRole", "RunRole.Arn") == {"TokensRole"}


def test_a_worker_reaches_table_and_bucket_by_the_role_of_its_run_alone(deployed: Deployed):
    """And every statement of that role is about one run, or about contents, which have none in their names."""
    for statement in deployed.allowed("WorkerRole"):
        assert not [action for action in statement.actions if action.startswith(("dynamodb:", "s3:", "sts:"))]
    for statement in deployed.allowed("RunRole"):
        named = [*statement.resources, str(statement.condition)]
        is_contents = statement.sid in {"ReadContents", "WriteNewContents", "FindAContentByItsWholeDigest"}
        assert is_contents or any(RUN in text for text in named), statement.sid
        assert "Bucket.Arn/blobs/*" not in statement.resources and "Bucket.Arn/heads/*" not in statement.resources


def test_a_worker_gives_itself_no_run(deployed: Deployed):
    """What was assigned to a warm worker, and which task a run has, are the control side's claims."""
    claims = ("CLAIM#assigned:x", "CLAIM#warm:0", "CLAIM#warming:0", "CLAIM#task:x", "CLAIM#starting:x")
    for key, action in product(claims, ("dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:UpdateItem")):
        assert not is_allowed(deployed, "WorkerRole", Ask(action, "Table.Arn", {"dynamodb:LeadingKeys": (key,)}))
