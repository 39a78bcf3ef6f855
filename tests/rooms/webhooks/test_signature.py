"""The signature: GitHub's own worked example, and everything that only looks like one."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.signature import sign, verify

# From GitHub's documentation, "Validating webhook deliveries": secret, payload, signature.
SECRET, PAYLOAD = "It's a Secret to Everybody", b"Hello, World!"
SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_githubs_own_example_is_valid():
    assert sign(PAYLOAD, SECRET) == SIGNATURE
    assert verify(PAYLOAD, SIGNATURE, [SECRET])


def test_one_bit_more_or_less_is_not():
    assert not verify(PAYLOAD + b" ", SIGNATURE, [SECRET])
    assert not verify(PAYLOAD, SIGNATURE, [SECRET + " "])
    assert not verify(PAYLOAD, SIGNATURE[:-1] + "6", [SECRET])
    assert not verify(PAYLOAD, SIGNATURE.replace("sha256=", "SHA256="), [SECRET])


def test_either_of_two_secrets_is_enough():
    assert verify(PAYLOAD, SIGNATURE, ["new", SECRET])
    assert verify(PAYLOAD, SIGNATURE, [SECRET, "new"])


@pytest.mark.parametrize("secrets", [[], [""], ["", ""]])
def test_no_secret_verifies_nothing_not_even_an_empty_one(secrets):
    assert not verify(PAYLOAD, sign(PAYLOAD, ""), secrets)


def test_sha1_is_a_downgrade():
    digest = hmac.new(SECRET.encode(), PAYLOAD, "sha1").hexdigest()
    assert not verify(PAYLOAD, f"sha1={digest}", [SECRET])
    assert not verify(PAYLOAD, f"sha256={digest}", [SECRET])


@given(st.none() | st.text(alphabet=st.characters()))
def test_odd_header_is_simply_false(header):
    assert verify(PAYLOAD, header, [SECRET]) is (header == SIGNATURE)


@given(st.binary(), st.text(min_size=1))
def test_what_was_signed_verifies(body, secret):
    assert verify(body, sign(body, secret), [secret])
    assert not verify(body, sign(body, secret), [secret + "x"])
