"""Whoever answers where the model's vendor should: one fixed answer to everything, on a real socket."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answers:
    """`url` to point an SDK at; `asked` counts. Status 0 hangs up without a word."""

    def __init__(self, status: int, body: str | dict[str, object], headers: dict[str, str]) -> None:
        self.asked = 0
        answers = self
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        kind = "text/html" if isinstance(body, str) else "application/json"

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                answers.asked += 1
                self.rfile.read(int(self.headers["content-length"]))
                self.close_connection = True
                if not status:
                    return
                self.send_response(status)
                for name, value in {
                    "content-type": kind,
                    "content-length": str(len(data)),
                    "connection": "close",
                    **headers,
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.place = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.place}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def error(kind: str, message: str) -> dict[str, object]:
    """An error as the Messages API writes it."""
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}
