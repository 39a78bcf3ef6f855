"""Whatever comes to the door, it answers; and nothing gets in unsigned."""

from __future__ import annotations

import copy
import gzip
import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.receive import Delivery
from app.webhooks.parse import WANTED, parse

CORPUS = Path(__file__).parents[2] / "corpora" / "webhooks-examples.json.gz"
EXAMPLES = [pair for pair in json.loads(gzip.decompress(CORPUS.read_bytes())) if pair[0] in WANTED]
ANSWERS = {"start", "steer", "cancel", "answer", "ignore", "duplicate"}

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
quick = settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(st.dictionaries(st.text(), st.text(alphabet=st.characters())), st.binary(max_size=200))
def test_unsigned_bytes_get_a_401_whatever_the_headers_are(door, headers, body):
    assert door(Delivery(headers=headers, body=body)).status == 401


@quick
@given(
    st.sampled_from([*WANTED, "unknown"]),
    st.binary(max_size=200) | values.map(lambda value: json.dumps(value).encode()),
)
def test_signed_bytes_get_a_2xx_or_a_400(door, event, body):
    answer = door.knock(event, body)
    assert answer.status in {200, 202, 400}
    if answer.status < 400:
        assert answer.body["decision"] in ANSWERS
        assert "recorded" not in answer.body["reason"]


@st.composite
def broken_examples(draw):
    """One of GitHub's examples with a few of its parts replaced by something else or taken away."""
    name, example = draw(st.sampled_from(EXAMPLES))
    payload = copy.deepcopy(example)
    for _ in range(draw(st.integers(1, 4))):
        place = payload
        while True:
            key = draw(st.sampled_from(sorted(place)))
            if isinstance(place[key], dict) and place[key] and draw(st.booleans()):
                place = place[key]
                continue
            if draw(st.booleans()):
                place[key] = draw(values)
            elif place is not payload or len(place) > 1:
                del place[key]
            break
        if not payload:
            break
    return name, payload


@quick
@given(broken_examples())
def test_example_with_broken_parts_is_never_a_defect(door, broken):
    name, payload = broken
    answer = door.knock(name, payload)
    assert answer.status in {200, 202}
    assert "recorded" not in answer.body["reason"]


@quick
@given(
    st.text(alphabet=st.characters(), max_size=300),
    st.sampled_from(["\ud800", "\x00", "\U0001f4a1", "é", "x"]),
    st.integers(0, 70_000),
)
def test_job_always_fits_into_a_queue_message(sample_comment, text, letter, times):
    payload = copy.deepcopy(sample_comment)
    payload["issue"]["body"] = payload["comment"]["body"] = payload["issue"]["title"] = text + letter * times
    event = parse("issue_comment", json.dumps(payload).encode())
    for part in (event.source.title, event.source.body, event.source.comment):
        part.encode("utf-8")
    assert (
        len(json.dumps([event.source.title, event.source.body, event.source.comment, event.source.comment])) < 920_000
    )
