"""The two platforms a process can stand on: one machine, or AWS. The only module that names their adapters."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from app.agent.models.anthropic import AnthropicModel
from app.agent.models.scripted import Script
from app.agent.models.scripted_model import ScriptedModel
from app.errors import UserError
from app.jobs.job import MOST_ATTEMPTS
from app.local.clock import SystemClock
from app.local.launcher import SubprocessLauncher
from app.local.queue import SqliteQueue
from app.local.retention import LocalKeeping
from app.local.store import SqliteStore
from app.local.tokens import SocketTokens
from app.log import Redactor
from app.ports.model import Model
from app.ports.platform import Clock, Keeping, Launcher, Queue, RunStore, Store, Tokens
from app.ports.sandbox import SandboxHost
from app.settings import Settings, extras

# AWS is imported by those who stand on it: one machine does not even need to have its SDK.
if TYPE_CHECKING:
    import httpx

    from app.aws.broker import Broker
    from app.aws.clients import Clients
    from app.aws.secrets import Secrets
    from app.github.app_key import AppKey


@dataclass(frozen=True, kw_only=True)
class Platform:
    """The ports of one process, with the settings they were made from."""

    settings: Settings
    clock: Clock
    redactor: Redactor
    store: Store
    keeping: Keeping
    jobs: Queue
    publishing: Queue
    launcher: Launcher
    tokens: Tokens
    clone_url: Callable[[str], str]
    transport: httpx.BaseTransport | None = None  # in place of the network to GitHub
    model: Callable[[], Model]
    host: Callable[[], SandboxHost]
    reveal: Callable[[str], str] = str  # what a secret setting stands for
    app_key: Callable[[], AppKey | None] = lambda: None  # in place of the PEM text in the settings
    narrowed: Callable[[str], RunStore] | None = None  # the store with credentials that reach one run's part alone

    def run_store(self, run_id: str) -> RunStore:
        """The store as the worker of a run has it. On one machine all processes are one user's, and it is the same."""
        return self.narrowed(run_id) if self.narrowed else self.store


def platform(settings: Settings) -> Platform:
    """The platform that `LAMPLIGHTER_PLATFORM` names. Raises SettingsError, UserError."""
    return aws_platform(settings) if settings.platform == "aws" else local_platform(settings)


def local_platform(
    settings: Settings,
    *,
    clock: Clock | None = None,
    transport: httpx.BaseTransport | None = None,
    launcher: Launcher | None = None,
    model: Model | None = None,
    host: SandboxHost | None = None,
    clone_url: Callable[[str], str] | None = None,
) -> Platform:
    """One machine: SQLite, files, subprocesses. The keyword arguments replace what a test or the demo holds itself."""
    clock = clock or SystemClock()
    home = settings.home
    store = SqliteStore(home, clock)
    redactor = Redactor(settings.secrets())
    secrets = _secrets(redactor) if settings.refers() else None
    return Platform(
        settings=settings,
        clock=clock,
        redactor=redactor,
        store=store,
        keeping=LocalKeeping(home, clock),
        jobs=SqliteQueue(home, "jobs", clock, max_attempts=MOST_ATTEMPTS),
        publishing=SqliteQueue(home, "publish", clock, max_attempts=MOST_ATTEMPTS),
        launcher=launcher or SubprocessLauncher(home, os.environ),
        tokens=SocketTokens(home),
        clone_url=clone_url or (lambda repository: f"{settings.github_url}/{repository}.git"),
        transport=transport,
        model=(lambda: model) if model else partial(_model, settings, secrets),
        host=(lambda: host) if host else partial(_host, settings),
        reveal=secrets.value if secrets else str,
        app_key=partial(_app_key, settings, secrets) if secrets else lambda: None,
    )


def aws_platform(
    settings: Settings,
    *,
    clock: Clock | None = None,
    transport: httpx.BaseTransport | None = None,
    launcher: Launcher | None = None,
    model: Model | None = None,
    host: SandboxHost | None = None,
    clone_url: Callable[[str], str] | None = None,
    clients: Clients | None = None,
) -> Platform:
    """SQS, DynamoDB, S3, Fargate, Lambda, as the settings name them. A part that a process does not use (a worker
    starts no worker, the publisher asks for no token) may be missing; it is asked for when it is used.
    """
    extras.require("LAMPLIGHTER_PLATFORM=aws", extras.AWS)
    from app.aws.broker import Broker  # noqa: PLC0415
    from app.aws.clients import Clients  # noqa: PLC0415
    from app.aws.launcher import FargateLauncher  # noqa: PLC0415
    from app.aws.queue import SqsQueue  # noqa: PLC0415
    from app.aws.retention import AwsKeeping  # noqa: PLC0415
    from app.aws.store import DynamoStore  # noqa: PLC0415
    from app.aws.tokens import BrokerTokens  # noqa: PLC0415

    clock, clients, cloud = clock or SystemClock(), clients or Clients(), settings.cloud
    cloud.require("table", "bucket")
    redactor = Redactor(settings.secrets())
    secrets = _secrets(redactor, clients)
    store = DynamoStore(clients, cloud.table, cloud.bucket, clock, settings.ledger_days)
    broker = Broker(cloud.tokens_url, clients, clock)

    return Platform(
        settings=settings,
        clock=clock,
        redactor=redactor,
        store=store,
        keeping=AwsKeeping(clients, cloud.table, cloud.bucket, clock),
        jobs=SqsQueue(clients, cloud.jobs_queue_url),
        publishing=SqsQueue(clients, cloud.publish_queue_url),
        launcher=launcher or FargateLauncher(cloud, store, clock, clients),
        tokens=BrokerTokens(broker),
        clone_url=clone_url or (lambda repository: f"{settings.github_url}/{repository}.git"),
        transport=transport,
        model=(lambda: model) if model else partial(_model, settings, secrets),
        host=(lambda: host) if host else partial(_aws_host, settings, clients, clock),
        reveal=secrets.value,
        app_key=partial(_app_key, settings, secrets),
        narrowed=_narrowed(broker, settings, clock, redactor) if cloud.tokens_url else None,  # in workers alone
    )


