"""A stand-in for the Messages API on a real socket: speaks the vendor's streaming events, plays a `Script`.

Every body and its beta header are held against `api_rules`, as the scripted model holds its requests.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from app.agent.models import api_rules
from app.agent.models.scripted import Script, continues, counts, with_id
from app.agent.models.scripted_model import output_usage
from app.agent.models.simulated_cache import SimulatedCache

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
        self.refuses: list[str] = []  # fields that this deployment does not know
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
        betas = [name for name in http.headers.get("anthropic-beta", "").split(",") if name]
        unknown = next((name for name in self.refuses if name in body or name in body.get("thinking", {})), "")
        try:
            if unknown:
                raise api_rules.Refused(f"{unknown}: Extra inputs are not permitted")
            judged = api_rules.judge(body, betas, continues=continues(self.script, number))
        except api_rules.Refused as refusal:
            self._fail(http, {"error": 400}, str(refusal))
            return
        entry = self._next(number)
        if "error" in entry:
            self._fail(http, entry)
            return
        http.send_response(200)
        http.send_header("content-type", "text/event-stream")
        http.send_header("request-id", f"req_{len(self.requests)}")
        http.send_header("connection", "close")
        http.end_headers()
        for event in self._events(entry, body, number, judged):
            if event is None:  # the stream is cut here
                break
            http.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
            http.wfile.flush()
        http.close_connection = True

    def _next(self, number: int) -> dict[str, Any]:
        last: dict[str, Any] = {}
        for position, entry in self.script.turn(number):
            last = entry
            if counts(entry):
                return entry
            if self._met.get(position, 0) < int(entry.get("times", 1)):
                self._met[position] = self._met.get(position, 0) + 1
                return entry
        return last

    def _fail(self, http: BaseHTTPRequestHandler, entry: dict[str, Any], message: str = "") -> None:
        if entry["error"] == "connection":
            http.close_connection = True
            http.connection.close()
            return
        kind = ERRORS[entry["error"]]
        body = json.dumps({"type": "error", "error": {"type": kind, "message": message or self.message}}).encode()
        http.send_response(entry["error"])
        if entry.get("retry_after_seconds"):
            http.send_header("retry-after", f"{entry['retry_after_seconds']:g}")
        http.send_header("content-type", "application/json")
        http.send_header("content-length", str(len(body)))
        http.end_headers()
        http.wfile.write(body)

    def _events(
        self, entry: dict[str, Any], body: dict[str, Any], number: int, judged: api_rules.Judged
    ) -> Iterator[dict[str, Any] | None]:
        usage = self._cache.usage(judged.shown)
        told = judged.additions()
        transformations = {k: v for k, v in told.items() if k == "input_transformations"}
        edits = {k: v for k, v in told.items() if k == "context_management"}
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
                **transformations,
            },
        }
        yield {"type": "ping"}
        content = [with_id(block, number, i) for i, block in enumerate(entry.get("content", []))]
        content = api_rules.sign(content, body)
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
            "usage": _output(content),
            **edits,
        }
        yield {"type": "message_stop"}


def _output(content: list[dict[str, Any]]) -> dict[str, Any]:
    counted = output_usage(content)
    details = {"thinking_tokens": counted["thinking_tokens"]}
    return {"output_tokens": counted["output_tokens"], "output_tokens_details": details}


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
