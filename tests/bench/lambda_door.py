"""The webhook's function as deployed: the built artifact against a bare standard-library function and two usual ways.

Every side is a fresh interpreter that talks TLS to a stand-in for AWS in another process. The floor verifies, parses
and sends one signed message. Ours also reads its secret from Secrets Manager, claims the delivery in DynamoDB (so it
makes two calls an event, and three connections) and logs what it decided of an event that it wants.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from infra import build
from tests.bench import cloud, processes
from tests.bench.door import SECRET, Doorstep
from tests.bench.measure import Row, Scale, compared, in_turns, mb, ms, ratio

TITLE = "The webhook's function (fresh interpreter to first answer; warm CPU of one event; TLS to AWS)"
VENV = processes.ROOT / ".venv-bench-lambda"
FRAMEWORK = ("boto3", "githubkit==0.16.1", "hishel>=1.3,<2", "mangum>=0.22,<1", "starlette>=1.10,<2")
URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs.fifo"


class Sides:
    """What each side is started with; deliveries as function-URL events, no two the same."""

    def __init__(self, place: Path, url: str, bundle: Path) -> None:
        version = ".".join(platform.python_version_tuple()[:2])
        self.archive, self.unzipped = build.build("webhook", architecture="x86_64", version=version, into=place)
        with zipfile.ZipFile(self.archive) as packed:
            packed.extractall(place / "artifact")
        self.step = Doorstep(place)
        # githubkit's models refuse GitHub's own example without these two.
        self.step.labeled["label"] |= {"archived_at": None, "archived_by": None}
        self.env = processes.environment(
            PYTHONPATH=str(processes.SUBJECTS),
            LAMPLIGHTER_ARTIFACT=str(place / "artifact"),
            LAMPLIGHTER_HOME=str(place / "home"),
            LAMPLIGHTER_WEBHOOK_SECRET="secretsmanager:webhook",
            LAMPLIGHTER_TABLE="lamplighter",
            LAMPLIGHTER_JOBS_QUEUE_URL=URL,
            AWS_ENDPOINT_URL=url,
            AWS_REGION="eu-west-1",
            AWS_DEFAULT_REGION="eu-west-1",
            AWS_ACCESS_KEY_ID="AKIDEXAMPLE",
            AWS_SECRET_ACCESS_KEY="secret",
            AWS_LAMBDA_FUNCTION_NAME="lamplighter",
            SSL_CERT_FILE=str(bundle),
            AWS_CA_BUNDLE=str(bundle),
        )

    def ask(self, side: str, count: int, mode: str, *, wanted: bool = True) -> dict[str, float]:
        python = str(VENV / "bin" / "python") if side == "framework" else sys.executable
        command = [python, "-P", "-c", f"import lambda_{side}", str(self._events(count, wanted)), mode]
        started = time.monotonic()
        done = subprocess.run(command, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        found = dict(json.loads(done.stdout.splitlines()[-1]))
        return found | {"wall": found["at"] - started} if mode == "cold" else found

    def _events(self, count: int, wanted: bool) -> Path:
        lines = self.step.deliveries(count, event="issues" if wanted else "push").read_bytes().splitlines()
        path = self.step.place / "events"
        with path.open("w", encoding="utf-8") as file:
            for headers, body in zip(lines[::2], lines[1::2], strict=True):
                http = {"method": "POST", "path": "/webhooks/github", "sourceIp": "127.0.0.1", "protocol": "HTTP/1.1"}
                event = {
                    "version": "2.0",
                    "rawPath": "/webhooks/github",
                    "rawQueryString": "",
                    "headers": {**json.loads(headers), "host": "localhost"},
                    "requestContext": {"http": http, "stage": "$default"},
                    "body": body.decode(),
                    "isBase64Encoded": False,
                }
                file.write(json.dumps(event) + "\n")
        return path


def rows(place: Path, scale: Scale) -> list[Row]:
    _compile()
    names = ["ours", "floor", "boto3"]
    if scale.peer:
        _install()
        names.append("framework")
    certificate, key, bundle = cloud.certificate(place)
    aws = cloud.Cloud((certificate, key))
    try:
        sides = Sides(place, aws.url, bundle)
        found = _measured(sides, names, scale)
    finally:
        aws.close()
    return [*found, _calls(place, bundle, certificate, key), *_sizes(sides)]


def _measured(sides: Sides, names: list[str], scale: Scale) -> list[Row]:
    for name in names:
        sides.ask(name, 1, "cold")  # warms the page cache
    colds: dict[str, list[dict[str, float]]] = {name: [] for name in names}

    def cold(name: str) -> float:
        colds[name].append(sides.ask(name, 1, "cold"))
        return colds[name][-1]["wall"]

    walls = in_turns(scale.cold_starts, {name: lambda name=name: cold(name) for name in names})
    cpu = {name: [found["cpu"] for found in colds[name]] for name in names}
    memory = {name: [found["kilobytes"] * 1024 for found in colds[name]] for name in names}
    count = scale.events + 1
    accepted = in_turns(scale.rounds, {n: lambda n=n: sides.ask(n, count, "accept")["cpu"] for n in names})
    unwanted = in_turns(
        scale.rounds, {n: lambda n=n: sides.ask(n, count, "ignore", wanted=False)["cpu"] for n in names}
    )
    return [
        compared("cold start to first accepted event", walls["ours"], walls["floor"], ms, aim=1.5,
                 note=f"CPU {ratio(cpu['ours'], cpu['floor']):.2f} ×; {_against(walls, ms)}"),
        compared("CPU of an accepted event", accepted["ours"], accepted["floor"], ms, aim=1.5,
                 note=f"two calls to AWS against one; {_against(accepted, ms)}"),
        compared("CPU of an unwanted event", unwanted["ours"], unwanted["floor"], ms, aim=1.5,
                 note=_against(unwanted, ms)),
        compared("peak memory after the first accepted event", memory["ours"], memory["floor"], mb, aim=1.5,
                 note=_against(memory, mb)),
    ]  # fmt: skip


def _against(found: dict[str, list[float]], show) -> str:
    """What the other ways take, and what we take of that."""
    others = [name for name in found if name not in {"ours", "floor"}]
    said = {"boto3": "boto3", "framework": "Starlette + Mangum + githubkit"}
    parts = [
        f"{said[name]} {show(statistics.median(found[name]))}, of which ours is {ratio(found['ours'], found[name]):.2f}"
        for name in others
    ]
    return "; ".join(parts)


def _calls(place: Path, bundle: Path, certificate: Path, key: Path) -> Row:
    """What one accepted event asks of AWS, counted at the other end."""
    events = 20
    aws = cloud.Cloud((certificate, key))
    sides = Sides(place / "calls", aws.url, bundle)
    sides.ask("ours", events + 1, "ignore", wanted=False)
    sides.ask("ours", events, "accept")
    counts = aws.close()
    said = []
    for name, (number, sent, got) in sorted(counts.items()):
        each = number / (2 if "Secret" in name else events)
        said.append(f"{name.partition('.')[2]} {each:g} ({sent / number:.0f} bytes out, {got / number:.0f} in)")
    note = f"{', '.join(said)}; the secret once a cold start; an unwanted event makes none"
    return Row(what="calls of an accepted event", ours="2", note=note)


def _sizes(sides: Sides) -> list[Row]:
    """The artifact, against what the other ways have to bring (boto3 may be taken from the runtime)."""
    note = f"unzipped {sides.unzipped / 1e6:.3f} MB, {sides.unzipped / build.LIMIT_BYTES:.2%} of Lambda's limit"
    if VENV.exists():
        tree = next(VENV.glob("lib/python*/site-packages"))
        whole = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file())
        note += f"; Starlette + Mangum + githubkit + boto3 unzipped {whole / 1e6:.0f} MB"
    size = sides.archive.stat().st_size / 1e6
    return [
        Row(what="zip (floor: the aim)", ours=f"{size:.3f} MB", floor="0.25 MB", ratio=size / 0.25, aim=1, note=note)
    ]


def _compile() -> None:
    command = [sys.executable, "-m", "compileall", "-q", str(processes.SUBJECTS)]
    subprocess.run(command, check=True, env=processes.environment())


def _install() -> None:
    """The framework in an environment of its own, with bytecode; kept between runs."""
    stamp = VENV / "framework"
    if stamp.exists() and stamp.read_text() == str(FRAMEWORK):
        return
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "--quiet", "venv", "--clear", "--python", sys.executable, str(VENV)], check=True)
    python = str(VENV / "bin" / "python")
    subprocess.run([uv, "--quiet", "pip", "install", "--compile-bytecode", "--python", python, *FRAMEWORK], check=True)
    stamp.write_text(str(FRAMEWORK))


assert SECRET == cloud.SECRET
