"""A stand-in for the Messages API on a real socket: speaks the vendor's streaming events, plays a `Script`."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from app.agent.scripted_model import Script, _counts, _with_id
from app.agent.simulated_cache import SimulatedCache, tokens_of
from app.ports import ModelRequest

ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


class MessagesApi:
    """`url` to point an SDK at; `requests` holds the bodies that came, `headers` theirs."""

    def __init__(self) -> None:
        self.script = Script()
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.message = "scripted"
        self._met: dict[int, int] = {}
        self._cache = SimulatedCache()
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                api.requests.append(body)
                api.headers.append({name.lower(): value for name, value in self.headers.items()})
                api.answer(self, body)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def will(self, *steps: Any) -> Script:
        return self.script.will(*steps)

    def answer(self, http: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        number = sum(message["role"] == "assistant" for message in body["messages"])
        entry = self._next(number)
        if "error" in entry:
            self._fail(http, entry)
            return
        http.send_response(200)
        http.send_header("content-type", "text/event-stream")
        http.send_header("request-id", f"req_{len(self.requests)}")
        http.send_header("connection", "close")
        http.end_headers()
        for event in self._events(entry, body, number):
            if event is None:  # the stream is cut here
                break
            http.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
            http.wfile.flush()
        http.close_connection = True

    def _next(self, number: int) -> dict[str, Any]:
        last: dict[str, Any] = {}
        for position, entry in self.script.turn(number):
            last = entry
            if _counts(entry):
                return entry
            if self._met.get(position, 0) < int(entry.get("times", 1)):
                self._met[position] = self._met.get(position, 0) + 1
                return entry
        return last

    def _fail(self, http: BaseHTTPRequestHandler, entry: dict[str, Any]) -> None:
        if entry["error"] == "connection":
            http.close_connection = True
            http.connection.close()
            return
        kind = ERRORS[entry["error"]]
        body = json.dumps({"type": "error", "error": {"type": kind, "message": self.message}}).encode()
        http.send_response(entry["error"])
        if entry.get("retry_after_seconds"):
            http.send_header("retry-after", f"{entry['retry_after_seconds']:g}")
        http.send_header("content-type", "application/json")
        http.send_header("content-length", str(len(body)))
        http.end_headers()
        http.wfile.write(body)

    def _events(self, entry: dict[str, Any], body: dict[str, Any], number: int) -> Iterator[dict[str, Any] | None]:
        request = ModelRequest(
            model=body["model"],
            system=body["system"],
            tools=body["tools"],
            messages=body["messages"],
            max_tokens=body["max_tokens"],
        )
        usage = self._cache.usage(request)
        yield {
            "type": "message_start",
            "message": {
                "id": f"msg_{number}",
                "type": "message",
                "role": "assistant",
                "model": body["model"],
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "usage": {**usage, "output_tokens": 1},
            },
        }
        yield {"type": "ping"}
        content = [_with_id(block, number, i) for i, block in enumerate(entry.get("content", []))]
        for index, block in enumerate(content):
            yield from _block_events(index, block, cut=bool(entry.get("cut")))
        if entry.get("cut"):
            yield entry.get("event")  # an error event, or just the end
            return
        called = any(block["type"] == "tool_use" for block in content)
        reason = entry.get("stop_reason") or ("tool_use" if called else "end_turn")
        yield {
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": None},
            "usage": {"output_tokens": tokens_of(content) if content else 3},
        }
        yield {"type": "message_stop"}


def _block_events(index: int, block: dict[str, Any], *, cut: bool) -> Iterator[dict[str, Any]]:
    if block["type"] == "text":
        start, deltas = (
            {"type": "text", "text": ""},
            [{"type": "text_delta", "text": part} for part in _halves(block["text"])],
        )
    elif block["type"] == "thinking":
        start = {"type": "thinking", "thinking": "", "signature": ""}
        deltas = [{"type": "thinking_delta", "thinking": part} for part in _halves(block["thinking"])]
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
    else:
        start = {"type": "tool_use", "id": block["id"], "name": block["name"], "input": {}}
        text = block["raw"] if "raw" in block else json.dumps(block["input"])
        deltas = [{"type": "input_json_delta", "partial_json": part} for part in ["", *_halves(text)]]
    yield {"type": "content_block_start", "index": index, "content_block": start}
    for delta in deltas[:-1] if cut else deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    if not cut:
        yield {"type": "content_block_stop", "index": index}


def _halves(text: str) -> list[str]:
    middle = len(text) // 2
    return [text[:middle], text[middle:]]
