"""The contract of `ports.Queue`: SQS FIFO semantics."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest


def _bodies(messages) -> list[str]:
    return [message.body for message in messages]


def _take(queue, **options):
    messages = queue.receive(limit=1, **options)
    return messages[0] if messages else None


def test_nothing_comes_out_of_an_empty_queue(queue):
    assert queue.receive() == []
    assert queue.dead_letters() == []
    assert queue.redrive() == 0


def test_a_group_comes_out_in_order_one_at_a_time(queue):
    for number in range(5):
        queue.send(str(number), group="g", dedup_id=str(number))
    seen = []
    while (message := _take(queue)) is not None:
        assert _take(queue) is None  # its followers wait while it is in flight
        seen.append(message.body)
        queue.ack(message)
    assert seen == ["0", "1", "2", "3", "4"]


def test_groups_do_not_wait_for_one_another(queue):
    for group in "abc":
        queue.send(group, group=group, dedup_id=group)
    assert sorted(_bodies(queue.receive(limit=10))) == ["a", "b", "c"]
    assert queue.receive() == []


def test_body_and_attempt_are_told(queue):
    queue.send('{"x": "é\U0001f600"}', group="1#2", dedup_id="d")
    message = _take(queue)
    assert (message.body, message.group, message.attempt) == ('{"x": "é\U0001f600"}', "1#2", 1)


def test_unacknowledged_message_comes_again_after_its_visibility(queue, clock):
    queue.send("m", group="g", dedup_id="d")
    queue.send("n", group="g", dedup_id="e")
    first = _take(queue, visibility_seconds=30)
    clock.advance(29)
    assert queue.receive() == []
    clock.advance(2)
    again = _take(queue)
    assert (again.body, again.id, again.attempt) == ("m", first.id, 2)
    assert again.receipt != first.receipt


def test_an_older_receipt_does_nothing(queue, clock):
    queue.send("m", group="g", dedup_id="d")
    first = _take(queue, visibility_seconds=30)
    clock.advance(31)
    again = _take(queue, visibility_seconds=30)
    queue.ack(first)
    queue.extend(first, visibility_seconds=3000)
    queue.retry(first, delay_seconds=0)
    assert queue.receive() == []
    clock.advance(31)
    third = _take(queue)
    assert third.attempt == again.attempt + 1
    queue.ack(third)
    queue.ack(third)
    clock.advance(3000)
    assert queue.receive() == []


def test_a_heartbeat_keeps_a_message(queue, clock):
    queue.send("m", group="g", dedup_id="d")
    message = _take(queue, visibility_seconds=30)
    for _ in range(5):
        clock.advance(20)
        queue.extend(message, visibility_seconds=30)
        assert queue.receive() == []
    queue.ack(message)
    clock.advance(1000)
    assert queue.receive() == []


def test_a_message_given_back_comes_after_its_delay_and_holds_its_group(queue, clock):
    queue.send("m", group="g", dedup_id="d")
    queue.send("n", group="g", dedup_id="e")
    queue.retry(_take(queue), delay_seconds=60)
    clock.advance(59)
    assert queue.receive() == []
    clock.advance(2)
    message = _take(queue)
    assert (message.body, message.attempt) == ("m", 2)


def test_the_same_dedup_id_is_dropped_for_five_minutes(queue, clock):
    queue.send("first", group="g", dedup_id="d")
    queue.send("second", group="g", dedup_id="d")
    queue.ack(_take(queue))
    clock.advance(290)
    queue.send("third", group="g", dedup_id="d")
    assert queue.receive() == []
    clock.advance(20)
    queue.send("fourth", group="g", dedup_id="d")
    assert _bodies(queue.receive()) == ["fourth"]


def test_after_max_attempts_a_message_is_a_dead_letter_and_its_group_goes_on(queue, clock):
    queue.send("poison", group="g", dedup_id="d")
    queue.send("next", group="g", dedup_id="e")
    for attempt in (1, 2, 3):
        message = _take(queue)
        assert (message.body, message.attempt) == ("poison", attempt)
        queue.retry(message, delay_seconds=0)
    assert _take(queue).body == "next"
    assert [(letter.body, letter.group) for letter in queue.dead_letters()] == [("poison", "g")]


def test_a_message_whose_consumers_all_died_is_a_dead_letter_too(queue, clock):
    queue.send("poison", group="g", dedup_id="d")
    queue.send("next", group="g", dedup_id="e")
    for _ in range(3):
        assert _take(queue, visibility_seconds=10).body == "poison"
        clock.advance(11)
    assert _take(queue).body == "next"
    assert _bodies(queue.dead_letters()) == ["poison"]


def test_redrive_gives_dead_letters_a_new_life(queue, clock):
    for number in range(3):
        queue.send(str(number), group="g", dedup_id=str(number))
    for _ in range(9):
        queue.retry(_take(queue), delay_seconds=0)
    assert queue.receive() == []  # what reached its last attempt is buried at the latest now
    assert _bodies(queue.dead_letters()) == ["0", "1", "2"]
    assert queue.redrive() == 3
    assert queue.dead_letters() == []
    assert [_bodies(queue.receive()) for _ in range(1)] == [["0"]]


def test_many_consumers_do_everything_once_and_in_order(queue):
    groups, each = 12, 8
    for number in range(each):
        for group in range(groups):
            queue.send(str(number), group=str(group), dedup_id=f"{group}.{number}")
    done = defaultdict(list)

    def consume(_: int) -> None:
        idle = 0
        while idle < 20:
            messages = queue.receive(limit=3)
            idle = 0 if messages else idle + 1
            for message in messages:
                done[message.group].append(message.body)
                queue.ack(message)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(consume, range(8)))
    assert dict(done) == {str(group): [str(number) for number in range(each)] for group in range(groups)}


@pytest.mark.parametrize("limit", [1, 3, 10])
def test_no_more_than_asked_for(queue, limit):
    for number in range(15):
        queue.send("m", group=str(number), dedup_id=str(number))
    assert len(queue.receive(limit=limit)) <= limit
