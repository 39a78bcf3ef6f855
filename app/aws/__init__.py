"""The platform of the cloud: SQS, DynamoDB, S3, ECS on Fargate, Lambda. Mirrors `app.local`; alone imports boto3."""