def _narrowed(broker: Broker, settings: Settings, clock: Clock, redactor: Redactor) -> Callable[[str], RunStore]:
    from app.aws.run_clients import run_clients  # noqa: PLC0415
    from app.aws.store import DynamoStore  # noqa: PLC0415

    cloud, days = settings.cloud, settings.ledger_days

    @cache
    def narrowed(run_id: str) -> RunStore:
        own = run_clients(broker, run_id, clock, redactor)
        return DynamoStore(own, cloud.table, cloud.bucket, clock, days, of_one_run=True)

    return narrowed


def _secrets(redactor: Redactor, clients: Clients | None = None) -> Secrets:
    extras.require("A secret that is kept on AWS", extras.BOTO3)
    from app.aws.clients import Clients  # noqa: PLC0415
    from app.aws.secrets import Secrets  # noqa: PLC0415

    return Secrets(clients or Clients(), redactor)


def revealed(platform: Platform) -> Settings:
    """The settings with the door's secrets in place of the names of where they are kept."""
    settings, reveal = platform.settings, platform.reveal
    return settings._replace(
        webhook_secrets=tuple(part for secret in settings.webhook_secrets for part in reveal(secret).split()),
        sentry_secret=reveal(settings.sentry_secret),
        linear_secret=reveal(settings.linear_secret),
        hook_secret=reveal(settings.hook_secret),
    )


def _app_key(settings: Settings, secrets: Secrets) -> AppKey:
    from app.aws import kms  # noqa: PLC0415
    from app.github.app_key import PemKey  # noqa: PLC0415

    where = settings.private_key
    if where.startswith(kms.PREFIX):
        return kms.KmsKey(where.removeprefix(kms.PREFIX), secrets.clients)
    return PemKey(lambda: secrets.value(where), lambda: secrets.value(where, fresh=True))


def _aws_host(settings: Settings, clients: Clients, clock: Clock) -> SandboxHost:
    if settings.sandbox == "beside":  # weaker: the sandbox shares the worker's task and network
        from app.sandbox.remote.beside import BesideHost  # noqa: PLC0415

        return BesideHost(networks=settings.sandbox_networks, egress_port=settings.cloud.egress_port)
    if settings.sandbox not in {"auto", "remote"}:  # weaker still, on a machine: the worker's own container
        return _host(settings)
    from app.aws.sandbox_tasks import FargateSandboxes  # noqa: PLC0415
    from app.sandbox.remote.host import RemoteHost  # noqa: PLC0415

    tasks = FargateSandboxes(settings.cloud, clock, clients)
    return RemoteHost(tasks, networks=settings.sandbox_networks, egress_port=settings.cloud.egress_port)


def _host(settings: Settings) -> SandboxHost:
    from app.sandbox.probe import choose  # noqa: PLC0415 - only a worker has a sandbox, and probing takes a moment

    return choose(settings.sandbox, settings.home, settings.sandbox_networks)


_NO_KEY = (
    "ANTHROPIC_API_KEY is not set, so there is no model to ask. Set it, or LAMPLIGHTER_MODEL_PROVIDER=bedrock with AWS "
    "credentials, or LAMPLIGHTER_MODEL_PROVIDER=scripted with LAMPLIGHTER_MODEL_SCRIPT=FILE."
)


def ensure_model(settings: Settings) -> None:
    """What is missing before the model could be asked, said before anything starts. Raises UserError, one line.

    It asks nobody: a key that is wrong and a model that is not there show at the first call.
    """
    _installed(settings)
    if settings.model_provider == "scripted":
        if not settings.model_script or not Path(settings.model_script).is_file():
            raise UserError("LAMPLIGHTER_MODEL_PROVIDER=scripted needs LAMPLIGHTER_MODEL_SCRIPT, a file of replies.")
        Script.load(Path(settings.model_script))
    elif settings.model_provider == "bedrock":
        from app.aws import model_access  # noqa: PLC0415

        if problem := model_access.problem():
            raise UserError(f"Bedrock cannot be asked: {problem}")
    elif not settings.anthropic_api_key:
        raise UserError(_NO_KEY)


def _installed(settings: Settings) -> None:
    if settings.model_provider == "bedrock":
        extras.require("LAMPLIGHTER_MODEL_PROVIDER=bedrock", extras.BOTO3)


def _model(settings: Settings, secrets: Secrets | None = None) -> Model:
    if settings.model_provider == "scripted":
        return ScriptedModel(Script.load(Path(settings.model_script)))
    _installed(settings)
    key = settings.anthropic_api_key
    model = AnthropicModel(
        api_key="" if secrets else key,
        # Bedrock's own, ANTHROPIC_BEDROCK_BASE_URL, the SDK reads itself: what AWS has to read goes to no other vendor.
        base_url=settings.anthropic_base_url if settings.model_provider == "anthropic" else "",
        provider=settings.model_provider,
        read_key=(lambda fresh: secrets.value(key, fresh=fresh)) if secrets and key else None,
    )
    threading.Thread(target=model.warm, name="model-import", daemon=True).start()
    return model
