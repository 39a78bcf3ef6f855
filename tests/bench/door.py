"""The door: cold start, and CPU of an accepted and of an unwanted event, against hmac + json + one durable insert."""

from __future__ import annotations

import gzip
import itertools
import json
import subprocess
import time
from pathlib import Path

from app.webhooks.signature import sign
from tests.bench import processes
from tests.bench.measure import Row, Scale, compared, in_turns, ms, ratio

TITLE = "The door (fresh interpreter to first accepted event; warm CPU of one event, log written)"
SECRET = "a-webhook-secret"
CORPUS = processes.ROOT / "tests" / "corpora" / "webhooks-examples.json.gz"


class Doorstep:
    """Deliveries in files, each pair of lines the headers and the body; no two are the same."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._numbers = itertools.count(1)
        examples = json.loads(gzip.decompress(CORPUS.read_bytes()))
        # The published examples are those of a repository's webhook; an App's name its installation as well.
        of_app = {"installation": {"id": 1, "node_id": "MDIz"}}
        self.labeled = of_app | next(p for name, p in examples if name == "issues" and p.get("action") == "labeled")
        self._unwanted = {
            "push": of_app | next(p for name, p in examples if name == "push"),
            "check_suite": of_app | next(p for name, p in examples if name == "check_suite"),
        }
        assert self._unwanted["check_suite"]["check_suite"]["conclusion"] == "success"

    def deliveries(self, count: int, *, event: str = "issues") -> Path:
        """`issues` is what is wanted; `push` and `check_suite` are dropped."""
        number = next(self._numbers)
        path = self.place / f"deliveries-{number}"
        lines: list[bytes] = []
        for index in range(count):
            body = self.body(event, number, index)
            headers = {
                "content-type": "application/json",
                "x-github-event": event,
                "x-github-delivery": f"{number:08d}-0000-0000-0000-{index:012d}",
                "x-hub-signature-256": sign(body, SECRET),
            }
            lines += [json.dumps(headers).encode(), body]
        path.write_bytes(b"\n".join(lines))
        return path

    def body(self, event: str, number: int, index: int) -> bytes:
        """One that no other is the same as."""
        if event != "issues":
            return json.dumps(self._unwanted[event] | {"after": f"{number:020d}{index:020d}"}).encode()
        label = {**self.labeled["label"], "name": "agent-fix"}
        issue = {**self.labeled["issue"], "number": number * 100_000 + index, "labels": [label]}
        return json.dumps(self.labeled | {"issue": issue, "label": label}).encode()


class Sides:
    """Both doors, each asked in a process of its own over a home of its own."""

    def __init__(self, place: Path) -> None:
        self.step = Doorstep(place)
        self.floor_home = place / "floor"
        self.env = processes.environment(
            LAMPLIGHTER_HOME=str(place / "home"), LAMPLIGHTER_WEBHOOK_SECRET=SECRET, LAMPLIGHTER_APP_ID="1"
        )

    def ours(self, path: Path, mode: str) -> list[str]:
        return processes.python("door_ours.py", path, mode)

    def floor(self, path: Path, mode: str) -> list[str]:
        return processes.python("door_floor.py", self.floor_home, path, mode)

    def cold(self, side: str) -> float:
        """Seconds from the start of the process to the answer."""
        command = getattr(self, side)(self.step.deliveries(1), "cold")
        started = time.monotonic()
        done = subprocess.run(command, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        return float(done.stdout) - started

    def warm(self, side: str, count: int, mode: str, *, event: str = "issues") -> dict[str, float]:
        """CPU and wall seconds of one event."""
        command = getattr(self, side)(self.step.deliveries(count, event=event), mode)
        done = subprocess.run(command, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        return dict(json.loads(done.stdout))


def rows(place: Path, scale: Scale) -> list[Row]:
    sides, count = Sides(place), scale.events
    for side in ("ours", "floor"):
        sides.cold(side)  # makes the databases, warms the page cache
    cold = in_turns(scale.cold_starts, {side: lambda side=side: sides.cold(side) for side in ("ours", "floor")})
    bare = _interpreter(sides, scale)
    walls: dict[str, list[float]] = {"ours": [], "floor": []}

    def accepted(side: str) -> float:
        found = sides.warm(side, count, "accept")
        walls[side].append(found["wall"])
        return found["cpu"]

    warm = in_turns(
        scale.rounds,
        {
            "ours": lambda: accepted("ours"),
            "floor": lambda: accepted("floor"),
            "unwanted": lambda: sides.warm("ours", count, "ignore", event="push")["cpu"],
            "verify": lambda: sides.warm("floor", count, "verify", event="push")["cpu"],
        },
    )
    return [
        compared(
            "cold start to first accepted event",
            cold["ours"],
            cold["floor"],
            ms,
            aim=1.5,
            note=f"of both, {ms(bare)} is the interpreter itself",
        ),
        compared("CPU of an accepted event", warm["ours"], warm["floor"], ms, aim=1.5),
        compared(
            "CPU of an unwanted event",
            warm["unwanted"],
            warm["floor"],
            ms,
            aim=1.5,
            note=f"{ratio(warm['unwanted'], warm['verify']):.1f} × a bare signature check of the same body",
        ),
        compared("wall time of an accepted event (disk)", walls["ours"], walls["floor"], ms),
    ]


def _interpreter(sides: Sides, scale: Scale) -> float:
    code = "import time; print(time.monotonic())"
    found = []
    for _ in range(scale.rounds):
        started = time.monotonic()
        command = [processes.python("door_floor.py")[0], "-P", "-c", code]
        done = subprocess.run(command, env=sides.env, stdout=subprocess.PIPE, check=True)
        found.append(float(done.stdout) - started)
    return sorted(found)[len(found) // 2]
