"""What one would write with a framework: Starlette behind Mangum, githubkit to verify and parse, boto3 to send."""

import json
import os

from lambda_common import drive

SECRET = "a-webhook-secret"


def load():
    import boto3
    from githubkit.webhooks import parse, verify
    from mangum import Mangum
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    sqs, url = boto3.client("sqs", region_name=os.environ["AWS_REGION"]), os.environ["LAMPLIGHTER_JOBS_QUEUE_URL"]

    async def webhook(request):
        body = await request.body()
        if not verify(SECRET, body, request.headers["x-hub-signature-256"]):
            return JSONResponse({}, 401)
        if request.headers["x-github-event"] != "issues":
            return JSONResponse({"decision": "ignore"}, 202)
        event = parse("issues", body)
        job = {"repository": event.repository.full_name, "number": event.issue.number, "title": event.issue.title}
        sqs.send_message(
            QueueUrl=url,
            MessageBody=json.dumps(job | {"body": event.issue.body}),
            MessageGroupId=f"{event.repository.id}#{event.issue.number}",
            MessageDeduplicationId=request.headers["x-github-delivery"],
        )
        return JSONResponse({"decision": "start"}, 202)

    return Mangum(Starlette(routes=[Route("/webhooks/github", webhook, methods=["POST"])]), lifespan="off")


class Context:
    function_name = "f"


drive(load)
