"""What the two functions without a framework share: verify, parse, one message. Standard library, nothing else."""

import hashlib
import hmac
import json

SECRET = b"a-webhook-secret"


def handler_with(send):
    """The handler that sends by `send(body, group, dedup_id)`."""

    def handler(event, _context):
        body, headers = event["body"].encode(), event["headers"]
        good = b"sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest().encode()
        if not hmac.compare_digest(good, headers["x-hub-signature-256"].encode()):
            return {"statusCode": 401, "body": "{}"}
        if headers["x-github-event"] != "issues":
            return {"statusCode": 202, "body": json.dumps({"decision": "ignore"})}
        payload = json.loads(body)
        issue = payload["issue"]
        job = {
            "repository": payload["repository"]["full_name"],
            "number": issue["number"],
            "title": issue["title"],
            "body": issue["body"],
        }
        group = f"{payload['repository']['id']}#{issue['number']}"
        send(json.dumps(job), group, headers["x-github-delivery"])
        return {"statusCode": 202, "body": json.dumps({"decision": "start"})}

    return handler
