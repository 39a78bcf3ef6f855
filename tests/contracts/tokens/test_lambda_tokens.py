"""What only the Lambda adapter promises: what is sent, and what the service's own errors mean."""

from __future__ import annotations

import json

import pytest

from app import log
from app.aws.tokens import LambdaTokens
from app.errors import TransientError, UserError

pytestmark = pytest.mark.aws


@pytest.fixture
def control(lambda_control):
    return lambda_control


def test_a_request_names_the_run_its_repository_and_the_purpose(control):
    control.run("run")
    control.tokens.read_token("run", 7)
    asked = {"run_id": "run", "repository_id": 7, "purpose": "read", "fresh": False}
    assert control.functions.asked == [("tokens", asked)]


@pytest.mark.parametrize(
    "request_", [{}, {"run_id": "run"}, {"run_id": "run", "repository_id": 7, "purpose": "write"}, {"run_id": None}]
)
def test_a_request_for_anything_else_is_refused(control, request_):
    control.run("run")
    _status, _headers, answer = control.functions.invoke("tokens", request_)
    assert set(answer) == {"refused"}
    assert control.asked == []


@pytest.mark.parametrize(("code", "status"), [("TooManyRequestsException", 429), ("ServiceException", 500)])
def test_a_busy_service_is_transient(control, code, status):
    control.run("run")
    control.functions.fail(code, status, times=4)
    with pytest.raises(TransientError):
        control.tokens.read_token("run", 7)
    assert control.tokens.read_token("run", 7)


def test_a_function_that_is_not_there_or_not_ours_to_call_is_said_plainly(control):
    with pytest.raises(UserError, match="does not know it"):
        LambdaTokens("another", control.clients).read_token("run", 7)
    control.functions.fail("AccessDeniedException", 403)
    with pytest.raises(UserError, match="denies it"):
        control.tokens.read_token("run", 7)


def test_audit_line_has_the_digest_and_never_the_token(control):
    control.run("run")
    with log.captured() as lines:
        token = control.tokens.read_token("run", 7)
    assert [line["action"] for line in lines] == ["tokens.granted"]
    assert token.value not in json.dumps(lines)
