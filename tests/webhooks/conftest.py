"""What the webhook tests share: an agency, and a platform that may call the loopback."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from accounts.models import Agency
from core.http import loop
from tests.webhooks.making import make_agency
from tests.webhooks.receiver import Receiver, receiving


@pytest.fixture
def agency(db: None) -> Agency:
    return make_agency()


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A receiver on the loopback, which this installation may call."""
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    loop.stop()
    with receiving() as started:
        yield started
        loop.stop()
