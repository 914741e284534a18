"""What the tests of real-time buyers share: their systems, and a platform that may call the loopback."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from core.http import loop
from tests.leads.trading import Market, trading


@pytest.fixture
def market(settings: Settings) -> Iterator[Market]:
    """Buyers' systems on the loopback, which this installation may call."""
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    loop.stop()
    with trading() as started:
        yield started
        loop.stop()
