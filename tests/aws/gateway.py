"""The emulated account over HTTP on 127.0.0.1, so that processes beside the test can use it.

DynamoDB, SQS, S3, KMS and Secrets Manager; what a request is for stands in its target, or in its path. Faults and
counts are the emulator's own.
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.awsrequest import AWSPreparedRequest

from tests.aws.emulator import REGION, Emulator

_TARGETS = {
    "DynamoDB_20120810": "dynamodb",
    "AmazonSQS": "sqs",
    "secretsmanager": "secretsmanager",
    "TrentService": "kms",
}
_HOP = {"connection", "host", "transfer-encoding", "expect"}


class Gateway:
    """Listens until `close`; `environment` is what a process needs to use the account."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), name="gateway", daemon=True).start()

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Any:
        """botocore's answer object for one request."""
        target = next((value for name, value in headers.items() if name.lower() == "x-amz-target"), "")
        service, _, operation = target.partition(".")
        service = _TARGETS[service] if target else "s3"
        host = f"{service}.{REGION}.amazonaws.com"
        request = AWSPreparedRequest(
            method, f"https://{host}{path}", {**headers, "host": host}, body, stream_output=False
        )
        return self._emulator.handle(f"before-send.{service}.{operation or method}", request)


def _handler(gateway: Gateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
            answer = gateway.answer(self.command, self.path, headers, body)
            said = answer.raw.getvalue()
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in {*_HOP, "content-length"}:
                    self.send_header(name, str(value))
            length = answer.headers.get("content-length") if self.command == "HEAD" else None
            self.send_header("Content-Length", str(length or len(said)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _any

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
