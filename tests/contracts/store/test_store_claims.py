"""The contract of `ports.Store`, second part: claims, counters, moments."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.errors import TransientError
from app.ports.rate import Pace, free_at, held_until

# ---------------------------------------------------------------- claims, counters


def test_a_claim_has_one_owner_until_it_expires(claims, clock):
    assert claims.claim("key", "a", ttl_seconds=60)
    assert not claims.claim("key", "b", ttl_seconds=60)
    assert claims.claimed_by("key") == "a"
    clock.advance(59)
    assert claims.claim("key", "a", ttl_seconds=60)  # renewed
    clock.advance(59)
    assert not claims.claim("key", "b", ttl_seconds=60)
    clock.advance(1)
    assert claims.claimed_by("key") is None
    assert claims.claim("key", "b", ttl_seconds=60)
    assert claims.claimed_by("key") == "b"


def test_the_end_of_a_claim_can_be_read_until_it_is_given_up(claims, clock):
    """By the holder's clock, also when it is over: whoever waits sees whether it moves."""

    def until(claims):
        held = claims.holders(["key", "another"]).get("key")
        return held and held.until

    assert until(claims) is None
    claims.claim("key", "a", ttl_seconds=60)
    first = until(claims)
    assert first == pytest.approx(clock.now().timestamp() + 60)
    clock.advance(90)
    assert claims.claimed_by("key") is None
    assert until(claims) == first
    claims.claim("key", "a", ttl_seconds=60)
    assert until(claims) == pytest.approx(first + 90)
    claims.release("key", "a")
    assert until(claims) is None


def test_only_the_owner_releases_a_claim(claims):
    assert claims.claim("key", "a", ttl_seconds=60)
    claims.release("key", "b")
    assert claims.claimed_by("key") == "a"
    claims.release("key", "a")
    assert claims.claimed_by("key") is None
    claims.release("key", "a")
    assert claims.claim("key", "b", ttl_seconds=60)


def test_claims_with_different_keys_are_independent(claims):
    assert claims.claim("one", "a", ttl_seconds=60)
    assert claims.claim("two", "b", ttl_seconds=60)
    assert claims.claimed_by("three") is None


def test_several_keys_are_claimed_all_or_none(claims, clock):
    assert claims.claim_all(["one", "two"], "a", ttl_seconds=60) is None
    assert claims.claimed_by("one") == claims.claimed_by("two") == "a"
    assert claims.claim_all(["two", "three"], "b", ttl_seconds=60) == "a"
    assert claims.claimed_by("three") is None
    assert claims.claim_all(["one", "two"], "a", ttl_seconds=60) == "a"  # to its own holder too
    clock.advance(60)
    assert claims.claim_all(["two", "three"], "b", ttl_seconds=60) is None
    assert claims.claimed_by("two") == "b"


def test_of_sixteen_claimants_of_several_keys_one_gets_them(claims):
    together = threading.Barrier(16)

    def race(owner: int) -> str | None:
        together.wait()
        return claims.claim_all(["one", "two"], str(owner), ttl_seconds=60)

    with ThreadPoolExecutor(16) as pool:
        holders = list(pool.map(race, range(16)))
    assert holders.count(None) == 1
    assert {holder for holder in holders if holder} == {str(holders.index(None))}


def test_of_sixteen_claimants_one_gets_it(claims):
    together = threading.Barrier(16)

    def race(owner: int) -> bool:
        together.wait()
        return claims.claim("key", str(owner), ttl_seconds=60)

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(race, range(16))) == 1


def test_counters_count(store):
    assert store.add("a", 0) == 0
    assert store.add("a", 5) == 5
    assert store.add("a", -7) == -2
    assert store.add("b", 1) == 1
    assert store.add("a", 0) == -2


def test_no_count_is_lost(store):
    with ThreadPoolExecutor(16) as pool:
        values = list(pool.map(lambda _: store.add("a", 1), range(100)))
    assert sorted(values) == list(range(1, 101))


# ---------------------------------------------------------------- moments

PACE = Pace(spacing_seconds=1, most=20, window_seconds=60, shares=(1.0, 0.5))


def test_moments_are_apart_and_nobody_gets_one_twice(store, clock):
    now = clock.now().timestamp()
    assert [store.take_slot("a", PACE, within_seconds=10) for _ in range(4)] == [now, now + 1, now + 2, now + 3]
    assert store.take_slot("b", PACE, within_seconds=10) == now
    clock.advance(30)
    assert store.take_slot("a", PACE, within_seconds=10) == now + 30


def test_moments_too_far_away_are_not_taken(store, clock):
    now = clock.now().timestamp()
    assert [store.take_slot("a", PACE, within_seconds=2.5) for _ in range(3)] == [now, now + 1, now + 2]
    with pytest.raises(TransientError) as caught:
        store.take_slot("a", PACE, within_seconds=2.5)
    assert caught.value.retry_after_seconds == pytest.approx(3)
    assert free_at(store.slots("a"), PACE, now) == now + 3
    clock.advance(3)
    assert store.take_slot("a", PACE, within_seconds=2.5) == now + 3


def test_no_more_moments_than_a_window_holds(store, clock):
    moments = []
    for _ in range(200):
        try:
            moments.append(store.take_slot("a", PACE, within_seconds=0))
        except TransientError as error:
            clock.advance(error.retry_after_seconds)
        clock.advance(0.5)
    assert len(moments) > 60
    assert all(later - earlier >= 60 for earlier, later in zip(moments, moments[20:], strict=False))


def test_what_is_not_urgent_leaves_the_rest_of_the_window(store, clock):
    now = clock.now().timestamp()
    low = [store.take_slot("a", PACE, priority=1, within_seconds=20) for _ in range(10)]
    assert low == [now + second for second in range(10)]
    with pytest.raises(TransientError) as caught:
        store.take_slot("a", PACE, priority=1, within_seconds=20)
    assert caught.value.retry_after_seconds > 50
    assert store.take_slot("a", PACE, priority=0, within_seconds=20) == now + 10


def test_a_hold_stops_everybody_until_it_ends(store, clock):
    now = clock.now().timestamp()
    store.take_slot("a", PACE, within_seconds=0)
    store.hold_slots("a", PACE, until=now + 61)
    store.hold_slots("a", PACE, until=now + 5)
    store.hold_slots("new", PACE, until=now + 9)
    assert (held_until(store.slots("a")), held_until(store.slots("new")), store.slots("b")) == (now + 61, now + 9, "")
    with pytest.raises(TransientError) as caught:
        store.take_slot("a", PACE, within_seconds=60)
    assert caught.value.retry_after_seconds == pytest.approx(61)
    clock.advance(61)
    assert store.take_slot("a", PACE, within_seconds=0) == now + 61


def test_sixteen_who_take_at_once_share_the_moments(store, clock):
    with ThreadPoolExecutor(16) as pool:
        taken = list(pool.map(lambda _: store.take_slot("a", PACE, within_seconds=60), range(16)))
    moments = sorted(taken)
    assert all(later - earlier >= 0.999 for earlier, later in itertools.pairwise(moments))
