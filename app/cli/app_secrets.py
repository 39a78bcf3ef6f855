"""Where the secrets of a new App go: files that only their owner reads, or Secrets Manager."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Protocol

from app.errors import UserError
from app.github.registration import Registered
from app.local.folders import private
from app.settings import Settings, extras

KEY_FILE = "app-key.pem"
ENV_FILE = "app.env"


class Keeping(Protocol):
    """A place for secrets."""

    def where(self) -> str:
        """In one line, for a person."""

    def check(self, *, replace: bool) -> None:
        """Raises UserError when it cannot be used, or holds an App's secrets already and may not `replace` them."""

    def keep(self, made: Registered) -> list[str]:
        """Store key and webhook secret; what to do next, line by line."""


class Files:
    """A folder (mode 700) with the key and an environment file (mode 600)."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._folder = folder
        self._settings = settings
        self._key = folder / KEY_FILE
        self._env = folder / ENV_FILE

    def where(self) -> str:
        return f"{self._folder} (readable by you alone)"

    def check(self, *, replace: bool) -> None:
        for path in (self._key, self._env):
            if path.exists() and not replace:
                raise UserError(f"{path} exists: it belongs to another App. Move it away, or say --replace.")
        if self._folder.is_relative_to(self._settings.home):
            private(self._settings.home)  # the server's own: it would not use one that others can look into
        private(self._folder)

    def keep(self, made: Registered) -> list[str]:
        _write(self._key, made.private_key)
        values = {
            "LAMPLIGHTER_APP_ID": str(made.id),
            "LAMPLIGHTER_APP_SLUG": made.slug,
            "LAMPLIGHTER_PRIVATE_KEY": str(self._key),
            "LAMPLIGHTER_WEBHOOK_SECRET": made.webhook_secret,
        }
        if self._settings.github_url != Settings._field_defaults["github_url"]:
            values["LAMPLIGHTER_GITHUB_URL"] = self._settings.github_url
            values["LAMPLIGHTER_GITHUB_API_URL"] = self._settings.github_api_url
        _write(self._env, "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items()))
        return [
            f"set -a; . {shlex.quote(str(self._env))}; set +a",
            "lamplighter doctor",
            "lamplighter serve",
        ]


class SecretsManager:
    """Two secrets, under the names that `template.yaml` reads by default."""

    def __init__(self, prefix: str) -> None:
        extras.require("--secrets aws", extras.BOTO3)
        from app.aws.app_secrets import AppSecrets
        from app.aws.clients import Clients

        self._secrets = AppSecrets(Clients())
        self._key = f"{prefix}/app-key"
        self._hook = f"{prefix}/webhook-secret"

    def where(self) -> str:
        return f"AWS Secrets Manager, as {self._key} and {self._hook}"

    def check(self, *, replace: bool) -> None:
        for name in (self._key, self._hook):
            if self._secrets.is_there(name) and not replace:
                raise UserError(
                    f"The secret `{name}` exists: it belongs to another App. Choose another --prefix, or say --replace."
                )

    def keep(self, made: Registered) -> list[str]:
        self._secrets.keep(self._key, made.private_key, f"Private key of the GitHub App {made.slug} (Lamplighter)")
        self._secrets.keep(self._hook, made.webhook_secret, f"Webhook secret of the GitHub App {made.slug}")
        return [
            f"sam deploy --parameter-overrides AppId={made.id} AppSlug={made.slug} AppKeySecret={self._key} "
            f"WebhookSecret={self._hook} --save-params",
        ]


def _write(path: Path, content: str) -> None:
    """Never readable by anybody else, not even for a moment; an old file's mode does not live on."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(content)
