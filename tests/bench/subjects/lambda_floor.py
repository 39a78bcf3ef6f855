"""The floor: hmac, json, a hand-made signature, one SendMessage over http.client. Standard library, nothing else."""

import hashlib
import hmac
import http.client
import json
import os
import ssl
import time

from lambda_bare import handler_with
from lambda_common import drive


def load():
    scheme, _, place = os.environ["AWS_ENDPOINT_URL"].partition("://")
    region, url = os.environ["AWS_REGION"], os.environ["LAMPLIGHTER_JOBS_QUEUE_URL"]
    access, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    if scheme == "https":
        connection = http.client.HTTPSConnection(place, timeout=5, context=ssl.create_default_context())
    else:
        connection = http.client.HTTPConnection(place, timeout=5)

    def send(body, group, dedup):
        data = json.dumps(
            {"QueueUrl": url, "MessageBody": body, "MessageGroupId": group, "MessageDeduplicationId": dedup}
        ).encode()
        at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        headers = {
            "content-type": "application/x-amz-json-1.0",
            "host": place,
            "x-amz-date": at,
            "x-amz-target": "AmazonSQS.SendMessage",
        }
        names = ";".join(headers)
        listed = "".join(f"{name}:{value}\n" for name, value in headers.items())
        request = f"POST\n/\n\n{listed}\n{names}\n{hashlib.sha256(data).hexdigest()}"
        scope = f"{at[:8]}/{region}/sqs/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        key = f"AWS4{secret}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={access}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
        connection.request("POST", "/", data, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200

    return handler_with(send)


drive(load)
