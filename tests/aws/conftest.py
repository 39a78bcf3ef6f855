"""A held clock and an account of AWS for the tests of this folder."""

from __future__ import annotations

import pytest

from tests.clock import HeldClock


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def aws(clock):
    from tests.aws.emulator import emulated

    with emulated(clock) as account:
        yield account
