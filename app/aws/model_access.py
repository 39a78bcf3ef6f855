"""Whether this process could call Bedrock, as far as one sees without calling it."""

from __future__ import annotations

import os

import boto3
from botocore.exceptions import BotoCoreError

_CREDENTIALS = (
    "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK "
    "(a machine's or a task's own role is found without)."
)


def problem() -> str:
    """What is missing and where to set it; empty when nothing is. Looks where the model's SDK will look."""
    try:
        session = boto3.Session()
        if not (os.environ.get("AWS_REGION") or session.region_name):
            return "there is no AWS region. Set AWS_REGION to one in which Bedrock offers the models."
        if not os.environ.get("AWS_BEARER_TOKEN_BEDROCK") and session.get_credentials() is None:
            return f"there are no AWS credentials. {_CREDENTIALS}"
    except BotoCoreError as error:  # a profile that does not exist, a file that cannot be read
        return f"the AWS credentials cannot be read ({error}). {_CREDENTIALS}"
    return ""
