"""Our door, as `serve` calls it: settings from the environment, SQLite store and queue, the log as JSON lines."""

import json
import os
import sys
import time


def main() -> None:
    deliveries, mode = sys.argv[1:]
    from app import log, settings
    from app.local.clock import SystemClock
    from app.local.queue import SqliteQueue
    from app.local.store import SqliteStore
    from app.log import Redactor
    from app.ports.intake import InTurn
    from app.receive import Delivery, receive

    with open(deliveries, "rb") as file:
        lines = file.read().splitlines()
    loaded, clock = settings.load(), SystemClock()
    log.configure(Redactor(loaded.secrets()))
    intake = InTurn(SqliteStore(loaded.home, clock), SqliteQueue(loaded.home, "jobs", clock))
    ports = {"settings": loaded, "clock": clock, "intake": intake}
    if mode == "cold":
        answer = receive(Delivery(headers=json.loads(lines[0]), body=lines[1]), **ports)
        print(time.monotonic())
        assert answer.body["decision"] == "start", answer
        sys.stdout.flush()
        os._exit(0)
    events = [Delivery(headers=json.loads(lines[i]), body=lines[i + 1]) for i in range(0, len(lines), 2)]
    wall, cpu = time.perf_counter(), time.process_time()
    answers = [receive(event, **ports).to_json() for event in events]
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    wanted = b'"ignore"' if mode == "ignore" else b'"start"'
    assert all(wanted in answer for answer in answers), answers[0]
    print(json.dumps({"cpu": cpu / len(events), "wall": wall / len(events)}))


if __name__ == "__main__":
    main()
