"""A stand-in for the model's vendor in a process of its own: the Messages API, streamed, with a stamp on everything.

Started with `Vendor.start()`; it ends when its standard input closes, so also when the bench is killed. What both
sides of a comparison do between the end of one reply and the arrival of the next request is their own overhead.
Requests are held against the API's rules and replies carry signed thinking, for both sides alike.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from app.agent.models import api_rules
from app.agent.models.scripted import with_id
from tests.bench import processes

Reply = Mapping[str, Any]  # {"content": [blocks], "delay_seconds": 0}


class Vendor:
    """The bench's side: give it a script, point an SDK at `url`, read the log."""

    def __init__(self, child: subprocess.Popen[str], url: str) -> None:
        self._child, self.url = child, url

    @classmethod
    def start(cls) -> Vendor:
        command = [sys.executable, "-m", "tests.bench.vendor"]
        child = processes.start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return cls(child, child.stdout.readline().strip())

    def will(self, replies: Sequence[Reply]) -> None:
        """The replies from now on, chosen by the number of assistant messages in the request; the log starts anew."""
        self._ask("PUT", "/script", json.dumps(list(replies)).encode())

    def log(self) -> list[dict[str, float]]:
        """Of every call: `arrived`, `ended` (monotonic clock of the machine) and `size` of the request in bytes."""
        return list(json.loads(self._ask("GET", "/log")))

    def _ask(self, method: str, path: str, data: bytes | None = None) -> bytes:
        request = urllib.request.Request(self.url + path, data=data, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bytes(answer.read())

    def close(self) -> None:
        self._child.stdin.close()
        processes.stop(self._child)
        self._child.stdout.close()

    def __enter__(self) -> Vendor:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    replies: Sequence[Reply] = ()
    calls: list[dict[str, float]] = []  # noqa: RUF012 - one server, one process

    def parse_request(self) -> bool:
        self.arrived = time.monotonic()
        return super().parse_request()

    def do_PUT(self) -> None:
        _Handler.replies = json.loads(self._body())
        _Handler.calls = []
        self._plain(b"{}")

    def do_GET(self) -> None:
        self._plain(json.dumps(_Handler.calls).encode())

    def do_POST(self) -> None:
        body = self._body()
        call = {"arrived": self.arrived, "ended": 0.0, "size": len(body)}
        _Handler.calls.append(call)
        asked = json.loads(body)
        if isinstance(asked.get("system"), str):
            asked["system"] = [{"type": "text", "text": asked["system"]}]
        try:
            api_rules.judge(asked, self.headers.get("anthropic-beta", "").split(","))
        except api_rules.Refused as refusal:
            error = {"type": "error", "error": {"type": "invalid_request_error", "message": str(refusal)}}
            self._plain(json.dumps(error).encode(), status=400)
            return
        number = sum(message["role"] == "assistant" for message in asked["messages"])
        reply = _Handler.replies[min(number, len(_Handler.replies) - 1)]
        content = api_rules.sign([with_id(block, number, i) for i, block in enumerate(reply["content"])], asked)
        time.sleep(reply.get("delay_seconds", 0))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for event in _events(content, number, len(body)):
            data = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.write(b"0\r\n\r\n")
        call["ended"] = time.monotonic()

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["content-length"]))

    def _plain(self, data: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: object) -> None:
        pass


def _events(content: Sequence[Mapping[str, Any]], number: int, size: int):
    usage = {"input_tokens": 5, "cache_read_input_tokens": size // 4, "cache_creation_input_tokens": 50}
    opening = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": "stand-in", "content": []}
    opening |= {"stop_reason": None, "stop_sequence": None, "usage": usage | {"output_tokens": 1}}
    yield {"type": "message_start", "message": opening}
    for index, block in enumerate(content):
        if block["type"] == "text":
            start, deltas = {"type": "text", "text": ""}, [{"type": "text_delta", "text": block["text"]}]
        elif block["type"] == "thinking":
            start = {"type": "thinking", "thinking": "", "signature": ""}
            deltas = [{"type": "thinking_delta", "thinking": block["thinking"]}]
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
        else:
            start = {"type": "tool_use", "id": block["id"], "name": block["name"], "input": {}}
            deltas = [{"type": "input_json_delta", "partial_json": json.dumps(block["input"])}]
        yield {"type": "content_block_start", "index": index, "content_block": start}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    called = any(block["type"] == "tool_use" for block in content)
    ending = {"stop_reason": "tool_use" if called else "end_turn", "stop_sequence": None}
    yield {"type": "message_delta", "delta": ending, "usage": {"output_tokens": 50}}
    yield {"type": "message_stop"}


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
