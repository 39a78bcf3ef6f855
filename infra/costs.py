"""What a stack costs: idle by the month, by a thousand events, by a run. `python -m infra.costs` prints the tables.

List prices of us-east-1 in dollars, without the free tiers unless said; other regions cost up to a third more. The
model's tokens are not in here: they are by far the largest part of a run, and each run's ledger has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

READ_ON = "2026-11-22"  # from stored copies of AWS's pricing pages (aws.amazon.com/SERVICE/pricing), not from a bill

HOURS = 730.0  # a month, as AWS counts it
MINUTES = HOURS * 60

PRICES: Mapping[str, float] = {
    "interface endpoint, hour and zone": 0.01,  # PrivateLink
    "secret, month": 0.40,  # Secrets Manager
    "secrets request": 0.05 / 10_000,
    "alarm, month": 0.10,  # CloudWatch, standard resolution
    "log, GB": 0.50,
    "lambda request": 0.20 / 1e6,
    "lambda, GB second": 0.0000133334,  # arm64
    "sqs fifo request": 0.50 / 1e6,  # of up to 64 KB
    "dynamodb read unit": 0.125 / 1e6,  # on demand, 4 KB strongly consistent
    "dynamodb write unit": 0.625 / 1e6,  # on demand, 1 KB; twice in a transaction
    "dynamodb, GB month": 0.25,
    "s3 put": 0.005 / 1000,
    "s3 get": 0.0004 / 1000,
    "s3, GB month": 0.023,
    "registry, GB month": 0.10,  # ECR
    "scheduler invocation": 1.00 / 1e6,  # EventBridge Scheduler; 14 million a month are free
    "dns firewall, domain": 0.0005,
    "vcpu, hour": 0.03238,  # Fargate, Linux on ARM
    "memory, GB hour": 0.00356,
    "public address, hour": 0.005,
}
SPOT = 0.3  # of the price on demand; AWS says "up to 70 % off", and it moves

# Free for every account and every month, not for the first year only.
FREE: Mapping[str, float] = {
    "alarm, month": 10,
    "sqs fifo request": 1e6,
    "lambda request": 1e6,
    "lambda, GB second": 400_000,
    "scheduler invocation": 14e6,
    "log, GB": 5,
}

SMALL_USD = 0.05

# What the closest relative's own page gives for its idle baseline, "~$140–150": one NAT gateway, seven interface
# endpoints in two zones, flow logs (aws-samples.github.io/sample-autonomous-cloud-coding-agents, cost model).
RELATIVE_USD = 140.0


@dataclass(frozen=True, kw_only=True)
class Line:
    """So many of something, and why so many."""

    what: str
    price: str  # a key of PRICES
    amount: float
    why: str

    @property
    def usd(self) -> float:
        return self.amount * PRICES[self.price]


# Lambda looks into each queue with five pollers of twenty seconds; a limit of its concurrency keeps them at five.
POLLS = 5 * 3 * MINUTES
TICK_SECONDS, TICK_GB = 0.25, 0.5  # of the clock's function with nothing to do: two queries and a few lines
TICK_READS = 4.0
IMAGES_GB = 0.3  # of one version: worker and sandbox, compressed


def idle(*, endpoints: int, secrets: int, queues: int, alarms: int) -> list[Line]:
    """A month in which nothing happens. `endpoints` counts each zone, `queues` those that Lambda looks into."""
    return [
        Line(what="registry endpoints", price="interface endpoint, hour and zone", amount=endpoints * HOURS,
             why=f"{endpoints}, so that a sandbox without a way out can pull its image"),
        Line(what="secrets", price="secret, month", amount=secrets, why=f"{secrets}: App key, webhook, model"),
        Line(what="alarms", price="alarm, month", amount=alarms, why=f"{alarms}"),
        Line(what="looking into the queues", price="sqs fifo request", amount=queues * POLLS,
             why=f"{queues} queues, five pollers each, every 20 s"),
        Line(what="the clock", price="lambda, GB second", amount=MINUTES * TICK_SECONDS * TICK_GB,
             why="a tick a minute, a quarter of a second at 512 MB"),
        Line(what="the clock's calls", price="lambda request", amount=MINUTES, why="a tick a minute"),
        Line(what="the clock's timer", price="scheduler invocation", amount=MINUTES, why="a tick a minute"),
        Line(what="the clock's reads", price="dynamodb read unit", amount=MINUTES * TICK_READS, why="four a tick"),
        Line(what="logs", price="log, GB", amount=MINUTES * 600 / 1e9, why="600 bytes a tick"),
        Line(what="images", price="registry, GB month", amount=IMAGES_GB, why="one version of both"),
        Line(what="the names a sandbox may ask for", price="dns firewall, domain", amount=5 if endpoints else 0,
             why="five"),
    ]  # fmt: skip


def after_free(lines: list[Line]) -> float:
    """The bill of an account that has nothing but this in it."""
    used: dict[str, float] = {}
    for line in lines:
        used[line.price] = used.get(line.price, 0.0) + line.amount
    return sum(max(0.0, amount - FREE.get(price, 0.0)) * PRICES[price] for price, amount in used.items())


def table(lines: list[Line]) -> str:
    """Markdown; what costs less than five cents is told together."""
    rows = [f"| {line.what} | {line.why} | {line.usd:.2f} |" for line in lines if line.usd >= SMALL_USD]
    small = [line for line in lines if 0 < line.usd < SMALL_USD]
    names, rest = ", ".join(line.what for line in small), sum(line.usd for line in small)
    total = sum(line.usd for line in lines)
    return "\n".join([
        "| idle, a month | | dollars |",
        "|---|---|---:|",
        *rows,
        f"| under {SMALL_USD:.2f} each | {names} | {rest:.2f} |",
        f"| **together** | {after_free(lines):.2f} after what AWS gives every account for nothing | **{total:.2f}** |",
    ])  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What something used; requests and units as AWS counts them."""

    lambda_requests: float = 0
    lambda_gb_seconds: float = 0
    sqs_requests: float = 0
    read_units: float = 0
    write_units: float = 0
    s3_puts: float = 0
    s3_gets: float = 0
    log_bytes: float = 0
    task_seconds: float = 0  # of worker and sandbox, each
    worker_vcpu: float = 1
    worker_gb: float = 2
    sandbox_vcpu: float = 2
    sandbox_gb: float = 4

    def usd(self, *, spot: bool = True) -> float:
        hours, discount = self.task_seconds / 3600, SPOT if spot else 1.0
        vcpu, memory = self.worker_vcpu + self.sandbox_vcpu, self.worker_gb + self.sandbox_gb
        tasks = hours * (vcpu * PRICES["vcpu, hour"] + memory * PRICES["memory, GB hour"]) * discount
        return (
            self.lambda_requests * PRICES["lambda request"]
            + self.lambda_gb_seconds * PRICES["lambda, GB second"]
            + self.sqs_requests * PRICES["sqs fifo request"]
            + self.read_units * PRICES["dynamodb read unit"]
            + self.write_units * PRICES["dynamodb write unit"]
            + self.s3_puts * PRICES["s3 put"]
            + self.s3_gets * PRICES["s3 get"]
            + self.log_bytes / 1e9 * PRICES["log, GB"]
            + tasks
            + hours * PRICES["public address, hour"]
        )


