"""All settings, read once from the environment. Standard library only: the door imports this."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import NamedTuple

from app.errors import SettingsError, UserError
from app.settings.providers import NAMES, PROVIDERS, Names, mistake
from app.settings.quiet import Quiet
from app.settings.retention_days import LEDGERS, REST
from app.settings.retention_days import read as read_days

# The models behind the three aliases where nothing is set; logic knows only the aliases.
MODEL_FAST, MODEL_DEFAULT, MODEL_DEEP = NAMES["anthropic"]

Network = IPv4Network | IPv6Network

PLATFORMS = ("local", "aws")
SANDBOXES = ("auto", "bubblewrap", "jail", "remote", "beside")

# The fields that hold secrets.
SECRETS = (
    "private_key", "webhook_secrets", "sentry_secret", "linear_secret", "hook_secret", "anthropic_api_key",
)  # fmt: skip
# What a secret setting may hold instead of the secret: where it is kept.
REFERENCES = ("secretsmanager:", "kms:")


class Cloud(NamedTuple):
    """The deployed parts on AWS, named by `template.yaml`; all empty on one machine."""

    jobs_queue_url: str = ""
    publish_queue_url: str = ""
    table: str = ""
    bucket: str = ""
    cluster: str = ""
    worker_task: str = ""  # task definition family
    worker_subnets: tuple[str, ...] = ()
    worker_security_group: str = ""
    sandbox_tasks: tuple[tuple[str, str], ...] = ()  # (image's name in a repository's configuration, family)
    sandbox_subnets: tuple[str, ...] = ()
    sandbox_security_group: str = ""
    egress_port: int = 3128  # of a worker, where its sandbox finds the proxy
    tokens_function: str = ""
    tokens_url: str = ""  # of that function, where workers ask
    worker_role: str = ""  # ARN of the role by which that function knows them
    run_role: str = ""  # ARN of the role that it takes for one run
    spot: bool = True
    warm_workers: int = 0

    def require(self, *names: str) -> None:
        """Raises SettingsError that names every one of these that is missing."""
        missing = [f"LAMPLIGHTER_{name.upper()} is not set; template.yaml sets it" for name in names
                   if not getattr(self, name)]  # fmt: skip
        if missing:
            raise SettingsError(missing)


class Settings(NamedTuple):
    """The values of the contract's settings table. `SECRETS` are starred wherever they are shown."""

    home: Path
    platform: str = "local"
    github_url: str = "https://github.com"
    github_api_url: str = "https://api.github.com"
    app_id: str = ""
    app_slug: str = "lamplighter"
    command_prefix: str = "/agent"
    private_key: str = ""
    webhook_secrets: tuple[str, ...] = ()
    sentry_secret: str = ""
    linear_secret: str = ""
    hook_secret: str = ""
    model_provider: str = "anthropic"
    model_script: str = ""  # scripted provider only: path of the replies
    model_fast: str = MODEL_FAST
    model_default: str = MODEL_DEFAULT
    model_deep: str = MODEL_DEEP
    anthropic_api_key: str = ""
    anthropic_base_url: str = ""
    attended: bool = False  # a person waits for the run: a vendor that does not answer ends it instead of parking it
    sandbox: str = "auto"
    sandbox_networks: tuple[Network, ...] = ()  # with mirrors of one's own: allowed hosts may be there
    concurrency: int = 8
    quiet: Quiet = Quiet()
    retention_days: int = REST  # of contents, logs and what work leaves behind
    ledger_days: int = LEDGERS  # of a run's ledger, from its end, and of the heads that vouch for it
    cloud: Cloud = Cloud()

    @property
    def bot_login(self) -> str:
        return f"{self.app_slug}[bot]"

    @property
    def sandbox_images(self) -> tuple[str, ...] | None:
        """The names a repository may ask for in `sandbox.image`; None where sandboxes use the machine's own tools."""
        if self.platform != "aws" or self.sandbox not in ("auto", "remote"):
            return None
        return tuple(name for name, _family in self.cloud.sandbox_tasks)

    def secrets(self) -> list[str]:
        """Every secret value held, for the redactor; the name of a secret is none."""
        return [value for value in self._held() if not value.startswith(REFERENCES)]

    def refers(self) -> bool:
        """Whether any secret setting names where the secret is kept."""
        return any(value.startswith(REFERENCES) for value in self._held())

    def _held(self) -> list[str]:
        held: list[str] = []
        for name in SECRETS:
            value = getattr(self, name)
            held.extend(value if isinstance(value, tuple) else [value])
        return [value for value in held if value]

    def model(self, alias: str) -> str:
        """The model's name behind `fast`, `default` or `deep`; any other text is taken as a name, and a UserError
        where the provider knows no such name.
        """
        name: str = self.models._asdict().get(alias, alias)
        if wrong := mistake(self.model_provider, name):
            raise UserError(f"The model `{name}` {wrong}. `fast`, `default` and `deep` always work.")
        return name

    @property
    def models(self) -> Names:
        return Names(self.model_fast, self.model_default, self.model_deep)


