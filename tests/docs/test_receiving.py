"""The receivers of docs/integrate.md: they take what the product signs, once, and nothing else."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.docs.house import House
from tests.docs.posting import is_there
from tests.docs.receiving import Receiver, listening, new_secret
from tests.processes import free_port, wait_until
from webhooks.signing import parse_secret, signed_headers

OLD, NEW, OTHER = (new_secret(filler) for filler in (b"o", b"n", b"x"))
BODY = b'{"event": "lead.delivered", "price": 175.00, "lead": {"first_name": "Mar\xc3\xada"}}'
DELIVERED = 120.0  # seconds: a first try is made at once, if the machine has time for it

Listen = Callable[..., Receiver]
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(params=["python", "node"])
def listen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Listen]:
    """Starts the receiver in one of the languages: `listen(secret, ...)`."""
    if request.param == "node" and not is_there("node"):
        pytest.skip("needs node")
    with ExitStack() as stack:
        yield lambda *secrets, port=None: stack.enter_context(listening(request.param, secrets, tmp_path, port))


def signed(*secrets: str, message: str = "evt_1", age: int = 0, body: bytes = BODY) -> dict[str, str]:
    return signed_headers([parse_secret(secret) for secret in secrets], message, int(time.time()) - age, body)


def test_a_genuine_message_is_kept_byte_for_byte_and_acknowledged(listen: Listen) -> None:
    receiver = listen(OLD)
    assert receiver.send(BODY, signed(OLD)) == 204
    assert receiver.inbox() == {"evt_1": BODY}


def test_a_message_that_comes_again_is_acknowledged_and_kept_once(listen: Listen) -> None:
    receiver = listen(OLD)
    assert receiver.send(BODY, signed(OLD, age=60)) == 204
    assert receiver.send(BODY, signed(OLD)) == 204
    assert receiver.send(BODY, signed(OLD, message="evt_2")) == 204
    assert sorted(receiver.inbox()) == ["evt_1", "evt_2"]


@pytest.mark.parametrize(
    ("body", "change"),
    [
        (BODY.replace(b"175", b"1"), {}),
        (BODY, {"Webhook-Id": "evt_9"}),
        (BODY, {"Webhook-Timestamp": str(int(time.time()) - 1)}),
        (BODY, {"Webhook-Timestamp": "soon"}),
        (BODY, {"Webhook-Signature": "v1,"}),
        (BODY, {"Webhook-Signature": ""}),
        (BODY, {"Webhook-Id": ""}),
    ],
    ids=["body", "id", "timestamp", "no timestamp", "empty signature", "no signature", "no id"],
)
def test_what_was_changed_on_the_way_is_refused(listen: Listen, body: bytes, change: dict[str, str]) -> None:
    receiver = listen(OLD)
    assert receiver.send(body, signed(OLD) | change) == 401
    assert receiver.inbox() == {}


def test_a_message_signed_by_somebody_else_is_refused(listen: Listen) -> None:
    receiver = listen(OLD)
    assert receiver.send(BODY, signed(OTHER)) == 401
    assert receiver.send(BODY, {}) == 401
    assert receiver.inbox() == {}


@pytest.mark.parametrize("age", [400, -400])
def test_a_message_from_another_time_is_refused(listen: Listen, age: int) -> None:
    receiver = listen(OLD)
    assert receiver.send(BODY, signed(OLD, age=age)) == 401
    assert receiver.send(BODY, signed(OLD, age=age // 2)) == 204


def test_a_rotation_loses_nothing_whichever_secret_the_receiver_has(listen: Listen) -> None:
    receiver = listen(OLD)
    assert receiver.send(BODY, signed(NEW, OLD)) == 204
    receiver = listen(NEW)
    assert receiver.send(BODY, signed(NEW, OLD, message="evt_2")) == 204
    receiver = listen(OLD, NEW)
    assert receiver.send(BODY, signed(NEW, message="evt_3")) == 204
    assert receiver.send(BODY, signed(OLD, message="evt_4")) == 204
    assert sorted(receiver.inbox()) == ["evt_1", "evt_2", "evt_3", "evt_4"]


def test_a_body_beyond_all_bounds_is_refused(listen: Listen) -> None:
    receiver = listen(OLD)
    body = b" " * (1024 * 1024 + 1)
    assert receiver.send(body, signed(OLD, body=body)) == 413
    assert receiver.inbox() == {}


def test_a_sold_lead_arrives_and_a_rotated_secret_too(house: House, listen: Listen, request: Any) -> None:
    port = free_port()
    agency = house.new_agency("Buyers")
    delivery = agency.open_market({"method": "webhook", "url": f"http://127.0.0.1:{port}/hooks"})["delivery"]
    receiver = listen(delivery["secret"], port=port)

    agency.post("leads", {"campaign_id": "auto", "first_name": "Maria", "phone": "+12145550199", "state": "TX"})
    wait_until(receiver.inbox, "the first lead", DELIVERED)
    ((message, body),) = receiver.inbox().items()
    told = json.loads(body)
    assert message.startswith("evt_")
    assert (told["event"], told["price"], told["lead"]["phone"]) == ("lead.delivered", 1, "+12145550199")

    agency.post(f"webhook-endpoints/{delivery['endpoint_id']}/rotate-secret", {"overlap_hours": 24})
    agency.post("leads", {"campaign_id": "auto", "first_name": "Juan", "phone": "+12145550188", "state": "TX"})
    wait_until(lambda: len(receiver.inbox()) == 2, "the second lead, which the old secret still signs", DELIVERED)
