"""A signal may come at any line: also at those at which it was once waited for with a lock held."""

from __future__ import annotations

import signal
import sys

import pytest

from app.cli.ending import Ending


@pytest.fixture
def ending():
    before = signal.getsignal(signal.SIGTERM)
    yield Ending()
    signal.signal(signal.SIGTERM, before)


def test_it_is_not_requested_until_it_is(ending):
    assert not ending.requested()
    assert not ending.wait(0.01)
    signal.raise_signal(signal.SIGTERM)
    assert ending.wait(0.01)
    assert ending.wait(0.01), "the request stands"
    assert ending.requested()


@pytest.mark.timeout(20)
def test_a_signal_at_every_line_of_the_waiting_ends_it(ending):
    def interrupt(frame, _event, _argument):
        if frame.f_code.co_name != "<lambda>":  # the handler itself, which would never end
            signal.raise_signal(signal.SIGTERM)
        return interrupt

    sys.settrace(interrupt)
    try:
        assert ending.wait(5.0)
    finally:
        sys.settrace(None)