def _home(env: Mapping[str, str]) -> Path:
    if env.get("LAMPLIGHTER_HOME"):
        return Path(env["LAMPLIGHTER_HOME"]).expanduser().absolute()
    state = env.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "lamplighter"


def _choice(env: Mapping[str, str], name: str, allowed: tuple[str, ...], mistakes: list[str]) -> str:
    value = env.get(name) or allowed[0]
    if value not in allowed:
        mistakes.append(f"{name}={value!r} is not one of {', '.join(allowed)}")
    return value


# A server, perhaps with a path: without credentials, query or fragment.
_ADDRESS = re.compile(r"https?://(?:\[[0-9A-Fa-f:.]+\]|[^/\s?#@:\[\]]+)(?::([0-9]{1,5}))?(?:/[^\s?#]*)?")


def _is_address(value: str) -> bool:
    found = _ADDRESS.fullmatch(value)
    return found is not None and 0 < int(found[1] or 80) < 2**16


def _url(env: Mapping[str, str], name: str, default: str, mistakes: list[str]) -> str:
    value = (env.get(name) or default).rstrip("/")
    if not _is_address(value):
        mistakes.append(f"{name}={value!r} is not an http(s) address")
    return value


def _positive(env: Mapping[str, str], name: str, default: int, mistakes: list[str]) -> int:
    value = env.get(name) or str(default)
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        mistakes.append(f"{name}={value!r} is not a whole number above 0")
        return default
    return int(value)


def _networks(env: Mapping[str, str], name: str, mistakes: list[str]) -> tuple[Network, ...]:
    found = []
    for text in env.get(name, "").replace(",", " ").split():
        try:
            found.append(ipaddress.ip_network(text))
        except ValueError as error:
            mistakes.append(f"{name}: {error}; it takes networks such as 10.20.0.0/16")
    return tuple(found)


def _cloud(env: Mapping[str, str], mistakes: list[str]) -> Cloud:
    def value(name: str) -> str:
        return env.get(f"LAMPLIGHTER_{name}", "").strip()

    def words(name: str) -> tuple[str, ...]:
        return tuple(value(name).replace(",", " ").split())

    tasks = [task.partition("=") for task in words("SANDBOX_TASKS")]
    if any(not (name and family) for name, _, family in tasks):
        mistakes.append("LAMPLIGHTER_SANDBOX_TASKS takes pairs such as default=lamplighter-sandbox")

    def number(name: str, default: int) -> int:
        text = value(name) or str(default)
        if not text.isascii() or not text.isdigit():
            mistakes.append(f"LAMPLIGHTER_{name}={text!r} is not a whole number")
            return default
        return int(text)

    return Cloud(
        jobs_queue_url=value("JOBS_QUEUE_URL"),
        publish_queue_url=value("PUBLISH_QUEUE_URL"),
        table=value("TABLE"),
        bucket=value("BUCKET"),
        cluster=value("CLUSTER"),
        worker_task=value("WORKER_TASK"),
        worker_subnets=words("WORKER_SUBNETS"),
        worker_security_group=value("WORKER_SECURITY_GROUP"),
        sandbox_tasks=tuple((name, family) for name, _, family in tasks),
        sandbox_subnets=words("SANDBOX_SUBNETS"),
        sandbox_security_group=value("SANDBOX_SECURITY_GROUP"),
        tokens_function=value("TOKENS_FUNCTION"),
        tokens_url=value("TOKENS_URL"),
        worker_role=value("WORKER_ROLE"),
        run_role=value("RUN_ROLE"),
        spot=_choice(env, "LAMPLIGHTER_SPOT", ("on", "off"), mistakes) == "on",
        egress_port=number("EGRESS_PORT", 3128),
        warm_workers=number("WARM_WORKERS", 0),
    )


