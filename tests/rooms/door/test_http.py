"""The HTTP shell, through a real ASGI client and once through uvicorn on a socket."""

from __future__ import annotations

import http.client
import json

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from app.receive import MAX_BODY_BYTES
from app.server import asgi
from app.webhooks.signature import sign
from tests.rooms.door.conftest import serving

SECRET = "it's a secret to everybody"  # as in conftest.py
SECURITY = ("content-security-policy", "x-content-type-options", "cache-control", "referrer-policy")


@pytest.fixture
def client(door):
    return TestClient(asgi.application(door), raise_server_exceptions=False)


def signed(event: str, body: bytes, **more: str) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-Hub-Signature-256": sign(body, SECRET),
        "X-GitHub-Delivery": "aaa",
    } | more


def test_delivery_is_answered_as_the_door_says(client, door, sample):
    body = json.dumps(sample("issues.labeled")).encode()
    answer = client.post("/webhooks/github", content=body, headers=signed("issues", body))
    assert answer.status_code == 202
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["decision"] == "start"
    assert (
        client.post("/webhooks/github", content=body, headers=signed("issues", body)).json()["decision"] == "duplicate"
    )
    assert [job.id for job in door.jobs()] == ["aaa"]


@pytest.mark.parametrize("header", [b"sha256=\xff\xfe", b"sha256=", b"sha1=00", b""])
def test_header_that_is_not_text_is_401(client, header):
    answer = client.post(
        "/webhooks/github", content=b"{}", headers={b"x-hub-signature-256": header, b"x-github-event": b"\xffissues"}
    )
    assert answer.status_code == 401


def test_queue_that_is_away_is_503_with_retry_after(client, door, sample, unreachable):
    door.queue.failing["send"] = unreachable
    body = json.dumps(sample("issues.labeled")).encode()
    answer = client.post("/webhooks/github", content=body, headers=signed("issues", body))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("HEAD", "/healthz", 200),
        ("POST", "/healthz", 405),
        ("GET", "/webhooks/github", 405),
        ("HEAD", "/webhooks/github", 405),
        ("PUT", "/webhooks/github", 405),
        ("OPTIONS", "/webhooks/github", 405),
        ("POST", "/webhooks/sentry", 404),
        ("POST", "/webhooks/linear", 404),
        ("POST", "/webhooks/hook", 404),
        ("POST", "/webhooks/github/x", 404),
        ("POST", "/webhooks/github/", 404),
        ("GET", "/healthz/", 404),
        ("GET", "/", 404),
        ("GET", "/.env", 404),
        ("GET", "/webhooks/../../etc/passwd", 404),
    ],
)
def test_routes_methods_and_their_headers(client, method, path, status):
    answer = client.request(method, path)
    assert answer.status_code == status
    for name in SECURITY:
        assert name in answer.headers
    if status == 405:
        assert "POST" in answer.headers["allow"] or "GET" in answer.headers["allow"]
    if method != "HEAD":
        assert isinstance(answer.json(), dict)


def test_announced_length_over_the_limit_is_413_without_reading(client):
    def never():
        raise AssertionError("the body was read")
        yield b""

    answer = client.post("/webhooks/github", content=never(), headers={"Content-Length": str(MAX_BODY_BYTES + 1)})
    assert answer.status_code == 413
    assert client.post("/webhooks/github", content=b"", headers={"Content-Length": "9" * 100}).status_code == 413


def test_announced_length_at_the_limit_is_read(client):
    body = b'{"zen":"' + b"x" * (MAX_BODY_BYTES - 10) + b'"}'
    assert len(body) == MAX_BODY_BYTES
    assert client.post("/webhooks/github", content=body, headers=signed("ping", body)).status_code == 200
    assert client.post("/webhooks/github", content=body + b" ", headers=signed("ping", body)).status_code == 413


def test_unannounced_length_is_413_as_soon_as_it_is_over(client):
    sent = 0

    def chunks():
        nonlocal sent
        while sent < 2 * MAX_BODY_BYTES:
            sent += 2**20
            yield b"x" * 2**20

    assert client.post("/webhooks/github", content=chunks(), headers=signed("ping", b"")).status_code == 413


def test_body_that_drips_is_408(client, monkeypatch):
    monkeypatch.setattr(asgi, "ANSWER_SECONDS", 0.05)

    async def dripping(scope, receive, send):
        async def late():
            await asgi.asyncio.sleep(5)
            return await receive()

        await client.app(scope, late, send)

    assert (
        TestClient(dripping).post("/webhooks/github", content=b"{}", headers=signed("ping", b"{}")).status_code == 408
    )


def test_defect_of_the_shell_is_503_and_shows_nothing(door):
    def broken(_delivery):
        raise RuntimeError("secret detail")

    client = TestClient(asgi.application(broken), raise_server_exceptions=False)
    answer = client.post("/webhooks/github", content=b"{}", headers=signed("ping", b"{}"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert "secret detail" not in answer.text
    assert "x-content-type-options" in answer.headers


def test_further_routes_can_be_hung_in(door):
    async def page(_request):
        return asgi.Response("runs")

    assert TestClient(asgi.application(door, routes=(Route("/runs", page),))).get("/runs").text == "runs"


@pytest.fixture
def server(door):
    with serving(asgi.application(door)) as address:
        yield address


def test_25_mb_over_a_real_socket(server, door, sample):
    payload = sample("issues.labeled")
    payload["issue"]["body"] = "x" * (24 * 2**20)
    body = json.dumps(payload).encode()
    connection = http.client.HTTPConnection(*server, timeout=30)
    connection.request("POST", "/webhooks/github", body=body, headers=signed("issues", body))
    answer = connection.getresponse()
    assert (answer.status, json.load(answer)["decision"]) == (202, "start")
    [job] = door.jobs()
    assert len(job.to_json()) < 2**20  # what SQS takes
    connection.close()

    connection = http.client.HTTPConnection(*server, timeout=30)
    connection.putrequest("POST", "/webhooks/github")
    connection.putheader("Content-Length", str(26 * 2**20))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
