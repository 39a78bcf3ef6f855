"""The local page of `app create`: what will be registered, a form that sends it to GitHub, and the way back.

It answers on 127.0.0.1 only, to requests that name this machine, and takes back exactly the one state it gave out.
"""

from __future__ import annotations

import json
import secrets
import socketserver
import threading
from collections.abc import Callable
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from app.errors import TransientError, UserError
from app.github import registration
from app.github.registration import Registered

RETURN_PATH = "/registered"
_STYLE = """
:root{color-scheme:light dark;--edge:#8884;--soft:#8881}
body{font:16px/1.5 system-ui,sans-serif;max-width:38rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;line-height:1.25}table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.25rem .5rem;border-bottom:1px solid var(--edge);vertical-align:top}
code,pre{background:var(--soft);border-radius:4px;padding:.1em .3em;overflow-wrap:anywhere}
pre{padding:.8rem;white-space:pre-wrap}input,button{font:inherit;padding:.45rem .7rem}
input{border:1px solid var(--edge);border-radius:6px;width:14rem;max-width:100%}
.go{display:inline-block;background:#1a7f37;color:#fff;border:0;border-radius:6px;padding:.7rem 1.1rem;
font-weight:600;text-decoration:none;cursor:pointer}.quiet{opacity:.75}form{margin:1rem 0}
"""


class Plan(NamedTuple):
    """What is to be registered."""

    github_url: str
    organisation: str
    name: str
    webhook_url: str
    home_url: str
    public: bool
    reruns: bool  # it may run failed jobs again
    keeping: str  # where the secrets go, in one line


class Page:
    """Serves until the App is registered or the time is over. `finish` takes the code and says what to do next."""

    def __init__(self, plan: Plan, port: int, finish: Callable[[str], tuple[Registered, list[str]]]) -> None:
        """Raises UserError when the port is taken."""
        self._plan = plan
        self._finish = finish
        self._state = secrets.token_urlsafe(32)
        self._lock = threading.Lock()
        self._done = threading.Event()
        self.result: tuple[Registered, list[str]] | None = None
        self.failure: UserError | None = None
        try:
            self._server = _Server(("127.0.0.1", port), self._handler())
        except OSError as error:
            raise UserError(f"Port {port} cannot be used: {error.strerror or error}.") from None
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="app-create", daemon=True)

    def __enter__(self) -> Page:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, seconds: float) -> bool:
        """Whether the flow came to its end, well or not."""
        return self._done.wait(seconds)

    # ------------------------------------------------------------ answers

    def answer(self, host: str, target: str) -> tuple[int, str]:
        """Status and HTML for a GET."""
        if host not in {
            self.url.removeprefix("http://"),
            self.url.removeprefix("http://").replace("127.0.0.1", "localhost"),
        }:
            return 421, _frame("Not here", "<p>This page answers on this machine only.</p>")
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/":
            return self._start(query.get("organisation", self._plan.organisation).strip())
        if parts.path == RETURN_PATH:
            return self._return(query.get("code", ""), query.get("state", ""))
        return 404, _frame("Nothing here", "<p><a href=/>To the beginning</a></p>")

    def _start(self, organisation: str) -> tuple[int, str]:
        if self.result:
            return 200, _registered(*self.result)
        try:
            target = registration.form_url(self._plan.github_url, organisation, self._state)
        except UserError as error:
            return 400, _frame("That cannot be", f"<p>{escape(str(error))}</p><p><a href=/>Back</a></p>")
        manifest = registration.manifest(
            name=self._plan.name,
            webhook_url=self._plan.webhook_url,
            redirect_url=self.url + RETURN_PATH,
            home_url=self._plan.home_url,
            public=self._plan.public,
            reruns=self._plan.reruns,
        )
        return 200, _frame("Register Lamplighter as a GitHub App", _form(self._plan, organisation, target, manifest))

    def _return(self, code: str, state: str) -> tuple[int, str]:
        if not secrets.compare_digest(state.encode(), self._state.encode()):
            text = "<p>This did not begin on this page, so nothing was done. <a href=/>Begin here</a>.</p>"
            return 400, _frame("Not from here", text)
        with self._lock:  # the browser may ask twice; the code works once
            if self.result is None:
                try:
                    self.result = self._finish(code)
                except TransientError as error:
                    text = f"<p>{escape(str(error))} Nothing is lost: reload this page in a moment.</p>"
                    return 503, _frame("GitHub did not answer", text)
                except UserError as error:
                    self.failure = error
                    return 502, _frame("It did not work", f"<p>{escape(str(error))}</p>")
        return 200, _registered(*self.result)

    def said(self) -> None:
        """An answer has left; when it was the last word, the flow is over."""
        if self.result or self.failure:
            self._done.set()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        page = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                status, html = page.answer(self.headers.get("Host", ""), self.path)
                body = html.encode()
                self.send_response(status)
                for name, value in _headers(page._plan.github_url, len(body)).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
                self.wfile.flush()
                page.said()

            def log_message(self, *_arguments: Any) -> None:
                """The code stands in the address: it belongs into no log."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def server_bind(self) -> None:
        """Without looking up this machine's name, which may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]


