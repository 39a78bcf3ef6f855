"""What only the adapter of one machine promises: kill -9 and several processes."""

from __future__ import annotations

import itertools
import random
import signal
import subprocess
import sys
import time

from app.local.clock import SystemClock
from app.local.queue import SqliteQueue

SENDER = """
import sys
from pathlib import Path
from app.local.clock import SystemClock
from app.local.queue import SqliteQueue
queue = SqliteQueue(Path(sys.argv[1]), "jobs", SystemClock())
number = int(sys.argv[2])
while True:
    queue.send(str(number), group="g", dedup_id=str(number))
    print(number, flush=True)
    number += 1
"""
CONSUMER = """
import sys
from pathlib import Path
from app.local.clock import SystemClock
from app.local.queue import SqliteQueue
queue = SqliteQueue(Path(sys.argv[1]), "jobs", SystemClock(), max_attempts=1000)
while True:
    for message in queue.receive(limit=1, visibility_seconds=0.05):
        print(message.body, flush=True)
        queue.ack(message)
"""


def _kill_after_a_while(code: str, *arguments: str, dice: random.Random) -> list[int]:
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE)
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(dice.uniform(0, 0.04))
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().split()
    process.wait()
    process.stdout.close()
    return [int(word) for word in [first, *rest]]


def test_kill_9_loses_no_message_and_keeps_the_order(tmp_path):
    dice, sent = random.Random(3), 0
    for _ in range(6):
        sent = _kill_after_a_while(SENDER, str(tmp_path), str(sent), dice=dice)[-1]  # the last one is sent again
    queue = SqliteQueue(tmp_path, "jobs", SystemClock())
    for number in range(sent + 1, sent + 600):  # more than the consumers below can handle in their short lives
        queue.send(str(number), group="g", dedup_id=str(number))
    sent += 599

    handled: list[int] = []
    for _ in range(6):
        handled += _kill_after_a_while(CONSUMER, str(tmp_path), dice=dice)
        time.sleep(0.06)
    for before, after in itertools.pairwise(handled):
        assert after in {before, before + 1}  # at least once, in order
    rest = []
    while messages := queue.receive(limit=1):
        rest.append(messages[0].body)
        queue.ack(messages[0])
    following = [int(body) for body in rest]
    assert following == list(range(following[0], following[0] + len(following)))
    assert following[0] in {handled[-1], handled[-1] + 1}
    assert following[-1] == sent
    queue.close()


def test_queues_of_one_home_are_separate(tmp_path, clock):
    jobs, publish = SqliteQueue(tmp_path, "jobs", clock), SqliteQueue(tmp_path, "publish", clock)
    jobs.send("m", group="g", dedup_id="d")
    assert publish.receive() == []
    publish.send("n", group="g", dedup_id="d")
    assert [message.body for message in jobs.receive()] == ["m"]
    jobs.close()
    publish.close()


def test_reopened_queue_still_holds_what_was_in_flight(tmp_path, clock):
    queue = SqliteQueue(tmp_path, "jobs", clock)
    queue.send("m", group="g", dedup_id="d")
    message = queue.receive()[0]
    queue.close()
    again = SqliteQueue(tmp_path, "jobs", clock)
    assert again.receive() == []
    again.ack(message)
    clock.advance(1000)
    assert again.receive() == []
    again.close()