# A delivery that nobody wants: verified, dropped by its header, answered. The door needs 1 ms of warm processor time
# (docs/bench.md); thirty leave room for a third of a processor, a cold start now and then, and the network.
IGNORED = Usage(lambda_requests=1, lambda_gb_seconds=0.03 * 0.5, log_bytes=400)
# One that becomes a job: claimed in one transaction, sent, taken by `dispatch`, which asks GitHub a few things.
ACCEPTED = Usage(
    lambda_requests=2, lambda_gb_seconds=(0.06 + 2.0) * 0.5, sqs_requests=3, write_units=44, read_units=20,
    s3_puts=2, log_bytes=2000,
)  # fmt: skip
# A whole run as tests/aws/template/test_calls.py counts it (89 events, two attempts, one pull request), and ten
# minutes of both tasks. `publish` mostly waits: GitHub wants a second between two writes.
RUN = Usage(
    lambda_requests=18, lambda_gb_seconds=30, sqs_requests=45, write_units=1000, read_units=135,
    s3_puts=105, s3_gets=3, log_bytes=100_000, task_seconds=600,
)  # fmt: skip


def usage_table() -> str:
    """Markdown, without the model."""
    rows = [
        ("1,000 deliveries that nobody wants", 1000 * IGNORED.usd()),
        ("1,000 deliveries that become jobs, without their runs", 1000 * ACCEPTED.usd()),
        ("a run of ten minutes, on Spot", RUN.usd()),
        ("the same on demand", RUN.usd(spot=False)),
    ]
    return "\n".join(["| | dollars |", "|---|---:|", *(f"| {what} | {usd:.4f} |" for what, usd in rows)])


ISOLATED = idle(endpoints=2, secrets=3, queues=2, alarms=10)
WEAKER = idle(endpoints=0, secrets=3, queues=2, alarms=10)

if __name__ == "__main__":
    for name, lines in (("isolated", ISOLATED), ("weaker", WEAKER)):
        print(f"{name}:\n\n{table(lines)}\n")  # noqa: T201
    print(usage_table() + "\n")  # noqa: T201
    print(f"A relative states about {RELATIVE_USD:.0f}; isolated is {sum(x.usd for x in ISOLATED) / RELATIVE_USD:.0%}.")  # noqa: T201
