"""AWS's JSON services over HTTP on 127.0.0.1, answered by moto in this process.

What comes in is held to what AWS would hold it to: the signature is computed again by botocore's signer, and the
parameters pass botocore's validation. moto has no HTTP face of its own without Flask.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, ParamValidationError

from app.aws.door import DoorIntake
from app.aws.wire import Wire
from tests.aws.emulator import REGION, Emulator

SERVICES = {"AmazonSQS": "sqs", "DynamoDB_20120810": "dynamodb", "secretsmanager": "secretsmanager"}


@contextmanager
def faced(emulator: Emulator) -> Iterator[Any]:
    """The door's intake, over HTTP to this account; each thread gets a wire of its own, as each Lambda has."""
    face = Face(emulator)
    held, env = threading.local(), face.environment()
    cloud, clock = emulator.cloud, emulator.clock
    assert clock is not None

    def wire() -> Wire:
        if not hasattr(held, "wire"):
            held.wire = Wire(env)
            face.closing.append(held.wire)
        held.wire.begin()
        return held.wire

    try:
        yield _Each(lambda: DoorIntake(wire(), cloud.table, cloud.jobs_queue_url, clock))
    finally:
        face.close()


class _Each:
    """A port that is made anew for every call."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:  # made when called, in the caller's thread
            return getattr(self._make(), name)(*args, **kwargs)

        return call


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that went away: tests end, functions are killed


class Face:
    """Listens until `close`. `calls` lists `service.Action` with the request's bytes."""

    def __init__(self, emulator: Emulator) -> None:
        self.calls: list[tuple[str, int]] = []
        self.closing: list[Wire] = []
        self._clients = emulator.clients
        self._credentials = Credentials("AKIDEXAMPLE", "secret", "session")
        face = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status, answer = face._answer({name.lower(): value for name, value in self.headers.items()}, body)
                text = json.dumps(answer, default=str).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = "http://{}:{}".format(*self._server.server_address)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def environment(self) -> dict[str, str]:
        """What a process needs to find this."""
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self._credentials.access_key,
            "AWS_SECRET_ACCESS_KEY": self._credentials.secret_key,
            "AWS_SESSION_TOKEN": self._credentials.token,
        }

    def close(self) -> None:
        for wire in self.closing:
            wire.close()
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        prefix, _, action = headers["x-amz-target"].partition(".")
        service = SERVICES[prefix]
        self.calls.append((f"{service}.{action}", len(body) + sum(len(k) + len(v) + 4 for k, v in headers.items())))
        if headers["authorization"] != self._signed(service, headers, body):
            return 400, {"__type": "x#InvalidSignatureException", "message": "the signature is not botocore's"}
        try:
            answer = self._clients.get(service)._make_api_call(action, json.loads(body))
        except ParamValidationError as error:
            return 400, {"__type": "x#ValidationException", "message": str(error)}
        except ClientError as error:
            said, status = error.response, error.response["ResponseMetadata"]["HTTPStatusCode"]
            more = {key: value for key, value in said.items() if key not in {"Error", "ResponseMetadata"}}
            return status, {"__type": f"x#{said['Error']['Code']}", "message": said["Error"]["Message"], **more}
        return 200, {key: value for key, value in answer.items() if key != "ResponseMetadata"}

    def _signed(self, service: str, headers: dict[str, str], body: bytes) -> str:
        names = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
        request = AWSRequest("POST", f"http://{headers['host']}/", headers={name: headers[name] for name in names})
        request.data = body
        request.context["timestamp"] = headers["x-amz-date"]
        signer = SigV4Auth(self._credentials, service, REGION)
        text = signer.string_to_sign(request, signer.canonical_request(request))
        access, scope = self._credentials.access_key, signer.credential_scope(request)
        return (
            f"AWS4-HMAC-SHA256 Credential={access}/{scope}, SignedHeaders={';'.join(names)}, "
            f"Signature={signer.signature(text, request)}"
        )
