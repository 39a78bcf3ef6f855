"""A Lambda function behind its URL (`AuthType: AWS_IAM`), on 127.0.0.1: the function is a callable of the test's own.

A request is let through when its signature is right and the template allows its role to call. The event is payload
format 2.0, as "Invoking Lambda function URLs" (AWS Lambda Developer Guide) has it; of two requests the second comes in
base64, which Lambda does for bodies that it takes for binary.
"""

from __future__ import annotations

import base64
import json
import threading
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.aws.ecs import ACCOUNT, REGION
from tests.aws.identities import Identities, Principal
from tests.aws.template.allowance import Ask

Function = Callable[[dict[str, Any]], Any]
_BY_URL = (
    Ask("lambda:InvokeFunctionUrl", "TokensFunction.Arn", {"lambda:FunctionUrlAuthType": ("AWS_IAM",)}),
    Ask("lambda:InvokeFunction", "TokensFunction.Arn", {"lambda:InvokedViaFunctionUrl": ("true",)}),
)


class FunctionUrl:
    """`url` is the function's. `asked` has each question with its caller; `fail` makes the next calls end in an error
    of Lambda itself.
    """

    def __init__(self, identities: Identities, function: Function) -> None:
        self.function = function
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._identities = identities
        self.faults: list[tuple[int, str]] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), name="function-url", daemon=True).start()

    def fail(self, status: int, message: str = "on purpose", *, times: int = 1) -> None:
        self.faults += [(status, message)] * times

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def call(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of one request."""
        url = f"http://{headers.get('host', '')}{path}"
        caller = self._identities.signer(method, url, headers, body, "lambda")
        if caller is None or not all(caller.may(ask) for ask in _BY_URL):
            return 403, {}, b'{"Message":"Forbidden"}'
        if self.faults:
            status, message = self.faults.pop(0)
            return status, {}, json.dumps({"Message": message}).encode()
        try:
            question = json.loads(body)
        except ValueError:
            question = body
        self.asked.append((caller.session, question))
        try:
            answer = self.function(event(caller, method, path, headers, body, as_base64=len(self.asked) % 2 == 0))
        except Exception:  # Lambda's log has what a handler raised
            return 502, {}, b"Internal Server Error"
        return int(answer["statusCode"]), dict(answer["headers"]), str(answer["body"]).encode()


def event(
    caller: Principal | None,
    method: str = "POST",
    path: str = "/",
    headers: dict[str, str] | None = None,
    body: bytes = b"{}",
    *,
    as_base64: bool = False,
) -> dict[str, Any]:
    """What Lambda hands the function; without a `caller` as for a URL that anybody may call."""
    iam = caller and {
        "accessKey": caller.keys.access_key,
        "accountId": caller.account,
        "callerId": f"AROAEXAMPLE:{caller.session}",
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": caller.arn,
        "userId": f"AROAEXAMPLE:{caller.session}",
    }
    name = f"abcdefghijklmnopqrstuvwxyz012345.lambda-url.{REGION}.on.aws"
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "Botocore"}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path.partition("?")[0],
        "rawQueryString": path.partition("?")[2],
        "headers": {**(headers or {}), "host": name},
        "requestContext": {
            "accountId": ACCOUNT if caller else "anonymous",
            **({"authorizer": {"iam": iam}} if iam else {}),
            "apiId": name.partition(".")[0],
            "domainName": name,
            "domainPrefix": name.partition(".")[0],
            "http": http,
            "requestId": str(uuid.uuid4()),
            "routeKey": "$default",
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime()),
            "timeEpoch": int(time.time() * 1000),
        },
        "body": base64.b64encode(body).decode() if as_base64 else body.decode(),
        "isBase64Encoded": as_base64,
    }


def _handler(function: FunctionUrl) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more, said = function.call(self.command, self.path, headers, body)
            self.send_response(status)
            for key, value in {"Content-Type": "application/json", **more, "Content-Length": len(said)}.items():
                self.send_header(key, str(value))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PUT = _any

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
