"""An agency with a little of everything, and the ids of it: random ones would be answered by 404 and nothing else."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from accounts.models import ApiKey
from billing.models import Journal
from leads.api.examples import MARIA
from tests.buyers.making import House, a_buyer, a_campaign, a_contract, a_lead_type, made, read
from webhooks.models import Message

Dictionaries = Mapping[str, Sequence[str | int]]
_USUAL: Dictionaries = {
    "phones": ["+15551234567", "(512) 555-0143", "+1 202 555 0143", "+447400123456"],
    "emails": ["maria@example.com", "John.Doe@Example.org"],
    "states": ["TX", "California", "ny"],
    "zips": ["75001", "90210-1234"],
    "addresses": ["192.168.1.1", "2001:db8::1"],
    "times": ["2026-05-12T14:30:00Z", "2026-05-02T09:00:00.123-05:00"],
    "urls": ["https://receiver.invalid/hooks", "https://other.invalid:8443/x?y=z"],
    "amounts": [0, 5, 17, 42, 90],
    "currencies": ["USD"],
    "zones": ["America/Chicago", "Europe/Berlin", "UTC"],
}
"""What random text would never hit. The hosts do not exist anywhere (RFC 2606): nobody is called."""


def seed(house: House) -> Dictionaries:
    """Make the agency busy, and say what it has by kind."""
    a_lead_type(house)
    campaigns = [a_campaign(house, slug="auto-accident"), a_campaign(house, name="Spare", slug="spare", max_sales=3)]
    buyers = [a_buyer(house), a_buyer(house, name="Golden Gate Law"), a_buyer(house, name="Patient Law")]
    contracts = _contracts(house, buyers, campaigns)
    source = made(house.api.post("/v1/sources", {"name": "Acme Ads", "slug": "google_ads"}))
    endpoint = {"url": "https://receiver.invalid/hooks", "events": ["lead.received", "lead.accepted"]}
    endpoints = [made(house.api.post("/v1/webhook-endpoints", endpoint))["endpoint_id"] for _ in range(2)]
    leads = _leads(house)
    house.api.post("/v1/leads", {"campaign_id": "auto-accident", "phone": "none"})
    house.api.put("/v1/rate-limits/partners", {"per_minute": 500})
    house.key(name="spare")
    return {
        **_USUAL,
        "campaigns": [campaign["campaign_id"] for campaign in campaigns] + ["auto-accident"],
        "buyers": [buyer["buyer_id"] for buyer in buyers],
        "contracts": [contract["contract_id"] for contract in contracts],
        "sources": [source["source_id"]],
        "lead_types": [row["lead_type_id"] for row in read(house.api.get("/v1/lead-types"))["data"]],
        "endpoints": [*endpoints, *(c["delivery"]["endpoint_id"] for c in contracts if "endpoint_id" in c["delivery"])],
        "leads": [lead["lead_id"] for lead in leads],
        "sales": [sale["sale_id"] for lead in leads for sale in lead["sales"]],
        "messages": [message.public_id for message in Message.objects.all()[:8]],
        "journals": [journal.public_id for journal in Journal.objects.filter(mode="live")[:4]],
        "keys": [key.public_id for key in ApiKey.objects.filter(name="spare")],
        "rate_limits": ["partners", "others"],
        "submissions": [row["submission_id"] for row in read(house.api.get("/v1/submissions"))["data"]],
        "cursors": [read(house.api.get("/v1/leads?limit=1"))["next_cursor"]],
    }


def _contracts(house: House, buyers: list[dict[str, Any]], campaigns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for buyer in buyers:
        made(house.api.post(f"/v1/buyers/{buyer['buyer_id']}/wallet/deposits", {"amount": 1_000_000.00}))
    texas, california = ({"all": [{"field": "state", "op": "in", "value": [state]}]} for state in ("TX", "CA"))
    webhook = {"method": "webhook", "url": "https://buyer.invalid/leads"}
    cap = {"window": "day", "unit": "leads", "limit": 50}
    auto, spare = campaigns
    return [
        a_contract(house, buyers[0], auto, filters=texas, delivery=webhook),
        a_contract(house, buyers[1], auto, filters=california, caps=[cap], priority=2),
        a_contract(house, buyers[2], auto, filters=california, confirm_minutes=60),
        a_contract(house, buyers[1], spare, sells="both", delivery=webhook),
        a_contract(house, buyers[2], spare, sells="both", confirm_minutes=60),
    ]


def _leads(house: House) -> list[dict[str, Any]]:
    """Sold, a duplicate, unsold, and two that wait for their buyers."""
    bodies = [MARIA, MARIA, {"phone": "+15125550143", "state": "NY"}]
    bodies += [{"phone": f"+1512555015{n}", "state": "CA"} for n in range(2)]
    answers = [house.api.post("/v1/leads", {"campaign_id": "auto-accident", **body}) for body in bodies]
    return [json.loads(answer.content) for answer in answers]
