"""`app create`, with a browser that is a person's hands: from the local page over GitHub's to a working App."""

from __future__ import annotations

import html
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.cli.app_page import Page, Plan
from app.errors import UserError
from app.github.registration import NAME_LIMIT, PERMISSIONS, Registered, form_url
from app.simulator import Simulator


class Browser:
    """Opens pages, fills in their forms, follows where they lead."""

    def __init__(self) -> None:
        self.http = httpx.Client(timeout=10, trust_env=False)
        self.page: httpx.Response

    def open(self, url: str) -> str:
        self.page = self.http.get(url)
        return self.page.text

    def submit(self, button: str, **fields: str) -> str:
        """Press a button of the page, with its form's fields."""
        form = next(part for part in self.page.text.split("<form")[1:] if f">{button}" in part)
        action = re.search(r"action='?([^'> ]+)", form.partition(">")[0])
        url = self.page.url.join(html.unescape(action[1])) if action else self.page.url
        inputs = dict(re.findall(r"<input[^>]*name=(\w+)[^>]*value='([^']*)'", form))
        data = {name: html.unescape(value) for name, value in inputs.items()} | fields
        headers = {"Origin": "null"} if url.host != self.page.url.host or url.port != self.page.url.port else {}
        self.page = self.http.post(url, data=data, headers=headers, follow_redirects=True)
        return self.page.text


@pytest.fixture
def browser() -> Iterator[Browser]:
    made = Browser()
    yield made
    made.http.close()


@pytest.fixture
def github(tmp_path: Path) -> Iterator[Simulator]:
    made = Simulator(tmp_path / "github")
    made.serve(webhook_url="http://127.0.0.1:9/nobody")
    yield made
    made.close()


@contextmanager
def creating(lamplighter, github: Simulator, *arguments: str, **env: str):
    """The command at work; its page's address. It is waited for at the end."""
    addresses = {"LAMPLIGHTER_GITHUB_URL": github.html_url, "LAMPLIGHTER_GITHUB_API_URL": github.api_url}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "app.cli", "app", "create", *arguments],
        env=lamplighter.env | addresses | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=lamplighter.home.parent,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.url = re.search(r"http://127\.0\.0\.1:\d+/", line)[0]
        yield process
        process.said, process.complained = process.communicate(timeout=20)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate(timeout=10)


def environment(path: Path) -> dict[str, str]:
    shell = ["env", "-i", "sh", "-c", f"set -a; . '{path}'; env -0"]
    done = subprocess.run(shell, capture_output=True, text=True, check=True)
    return dict(item.split("=", 1) for item in done.stdout.split("\0") if item.startswith("LAMPLIGHTER"))


def test_from_the_page_to_an_app_that_works(lamplighter, github, browser):
    with creating(lamplighter, github, "--webhook-url", "https://lamp.example.org", "--org", "acme") as process:
        page = browser.open(process.url)
        assert "https://lamp.example.org/webhooks/github" in page
        assert "the organisation <b>acme</b>" in page
        browser.submit("Register it at")
        assert "Create GitHub App for acme" in browser.page.text
        done = browser.submit("Create GitHub App", name="Acme Lamp")
        assert "The App is registered" in done
        assert f"{github.html_url}/apps/acme-lamp/installations/new" in done
    assert process.returncode == 0, process.complained
    assert process.complained == ""
    assert f"Install it: {github.html_url}/apps/acme-lamp/installations/new" in process.said

    app = github.app
    assert (app.slug, app.owner.login, app.permissions) == ("acme-lamp", "acme", PERMISSIONS)
    assert app.webhook_url == "https://lamp.example.org/webhooks/github"
    folder = lamplighter.home / "app"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "app.env", folder / "app-key.pem")] == [
        0o700,
        0o600,
        0o600,
    ]
    env = environment(folder / "app.env")
    assert env["LAMPLIGHTER_WEBHOOK_SECRET"] == app.webhook_secret
    for secret in (app.webhook_secret, app.private_key.splitlines()[1]):
        assert secret not in process.said + process.complained + done

    doctor = lamplighter("doctor", "--json", **env)
    assert doctor.stdout, doctor.stderr
    levels = {row["name"]: row["level"] for row in json.loads(doctor.stdout)["findings"]}
    assert {levels[name] for name in ("app", "permissions", "events", "webhook", "webhook secret")} == {"ok"}


def test_without_an_address_deliveries_stay_in_the_list_and_install_is_a_page_away(lamplighter, github, browser):
    repo = github.repository("olga/notes", files={"a": "b"}, install=False, owner_type="User")
    with creating(lamplighter, github) as process:
        assert "your own account" in browser.open(process.url)
        browser.submit("Register it at")
        browser.submit("Create GitHub App", name="Olga Lamp")
        browser.open(re.search(r"href='([^']+installations/new)'", browser.page.text)[1])
        browser.submit("Install", account="olga")
    assert github.app.webhook_url == "https://lamplighter.invalid/webhooks/github"
    assert github.world.installation_of(repo) is not None


