"""The contract of `ports.Intake`: a message and its claims, whatever breaks between them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.errors import TransientError


def test_first_to_come_has_the_claims_and_its_message_is_sent(place):
    assert place.take() is None
    assert place.store.claimed_by("one") == place.store.claimed_by("two") == "a"
    assert place.messages() == ["m"]


def test_later_one_learns_who_was_first_and_is_sent_all_the_same(place):
    place.take("first", owner="a", claims=("one", "two"), dedup_id="d1")
    assert place.take("second", owner="b", claims=("two", "three"), dedup_id="d2") == "a"
    assert place.store.claimed_by("three") is None
    assert place.messages() == ["first", "second"]


def test_same_thing_again_finds_itself_and_is_one_message_for_five_minutes(place):
    assert place.take() is None
    assert place.take() == "a"
    assert place.messages() == ["m"]


def test_claims_end_with_their_time(place, clock):
    assert place.take(owner="a", dedup_id="d1") is None
    clock.advance(60)
    assert place.take(owner="b", dedup_id="d2") is None
    assert place.store.claimed_by("one") == "b"


def test_only_the_owner_forgets(place):
    place.take(owner="a")
    place.intake.forget(["one", "two"], "b")
    assert place.store.claimed_by("one") == "a"
    place.intake.forget(["one", "two", "never"], "a")
    assert place.store.claimed_by("one") is place.store.claimed_by("two") is None


def test_of_sixteen_at_once_one_is_first_and_none_is_lost(place):
    together = threading.Barrier(16)

    def race(owner: int) -> str | None:
        together.wait()
        return place.take(f"{owner}", owner=str(owner), dedup_id=f"d{owner}")

    with ThreadPoolExecutor(16) as pool:
        holders = list(pool.map(race, range(16)))
    assert holders.count(None) == 1
    assert {holder for holder in holders if holder} == {str(holders.index(None))}
    assert sorted(place.messages(), key=int) == [str(owner) for owner in range(16)]


@pytest.mark.parametrize("away", ["sqs", "dynamodb"])
@pytest.mark.parametrize("how", ["is_away", "throttles", "fails"])
def test_half_that_cannot_be_done_is_transient_and_doing_it_again_doubles_nothing(place_on_aws, away, how):
    place = place_on_aws
    getattr(place.aws, how)(away, times=99)
    with pytest.raises(TransientError):
        place.take()
    place.aws.faults.clear()
    place.intake.forget(["one", "two"], "a")
    assert place.take() is None
    assert place.messages() == ["m"]
    assert place.store.claimed_by("one") == place.store.claimed_by("two") == "a"


@pytest.mark.parametrize(("service", "operation"), [("sqs", "SendMessage"), ("dynamodb", "TransactWriteItems")])
def test_answer_that_was_lost_doubles_nothing(place_on_aws, service, operation):
    place = place_on_aws
    place.aws.loses_the_answer(service, operation)
    assert place.take() is None
    assert place.messages() == ["m"]


def test_message_that_the_queue_does_not_take_is_a_mistake_of_the_caller(place_on_aws):
    with pytest.raises(ValueError, match="characters"):
        place_on_aws.take("\x00")
    assert place_on_aws.messages() == []