def _models(env: Mapping[str, str], provider: str, mistakes: list[str]) -> Names:
    """The names behind the aliases: those that are set, for the rest the provider's own."""
    variables = Names("LAMPLIGHTER_MODEL_FAST", "LAMPLIGHTER_MODEL_DEFAULT", "LAMPLIGHTER_MODEL_DEEP")
    found = []
    for variable, default in zip(variables, NAMES.get(provider, NAMES["anthropic"]), strict=True):
        name = env.get(variable, "").strip() or default
        if wrong := mistake(provider, name):
            mistakes.append(f"{variable}={name!r} {wrong}")
        found.append(name)
    return Names._make(found)


def _private_key(env: Mapping[str, str], mistakes: list[str]) -> str:
    value = env.get("LAMPLIGHTER_PRIVATE_KEY", "").strip()
    if not value or "PRIVATE KEY" in value or value.startswith(REFERENCES):
        return value.replace("\\n", "\n")
    try:
        text = Path(value).expanduser().read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        mistakes.append(f"LAMPLIGHTER_PRIVATE_KEY is neither PEM text nor a readable file ({type(error).__name__})")
        return ""
    if "PRIVATE KEY" not in text:
        mistakes.append("LAMPLIGHTER_PRIVATE_KEY names a file that holds no PEM private key")
    return text


def load(env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `env`, else from the process environment. Raises SettingsError naming every mistake."""
    env = os.environ if env is None else env
    mistakes: list[str] = []
    webhook_secrets = tuple(env.get("LAMPLIGHTER_WEBHOOK_SECRET", "").split())
    if len(webhook_secrets) > 2:
        mistakes.append("LAMPLIGHTER_WEBHOOK_SECRET holds more than two secrets; during rotation give old and new")
    slug = env.get("LAMPLIGHTER_APP_SLUG") or "lamplighter"
    if not slug.replace("-", "").isalnum():
        mistakes.append(f"LAMPLIGHTER_APP_SLUG={slug!r} may hold letters, digits and hyphens only")
    prefix = env.get("LAMPLIGHTER_COMMAND_PREFIX") or "/agent"
    if not re.fullmatch(r"/[A-Za-z][A-Za-z0-9-]{0,29}", prefix):
        mistakes.append(f"LAMPLIGHTER_COMMAND_PREFIX={prefix!r} is not a slash and a word, as in /agent")
    provider = _choice(env, "LAMPLIGHTER_MODEL_PROVIDER", PROVIDERS, mistakes)
    models = _models(env, provider, mistakes)
    kept = read_days("LAMPLIGHTER_RETENTION_DAYS", env.get("LAMPLIGHTER_RETENTION_DAYS", ""), mistakes)
    settings = Settings(
        home=_home(env),
        platform=_choice(env, "LAMPLIGHTER_PLATFORM", PLATFORMS, mistakes),
        github_url=_url(env, "LAMPLIGHTER_GITHUB_URL", "https://github.com", mistakes),
        github_api_url=_url(env, "LAMPLIGHTER_GITHUB_API_URL", "https://api.github.com", mistakes),
        app_id=env.get("LAMPLIGHTER_APP_ID", "").strip(),
        app_slug=slug,
        command_prefix=prefix,
        private_key=_private_key(env, mistakes),
        webhook_secrets=webhook_secrets,
        sentry_secret=env.get("LAMPLIGHTER_SENTRY_SECRET", ""),
        linear_secret=env.get("LAMPLIGHTER_LINEAR_SECRET", ""),
        hook_secret=env.get("LAMPLIGHTER_HOOK_SECRET", ""),
        model_provider=provider,
        model_script=env.get("LAMPLIGHTER_MODEL_SCRIPT", ""),
        model_fast=models.fast,
        model_default=models.default,
        model_deep=models.deep,
        anthropic_api_key=env.get("ANTHROPIC_API_KEY", "").strip(),
        anthropic_base_url=_url(env, "ANTHROPIC_BASE_URL", "", mistakes) if env.get("ANTHROPIC_BASE_URL") else "",
        attended=_choice(env, "LAMPLIGHTER_ATTENDED", ("off", "on"), mistakes) == "on",
        sandbox=_choice(env, "LAMPLIGHTER_SANDBOX", SANDBOXES, mistakes),
        sandbox_networks=_networks(env, "LAMPLIGHTER_SANDBOX_NETWORKS", mistakes),
        concurrency=_positive(env, "LAMPLIGHTER_CONCURRENCY", 8, mistakes),
        quiet=Quiet.read(env, "LAMPLIGHTER_QUIET_SECONDS", mistakes),
        retention_days=kept[0],
        ledger_days=kept[1],
        cloud=_cloud(env, mistakes),
    )
    if mistakes:
        raise SettingsError(mistakes)
    return settings
