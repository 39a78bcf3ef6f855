"""How each function is asked: `import lambda_SIDE` with the arguments DELIVERIES MODE."""

import json
import os
import sys
import time


def peak_kilobytes() -> int:
    with open("/proc/self/status") as file:  # `getrusage` counts what the process was before it became Python
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))


def drive(load) -> None:
    """cold: import, answer once, print when (monotonic seconds), CPU seconds and peak memory. Else CPU of one event."""
    path, mode = sys.argv[1:]
    with open(path, "rb") as file:
        events = [json.loads(line) for line in file.read().splitlines()]
    handler = load()
    first = handler(events[0], None)
    assert first["statusCode"] in (200, 202), first
    if mode == "cold":
        print(json.dumps({"at": time.monotonic(), "cpu": time.process_time(), "kilobytes": peak_kilobytes()}))
        sys.stdout.flush()
        os._exit(0)
    wall, cpu = time.perf_counter(), time.process_time()
    answers = [handler(event, None) for event in events[1:]]
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    assert all(answer["statusCode"] in (200, 202) for answer in answers), answers[0]
    assert all((mode == "accept") == ("start" in answer["body"]) for answer in answers), answers[0]
    print(json.dumps({"cpu": cpu / len(answers), "wall": wall / len(answers)}))