def _headers(github_url: str, size: int) -> dict[str, str]:
    forms = f"form-action 'self' {github_url}"
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(size),
        "Content-Security-Policy": f"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; {forms}",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
    }


def _frame(title: str, body: str) -> str:
    head = '<meta charset=utf-8><meta name=viewport content="width=device-width">'
    head += f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    return f"<!doctype html><html lang=en>{head}<h1>{escape(title)}</h1>{body}"


def _form(plan: Plan, organisation: str, target: str, manifest: dict[str, Any]) -> str:
    owner = f"the organisation <b>{escape(organisation)}</b>" if organisation else "your own account"
    asked = registration.permissions(reruns=plan.reruns).items()
    writes = ", ".join(name.replace("_", " ") for name, level in asked if level == "write")
    reads = ", ".join(name.replace("_", " ") for name, level in asked if level == "read")
    never = ", ".join(name.replace("_", " ") for name in registration.NEVER[:4])
    who = "any account" if plan.public else "its owner only"
    rows = [
        ("Name", f"{escape(plan.name)} <span class=quiet>(GitHub lets you change it)</span>"),
        ("Owner", owner),
        ("Installable by", who),
        ("May write", escape(writes)),
        ("May read", escape(reads)),
        ("May never", escape(never)),
        ("Hears of", escape(", ".join(registration.EVENTS).replace("_", " "))),
        ("Deliveries go to", f"<code>{escape(plan.webhook_url)}</code>"),
        ("Secrets go to", escape(plan.keeping)),
    ]
    table = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows)
    host = escape(urlsplit(plan.github_url).netloc)
    return (
        f"<table>{table}</table>"
        f"<form method=post action='{escape(target, quote=True)}'>"
        f"<input type=hidden name=manifest value='{escape(json.dumps(manifest), quote=True)}'>"
        f"<button class=go>Register it at {host}</button></form>"
        "<form method=get action=/><label>For another owner: <input name=organisation "
        f"value='{escape(organisation, quote=True)}' placeholder='an organisation’s login'></label> "
        "<button>Change</button></form>"
        "<p class=quiet>GitHub asks you once more, makes the App, and sends you back here. "
        "Key and webhook secret never pass through your browser.</p>"
    )


def _registered(made: Registered, steps: list[str]) -> str:
    install = escape(made.install_url, quote=True)
    lines = escape("\n".join(steps))
    return _frame(
        "The App is registered",
        f"<p><b>{escape(made.slug)}</b> (number {made.id}) of {escape(made.owner)}. "
        "Its key and its webhook secret are stored.</p>"
        f"<h2>Next</h2><pre>{lines}</pre>"
        f"<p>Then choose its repositories:</p><p><a class=go href='{install}'>Install it</a></p>"
        "<p class=quiet>You can close this page.</p>",
    )
