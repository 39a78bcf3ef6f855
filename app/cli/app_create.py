"""`app create`: register the GitHub App from a local page, and put its secrets where they belong."""

from __future__ import annotations

import argparse
import secrets
import sys
import webbrowser
from dataclasses import replace

from githubkit.utils import UNSET

from app import settings as words
from app.cli.app_page import Page, Plan
from app.cli.app_secrets import Files, Keeping, SecretsManager
from app.errors import LamplighterError, TransientError, UserError
from app.github import registration
from app.github.auth import AppAuth
from app.github.registration import HOOK_PATH, Registered
from app.local.clock import SystemClock
from app.settings import Settings

# Never resolved by anybody (RFC 2606): GitHub's tries fail, stay in the App's delivery list, and are found there.
NOWHERE = f"https://lamplighter.invalid{HOOK_PATH}"


def create(arguments: argparse.Namespace) -> int:
    """0 once the App is registered and its secrets are stored."""
    settings = words.load()
    keeping = _keeping(arguments, settings)
    keeping.check(replace=arguments.replace)
    registration.form_url(settings.github_url, arguments.org, "")  # the organisation's name, before anything opens
    plan = Plan(
        github_url=settings.github_url,
        organisation=arguments.org,
        name=_name(arguments.name),
        webhook_url=_hook(arguments.webhook_url),
        home_url=arguments.home_url or settings.github_url,
        public=arguments.public,
        reruns=arguments.reruns,
        keeping=keeping.where(),
    )
    finish = _Finish(settings, keeping, plan.webhook_url)
    with Page(plan, arguments.port, finish) as page:
        _say(page, arguments)
        try:
            ended = page.wait(arguments.minutes * 60.0)
        except KeyboardInterrupt:
            ended = False
    if page.failure:
        raise page.failure
    if not ended or page.result is None:
        raise UserError("The App was not registered.")
    made, steps = page.result
    stored = "" if finish.warnings else f"; its secrets are in {keeping.where()}"
    print(f"Registered {made.slug} (number {made.id}) of {made.owner}{stored}.")
    for line in steps:
        print(f"  {line}")
    print(f"Install it: {made.install_url}")
    for warning in finish.warnings:
        print(f"! {warning}", file=sys.stderr)
    return 0


def _keeping(arguments: argparse.Namespace, settings: Settings) -> Keeping:
    if arguments.secrets == "aws":
        return SecretsManager(arguments.prefix)
    return Files((arguments.into or settings.home / "app").expanduser().absolute(), settings)


def _name(name: str) -> str:
    if not 1 <= len(name) <= registration.NAME_LIMIT:
        raise UserError(f"--name: GitHub takes names of 1 to {registration.NAME_LIMIT} characters.")
    return name


def _hook(url: str) -> str:
    """The address of the door; from a bare host the path is added."""
    if not url:
        return NOWHERE
    url = url.rstrip("/")
    if not url.startswith(("https://", "http://")):
        raise UserError("--webhook-url takes an address that begins with https://.")
    return url if url.endswith(HOOK_PATH) else url + HOOK_PATH


def _say(page: Page, arguments: argparse.Namespace) -> None:
    print(f"Open {page.url}/ in a browser on this machine.", flush=True)
    if sys.stdout.isatty():
        print(f"From elsewhere: ssh -L {page.url[17:]}:{page.url[7:]} THIS-MACHINE", flush=True)
        if not arguments.no_browser:
            webbrowser.open(page.url)


class _Finish:
    """What happens between the code and "registered"."""

    def __init__(self, settings: Settings, keeping: Keeping, webhook_url: str) -> None:
        self._settings = settings
        self._keeping = keeping
        self._webhook_url = webhook_url
        self.warnings: list[str] = []

    def __call__(self, code: str) -> tuple[Registered, list[str]]:
        """Raises UserError, and TransientError when the code can be tried again."""
        made = registration.convert(self._settings, SystemClock(), code)
        was_given = bool(made.webhook_secret)
        made = made if was_given else replace(made, webhook_secret=secrets.token_hex(32))
        steps = self._keep(made)
        self._set_hook(made, secret="" if was_given else made.webhook_secret)
        return made, steps

    def _keep(self, made: Registered) -> list[str]:
        """GitHub shows the key once: when its place cannot take it, it goes into a file rather than nowhere."""
        try:
            return self._keeping.keep(made)
        except (LamplighterError, OSError) as error:
            folder = self._settings.home / f"app-{made.id}"
            refuge = Files(folder, self._settings)
            refuge.check(replace=True)
            warning = f"{error} The key and the webhook secret are in {folder} instead: move them by hand."
            self.warnings.append(warning)
            return [f"# {warning}", *refuge.keep(made)]

    def _set_hook(self, made: Registered, *, secret: str) -> None:
        """Address and content type as the door wants them, whatever the flow made of them."""
        settings = self._settings._replace(app_id=str(made.id), app_slug=made.slug, private_key=made.private_key)
        auth = AppAuth(settings, SystemClock())
        try:
            auth.client.rest.apps.update_webhook_config_for_app(
                url=self._webhook_url, content_type="json", secret=secret or UNSET
            )
        except (UserError, TransientError) as error:
            self.warnings.append(
                f"The webhook could not be configured ({error}): on the App's page set the content type to "
                "application/json" + (" and the secret to the one that was stored." if secret else ".")
            )
        finally:
            auth.close()
