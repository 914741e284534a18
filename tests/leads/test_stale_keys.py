"""A process with requests in hand that it need not ask for still obeys what was changed elsewhere, at the next lead."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from accounts.agencies import suspend_agency
from accounts.keys import change_key, revoke_key
from accounts.models import Agency, ApiKey
from buyers.campaigns import change_campaign
from core import redis
from leads.models import Lead, Submission
from routing.models import Campaign
from tests.buyers.making import House, a_buyer, a_campaign, a_contract, a_house, a_lead_type
from tests.processes import PATIENCE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]
PROCESSES = 2
Ask = Callable[[bytes], list[tuple[int, str | None]]]
"""What each process is answered when it posts a body: the status, and the code or the reason."""


def lead(number: int) -> bytes:
    return json.dumps({"campaign_id": "auto", "state": "TX", "external_id": str(number)}).encode()


@pytest.fixture
def house() -> House:
    house = a_house()
    a_lead_type(house)
    campaign = a_campaign(house)
    buyer = a_buyer(house)
    house.api.post(f"/v1/buyers/{buyer['buyer_id']}/wallet/deposits", {"amount": 5000})
    a_contract(house, buyer, campaign, price=1)
    return house


def serve(pipe: Connection, key: str) -> None:
    """Post each body that comes, and say what came of it."""
    while body := pipe.recv():
        said = {"Authorization": f"Bearer {key}"}
        answer = Client().generic("POST", "/v1/leads", body, "application/json", headers=said)
        told: dict[str, Any] = json.loads(answer.content)
        pipe.send((answer.status_code, told.get("code") or told.get("reason")))
    connections.close_all()


@contextmanager
def posting(key: str) -> Iterator[Ask]:
    """Processes that know the key, and hold a lot of its requests."""
    connections.close_all()
    redis.client().close()
    context = get_context("fork")
    pipes = [context.Pipe() for _ in range(PROCESSES)]
    processes = [context.Process(target=serve, args=(theirs, key)) for _, theirs in pipes]
    for process in processes:
        process.start()

    def ask(body: bytes) -> list[tuple[int, str | None]]:
        for ours, _ in pipes:
            ours.send(body)
        return [ours.recv() if ours.poll(PATIENCE) else (0, "no answer") for ours, _ in pipes]

    try:
        assert ask(lead(1)) == [(201, None)] * PROCESSES
        yield ask
    finally:
        for (ours, theirs), process in zip(pipes, processes, strict=True):
            theirs.close()
            ours.send(b"")
            process.join()


def made_key(house: House) -> tuple[str, ApiKey]:
    text = house.key().key
    return text, ApiKey.objects.latest("created_at")


def test_a_key_revoked_here_sells_no_lead_anywhere(house: House) -> None:
    text, row = made_key(house)
    with posting(text) as ask:
        revoke_key(actor=house.actor, key=row)
        assert ask(lead(2)) == [(401, "key_revoked")] * PROCESSES
    assert Lead.objects.count() == PROCESSES


@pytest.mark.parametrize("body", [b"{", b"{}", b'{"campaign_id": "nowhere"}'])
def test_a_key_revoked_here_leaves_no_refused_submission_anywhere(house: House, body: bytes) -> None:
    text, row = made_key(house)
    with posting(text) as ask:
        revoke_key(actor=house.actor, key=row)
        assert ask(body) == [(401, "key_revoked")] * PROCESSES
    assert Submission.objects.count() == 0


def test_a_key_that_may_no_longer_write_sells_no_lead_anywhere(house: House) -> None:
    text, row = made_key(house)
    with posting(text) as ask:
        change_key(actor=house.actor, key=row, values={"scopes": ("leads:read",)})
        assert ask(lead(2)) == [(403, "missing_scope")] * PROCESSES
    assert Lead.objects.count() == PROCESSES


def test_a_suspended_agency_sells_no_lead_anywhere(house: House) -> None:
    text, _ = made_key(house)
    with posting(text) as ask:
        suspend_agency(Agency.objects.get(), actor=house.actor)
        assert ask(lead(2)) == [(403, "agency_suspended")] * PROCESSES


def test_a_campaign_paused_here_counts_for_the_next_lead_everywhere(house: House) -> None:
    text, _ = made_key(house)
    with posting(text) as ask:
        change_campaign(actor=house.actor, campaign=Campaign.objects.get(), values={"status": "paused"})
        assert ask(lead(2)) == [(201, "campaign_paused")] * PROCESSES
