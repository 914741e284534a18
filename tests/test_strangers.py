"""One walk through every route of the API with another agency's ids: all of them are not there, and nothing changes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import ApiKey
from billing.models import Journal
from tests.buyers.making import House, a_contract, a_house, a_market, read

OWN_TRAIL = {"IdempotencyRecord", "ApiKey"}  # a key remembers when it was last used
BODIES = {"assign": {"contract_id": "ctr_nobody"}, "reject": {"reason": "no"}, "deposits": {"amount": 1}}
VERBS = ("get", "post", "patch", "put", "delete")


def routes(resolver: URLResolver, prefix: str = "", *, with_ids: bool = True) -> Iterator[tuple[str, URLPattern]]:
    """Every path below /v1 that names an object, or every one that names none, with its pattern."""
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, path, with_ids=with_ids)
        elif path.startswith("v1/") and bool(pattern.pattern.converters) == with_ids:
            yield path, pattern


def rows() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that a request may touch."""
    found = {}
    for model in apps.get_models():
        if model.__module__.startswith("django.") or model.__name__ in OWN_TRAIL:
            continue
        found[model.__name__] = sorted(_plain(model), key=lambda row: str(next(iter(row.values()))))
    return found


def _plain(model: type[models.Model]) -> list[dict[str, Any]]:
    return list(model._base_manager.values())


def victims_ids(house: House) -> dict[str, str]:
    """An id of the victim for each kind of path parameter known so far."""
    buyer, campaign = a_market(house)
    contract = a_contract(house, buyer, campaign, delivery={"method": "webhook", "url": "https://b.example.com/x"})
    house.api.post(f"/v1/buyers/{buyer['buyer_id']}/wallet/deposits", {"amount": 10})
    (lead_type,) = read(house.api.get("/v1/lead-types"))["data"]
    lead = {
        "campaign_id": campaign["campaign_id"],
        "phone": "+12025550143",
        "email": "maria@example.com",
        "state": "TX",
    }
    sold = read(house.api.post("/v1/leads", lead))
    house.api.post("/v1/leads", {**lead, "phone": "12"})
    (refused,) = read(house.api.get("/v1/submissions"))["data"]
    key = ApiKey.objects.filter(agency=house.agency).first()
    journal = Journal.objects.filter(agency=house.agency, mode="live").first()
    assert key is not None
    assert journal is not None
    return {
        "buyer_id": buyer["buyer_id"],
        "campaign_id": campaign["campaign_id"],
        "contract_id": contract["contract_id"],
        "lead_type_id": lead_type["lead_type_id"],
        "endpoint_id": contract["delivery"]["endpoint_id"],
        "journal_id": journal.public_id,
        "key_id": key.public_id,
        "lead_id": sold["lead_id"],
        "submission_id": refused["submission_id"],
    }


@pytest.mark.django_db
def test_a_strangers_id_is_not_there_on_any_route_and_changes_nothing() -> None:
    ids = victims_ids(a_house("Victim", "owner@victim.example"))
    stranger = a_house("Stranger", "owner@stranger.example")
    before = rows()
    walked = 0
    for path, pattern in routes(get_resolver()):
        names = list(pattern.pattern.converters)
        given = path
        for name in names:
            given = given.replace(f"<str:{name}>", ids.get(name, f"{name.removesuffix('_id')}_nobody"))
        for verb in _verbs(pattern):
            answer = Client().generic(
                verb.upper(),
                f"/{given}",
                json.dumps(BODIES.get(given.rpartition("/")[2], {})).encode(),
                "application/json",
                headers={"Authorization": f"Bearer {stranger.api.key}"},
            )
            assert answer.status_code == 404, (verb, given, answer.content)
            walked += 1
    assert walked >= 15
    assert rows() == before


def _verbs(pattern: URLPattern) -> list[str]:
    view = getattr(pattern.callback, "cls", None)
    return [verb for verb in VERBS if hasattr(view, verb)]
