"""What ministack 1.5.33 does that the end-to-end run relies on, and what it does not do.

Of a template it does: function URLs (payload 2.0, told apart by the Host header), SQS FIFO event sources with partial
failures and redelivery, roles (a call that no policy allows is refused), KMS keys that sign, secrets.

It does not, and the end-to-end run says how it gets by:
- ECS tasks: RunTask goes to a stand-in of our own, which starts processes (`AWS_ENDPOINT_URL_ECS`).
- Events of `aws.*` sources from outside: whoever plays ECS calls the rule's target itself, as EventBridge would.
- Object lock of a bucket in a template: it is switched on after the deployment; puts with retention then work.
- Lambda's interpreter: functions run in the emulator's own Python, whose packages they could see; the packed ones
  come first.
- FIFO concurrency: one batch of a queue at a time, where AWS has one for each message group.
- Rules between security groups, peering and DNS firewalls: left out (`adaptation.UNKNOWN`); nothing here has a network.
- The policy condition `dynamodb:LeadingKeys`: taken out (`adaptation.UNTOLD`), or every claim would be refused. What a
  role may do to which table, queue, bucket, secret and function is enforced.
- Who calls a function URL: it checks, but does not tell the function (`authorizer`). Workers ask the broker at a
  stand-in of the URL, which checks signature and role, and invokes the function with the event that Lambda would make.
- TLS: its one port is plain HTTP, so the bucket's policy that demands TLS is left out.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from tests.waiting import until

pytestmark = pytest.mark.aws

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.13, Timeout: 30, Environment: {Variables: {QUEUE: !Ref Jobs, TABLE: !Ref Table}}}
Resources:
  Dead: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true}}
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      FifoQueue: true
      VisibilityTimeout: 180
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: sk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]
  Bucket: {Type: AWS::S3::Bucket, Properties: {ObjectLockEnabled: true, VersioningConfiguration: {Status: Enabled}}}
  Door:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      FunctionUrlConfig: {AuthType: NONE}
      Policies: [{Statement: [{Effect: Allow, Action: sqs:SendMessage, Resource: !GetAtt Jobs.Arn}]}]
      InlineCode: |
        import json, os, boto3
        def handler(event, context):
            boto3.client("sqs").send_message(
                QueueUrl=os.environ["QUEUE"], MessageBody=event["body"], MessageGroupId="g",
                MessageDeduplicationId=event["rawPath"])
            try:
                boto3.client("dynamodb").scan(TableName=os.environ["TABLE"])
            except Exception as error:
                refused = error.response["Error"]["Code"]
            return {"statusCode": 202, "body": json.dumps({"version": event["version"], "scan": refused})}
  Taker:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      Policies:
        - Statement:
            - {Effect: Allow, Action: dynamodb:PutItem, Resource: !GetAtt Table.Arn}
            - {Effect: Allow, Action: sqs:ChangeMessageVisibility, Resource: !GetAtt Jobs.Arn}
      Events:
        Jobs: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn, FunctionResponseTypes: [ReportBatchItemFailures]}}
        Stopped: {Type: EventBridgeRule, Properties: {Pattern: {source: [aws.ecs]}}}
      InlineCode: |
        import os, boto3
        def handler(event, context):
            failed = []
            for record in event["Records"]:
                attempt = record["attributes"]["ApproximateReceiveCount"]
                boto3.client("dynamodb").put_item(TableName=os.environ["TABLE"], Item={
                    "pk": {"S": record["body"]}, "sk": {"S": attempt}})
                if record["body"] == "bad" and attempt == "1":
                    boto3.client("sqs").change_message_visibility(
                        QueueUrl=os.environ["QUEUE"], ReceiptHandle=record["receiptHandle"], VisibilityTimeout=1)
                    failed.append({"itemIdentifier": record["messageId"]})
            return {"batchItemFailures": failed}
Outputs:
  Url: {Value: !GetAtt DoorUrl.FunctionUrl}
  Table: {Value: !Ref Table}
  Bucket: {Value: !Ref Bucket}
"""


def test_what_the_emulator_does_and_does_not(ministack):
    outputs = ministack.deploy("tiny", TEMPLATE, {})
    answers = [
        ministack.post(outputs["Url"], body.encode(), {"Content-Type": "text/plain"}, path=f"/{body}")
        for body in ("good", "bad")
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == {"version": "2.0", "scan": "AccessDeniedException"}, "roles are enforced"

    table = ministack.client("dynamodb")
    wanted = {("good", "1"), ("bad", "1"), ("bad", "2")}
    until(
        lambda: taken_of(table, outputs["Table"]) == wanted,
        lambda: f"{taken_of(table, outputs['Table'])}",
        seconds=60,
        pause=0.2,
    )

    event = {
        "Source": "aws.ecs",
        "DetailType": "ECS Task State Change",
        "Detail": json.dumps({"lastStatus": "STOPPED"}),
    }
    refused = ministack.client("events").put_events(Entries=[event])
    assert refused["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"

    bucket = ministack.client("s3")
    kept = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": datetime.now(UTC) + timedelta(days=1)}
    with pytest.raises(ClientError, match="ObjectLockConfiguration"):
        bucket.put_object(Bucket=outputs["Bucket"], Key="head", Body=b"", **kept)
    enabled = {"ObjectLockEnabled": "Enabled"}
    bucket.put_object_lock_configuration(Bucket=outputs["Bucket"], ObjectLockConfiguration=enabled)
    bucket.put_object(Bucket=outputs["Bucket"], Key="head", Body=b"", **kept)


def taken_of(table, name):
    return {(item["pk"]["S"], item["sk"]["S"]) for item in table.scan(TableName=name)["Items"]}