def test_what_did_not_begin_here_changes_nothing(lamplighter, github, browser):
    with creating(lamplighter, github) as process:
        for query in ("", "?code=abc", "?code=abc&state=", "?code=abc&state=guess", "?state=%ff&code=abc"):
            assert "Not from here" in browser.open(f"{process.url}registered{query}")
            assert browser.page.status_code == 400
        stranger = browser.http.get(process.url, headers={"Host": "evil.example"})
        assert stranger.status_code == 421
        assert browser.http.get(process.url + "etc/passwd").status_code == 404
        assert not any("conversions" in request.path for request in github.requests)
        process.terminate()
    assert not (lamplighter.home / "app" / "app.env").exists()


def test_github_s_bad_moment_is_waited_out_on_the_page(lamplighter, github, browser):
    github.faults.add("POST /app-manifests/*/conversions", status=502, when="before", times=1)
    github.faults.add("PATCH /app/hook/config", status=502, when="before", times=1)
    with creating(lamplighter, github) as process:
        browser.open(process.url)
        browser.submit("Register it at")
        assert "reload this page" in browser.submit("Create GitHub App", name="Lamp")
        assert browser.page.status_code == 503
        assert "The App is registered" in browser.open(str(browser.page.url))
    assert process.returncode == 0
    assert "set the content type" in process.complained


def test_a_code_that_is_no_longer_good_is_said_plainly(lamplighter, github, browser):
    with creating(lamplighter, github) as process:
        browser.open(process.url)
        state = parse_qs(urlsplit(re.search(r"action='([^']+)'", browser.page.text)[1]).query)["state"][0]
        assert "used already, or is older" in browser.open(f"{process.url}registered?code=old&state={state}")
    assert process.returncode == 1
    assert "Start again" in process.complained


def test_an_earlier_app_is_not_written_over(lamplighter):
    folder = lamplighter.home / "app"
    folder.mkdir(parents=True)
    (folder / "app.env").write_text("LAMPLIGHTER_APP_ID=1\n")
    done = lamplighter("app", "create")
    assert done.returncode == 1
    assert "it belongs to another App" in done.stderr
    assert "--replace" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--name", "x" * (NAME_LIMIT + 1)], "1 to 34 characters"),
        (["--org", "a/b"], "not the login of an organisation"),
        (["--webhook-url", "ftp://x"], "begins with https://"),
        (["--port", "no"], "is not a port"),
    ],
)
def test_mistakes_are_one_line_before_anything_opens(lamplighter, arguments, words):
    done = lamplighter("app", "create", *arguments)
    assert done.returncode in {1, 2}
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_page_that_lost_its_place_for_the_key_keeps_it_in_a_file(lamplighter, github, browser):
    with creating(lamplighter, github) as process:
        browser.open(process.url)
        folder = lamplighter.home / "app"
        folder.rmdir()
        folder.write_text("in the way")
        browser.submit("Register it at")
        assert "The App is registered" in browser.submit("Create GitHub App", name="Lamp")
    refuge = lamplighter.home / f"app-{github.app.id}"
    assert (refuge / "app-key.pem").read_text() == github.app.private_key
    assert "move them by hand" in process.complained


def test_what_stands_on_the_page_cannot_break_out_of_it():
    nasty = "'\"><script>alert(1)</script>"
    plan = Plan(
        github_url="https://github.com",
        organisation="",
        name=nasty,
        webhook_url=f"https://x/{nasty}",
        home_url="https://x",
        public=False,
        reruns=False,
        keeping=nasty,
    )
    made = Registered(id=1, slug=nasty, owner=nasty, url=f"https://x/{nasty}", private_key="k", webhook_secret="s")
    codes = []
    with Page(plan, 0, lambda code: (codes.append(code), (made, [nasty]))[1]) as page:
        host = page.url.removeprefix("http://")
        state = page._state
        shown = page.answer(host, "/")[1] + page.answer(host, f"/?organisation={nasty}")[1]
        for _ in range(2):  # browsers ask twice
            shown += page.answer(host, f"/registered?code=x&state={state}")[1]
    assert codes == ["x"]
    assert "<script" not in shown
    with pytest.raises(UserError):
        form_url("https://github.com", "../../evil", "s")


@pytest.mark.aws
def test_secrets_go_straight_into_secrets_manager(lamplighter, github, browser, tmp_path):
    from tests.aws.emulator import emulated
    from tests.aws.gateway import Gateway
    from tests.clock import HeldClock

    with emulated(HeldClock()) as account:
        gateway = Gateway(account)
        env = gateway.environment() | {"PATH": os.environ["PATH"]}
        try:
            with creating(lamplighter, github, "--secrets", "aws", **env) as process:
                browser.open(process.url)
                browser.submit("Register it at")
                browser.submit("Create GitHub App", name="Lamp")
            assert process.returncode == 0, process.complained
            read = account.clients.get("secretsmanager").get_secret_value
            assert read(SecretId="lamplighter/app-key")["SecretString"] == github.app.private_key
            assert read(SecretId="lamplighter/webhook-secret")["SecretString"] == github.app.webhook_secret
            assert f"AppId={github.app.id} AppSlug=lamp" in process.said
            assert not (lamplighter.home / "app").exists()

            again = lamplighter("app", "create", "--secrets", "aws", **env)
            assert again.returncode == 1
            assert "it belongs to another App" in again.stderr
        finally:
            gateway.close()
