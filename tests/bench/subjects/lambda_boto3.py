"""The same as the floor, with boto3 for the one call."""

import hashlib
import hmac
import json
import os

from lambda_common import drive

SECRET = b"a-webhook-secret"


def load():
    import boto3

    sqs, url = boto3.client("sqs", region_name=os.environ["AWS_REGION"]), os.environ["LAMPLIGHTER_JOBS_QUEUE_URL"]

    def handler(event, _context):
        body, headers = event["body"].encode(), event["headers"]
        good = b"sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest().encode()
        if not hmac.compare_digest(good, headers["x-hub-signature-256"].encode()):
            return {"statusCode": 401, "body": "{}"}
        if headers["x-github-event"] != "issues":
            return {"statusCode": 202, "body": json.dumps({"decision": "ignore"})}
        payload = json.loads(body)
        issue = payload["issue"]
        job = {"repository": payload["repository"]["full_name"], "number": issue["number"], "title": issue["title"]}
        sqs.send_message(
            QueueUrl=url,
            MessageBody=json.dumps(job | {"body": issue["body"]}),
            MessageGroupId=f"{payload['repository']['id']}#{issue['number']}",
            MessageDeduplicationId=headers["x-github-delivery"],
        )
        return {"statusCode": 202, "body": json.dumps({"decision": "start"})}

    return handler


drive(load)
