"""What AWS asks for, in dollars: its public list prices, us-east-1, on demand, autumn 2026, without free tiers."""

LAMBDA_CALL = 0.20e-6
LAMBDA_GB_SECOND = 13.3334e-6  # arm64
LAMBDA_GB = 0.5  # as template.yaml sizes the functions
LAMBDA_SHARE = 0.5 / 1.769  # of a processor that such a function gets: 1,769 MB are a whole one
SQS_FIFO_CALL = 0.50e-6
DYNAMODB_WRITE_UNIT = 0.625e-6
DYNAMODB_READ_UNIT = 0.125e-6
S3_PUT, S3_GET = 5e-6, 0.4e-6


def of_function(calls: int, cpu_seconds: float, waiting_seconds: float) -> float:
    """Invocations that took so much of a whole processor in all, and waited so long."""
    seconds = cpu_seconds / LAMBDA_SHARE + waiting_seconds
    return calls * LAMBDA_CALL + seconds * LAMBDA_GB * LAMBDA_GB_SECOND


def of_services(calls: dict[str, int], read_units: float, write_units: float) -> float:
    """Of calls by `service operation`, as `lambda_flow.Meter` counts them."""
    queues = sum(count for name, count in calls.items() if name.startswith("sqs "))
    puts = sum(count for name, count in calls.items() if name.startswith("s3 Put"))
    gets = sum(count for name, count in calls.items() if name.startswith("s3 ") and not name.startswith("s3 Put"))
    units = read_units * DYNAMODB_READ_UNIT + write_units * DYNAMODB_WRITE_UNIT
    return queues * SQS_FIFO_CALL + puts * S3_PUT + gets * S3_GET + units


def shown(dollars: float) -> str:
    return f"${dollars:.2f}" if dollars >= 0.1 else f"${dollars:.6f}"
