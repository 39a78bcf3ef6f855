"""Lambda's Invoke call in small, on 127.0.0.1: functions are Python callables of the test's own process."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from tests.aws.ecs import REGION

Function = Callable[[dict[str, Any]], Any]


class Functions:
    """`url` goes into AWS_ENDPOINT_URL_LAMBDA. `fail` makes the next calls end in an error of the service itself."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self.functions = dict(functions)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._faults: list[tuple[str, int]] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), name="lambda", daemon=True).start()

    def fail(self, code: str, status: int, *, times: int = 1) -> None:
        self._faults += [(code, status)] * times

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def environment(self) -> dict[str, str]:
        """What a process needs to find this."""
        return {
            "AWS_ENDPOINT_URL_LAMBDA": self.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }

    def invoke(self, name: str, payload: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body of one call."""
        self.asked.append((name, payload))
        if self._faults:
            code, status = self._faults.pop(0)
            return status, {"X-Amzn-ErrorType": code}, {"message": f"{code} on purpose"}
        if name not in self.functions:
            return 404, {"X-Amzn-ErrorType": "ResourceNotFoundException"}, {"message": f"Function not found: {name}"}
        try:
            return 200, {}, self.functions[name](payload)
        except Exception as error:  # as Lambda's runtime reports what a handler raised
            said = {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": []}
            return 200, {"X-Amz-Function-Error": "Unhandled"}, said


def _handler(functions: Functions) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            name = unquote(self.path.split("/functions/")[1].split("/")[0]).rpartition(":")[2]
            status, headers, answer = functions.invoke(name, json.loads(body or b"{}"))
            said = json.dumps(answer).encode()
            self.send_response(status)
            for key, value in {**headers, "Content-Type": "application/json", "Content-Length": len(said)}.items():
                self.send_header(key, str(value))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
