"""The same as the floor, with boto3 for the one call."""

import os

from lambda_bare import handler_with
from lambda_common import drive


def load():
    import boto3

    sqs, url = boto3.client("sqs", region_name=os.environ["AWS_REGION"]), os.environ["LAMPLIGHTER_JOBS_QUEUE_URL"]

    def send(body, group, dedup_id):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=dedup_id)

    return handler_with(send)


drive(load)
