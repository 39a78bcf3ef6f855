"""The forty-line signer says what botocore's says."""

from __future__ import annotations

import datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given
from hypothesis import strategies as st

from app.aws.sigv4 import Credentials, signed

_PRINTED = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=60)
_NAMES = st.from_regex(r"[a-z]([a-z0-9.-]{0,30}[a-z0-9])?", fullmatch=True)
_VALUES = st.lists(_PRINTED, min_size=1, max_size=4).flatmap(
    lambda words: st.sampled_from([" ", "  ", "\t"]).map(lambda gap: gap.join(words))
)
_UNSIGNED = {"authorization", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"}


@given(
    body=st.binary(max_size=300),
    host=_NAMES,
    headers=st.dictionaries(_NAMES, _VALUES, max_size=5),
    service=st.sampled_from(["sqs", "dynamodb", "secretsmanager"]),
    region=st.sampled_from(["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1"]),
    credentials=st.builds(Credentials, access_key=_PRINTED, secret_key=_PRINTED, token=st.just("") | _PRINTED),
    at=st.datetimes(min_value=datetime.datetime(2000, 1, 1), max_value=datetime.datetime(2099, 12, 31)),
)
def test_signature_is_botocores(body, host, headers, service, region, credentials, at):
    given_headers = {name: value for name, value in headers.items() if name not in _UNSIGNED and "date" not in name}
    given_headers["host"] = host
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    ours = signed(given_headers, body, service=service, region=region, credentials=credentials, at=stamp)
    request = AWSRequest(method="POST", url=f"https://{host}/", data=body, headers=given_headers)
    boto = BotoCredentials(credentials.access_key, credentials.secret_key, credentials.token or None)
    signer = _AtTheTime(boto, service, region, stamp)
    signer.add_auth(request)
    assert ours["authorization"] == request.headers["Authorization"]
    assert ours["x-amz-date"] == request.headers["X-Amz-Date"]
    assert ours.get("x-amz-security-token") == request.headers.get("X-Amz-Security-Token")


class _AtTheTime(SigV4Auth):
    """Botocore's signer with the date given to it instead of taken from the machine."""

    def __init__(self, credentials, service, region, stamp) -> None:
        super().__init__(credentials, service, region)
        self._stamp = stamp

    def add_auth(self, request) -> None:
        request.context["timestamp"] = self._stamp
        self._modify_request_before_signing(request)
        text = self.string_to_sign(request, self.canonical_request(request))
        self._inject_signature_to_request(request, self.signature(text, request))


def test_headers_that_were_given_stay():
    given_headers = {"host": "h", "x-amz-target": "T.A"}
    found = signed(
        given_headers, b"", service="sqs", region="r", credentials=Credentials("a", "b"), at="20260302T090000Z"
    )
    assert given_headers.items() <= found.items()
    assert set(found) == {"host", "x-amz-target", "x-amz-date", "authorization"}


@pytest.mark.parametrize("token", ["", "t0ken"])
def test_only_short_lived_keys_send_a_token(token):
    found = signed(
        {"host": "h"}, b"", service="sqs", region="r", credentials=Credentials("a", "b", token), at="20260302T090000Z"
    )
    assert found.get("x-amz-security-token", "") == token
