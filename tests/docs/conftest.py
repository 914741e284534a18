"""The running house that all tests of the documents share."""

import os
from collections.abc import Iterator

import pytest

from tests.docs.house import Agency, House, running_house


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house per test process."""
    process = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    with running_house(tmp_path_factory.mktemp("house"), f"docs_{process}") as running:
        yield running


@pytest.fixture(scope="session")
def agency(house: House) -> Agency:
    """An agency whose one campaign, `auto`, has a buyer that takes everything by the portal."""
    made = house.new_agency("Acme")
    made.open_market({"method": "portal"})
    return made
