"""A market of 50 contracts, opened over the product's own API, in which every contract wins its share of the leads."""

import json
from http.client import HTTPConnection
from typing import Any

from bench.posts import CAMPAIGN, SEVERITIES, SOURCE, STATES

BUYERS = 50
PER_STATES = 2


def open_market(port: int, key: str) -> None:
    """One lead type, campaign and source; 50 funded buyers with a contract each, delivered by webhook.

    A contract takes two states and one severity: with as many leads for each pair of these, winners are spread evenly
    and every lead is weighed against all fifty. Caps and balances are ample, but counted.
    """
    api = Api(port, key)
    api.post("/v1/lead-types", {"name": "auto_accident", "fields": _fields()})
    api.post("/v1/campaigns", {"name": "Bench", "slug": CAMPAIGN, "lead_type": "auto_accident", "method": "waterfall"})
    payout = {"kind": "fixed", "value": 90.00}
    api.post("/v1/sources", {"name": "Google Ads", "slug": SOURCE, "payout": payout})
    for number in range(BUYERS):
        buyer = {"name": f"Buyer {number}", "email": f"b{number}@example.com", "timezone": "America/Chicago"}
        buyer_id = api.post("/v1/buyers", buyer)["buyer_id"]
        api.post(f"/v1/buyers/{buyer_id}/wallet/deposits", {"amount": 900_000_000, "reference": "bench"})
        api.post("/v1/contracts", _contract(number, buyer_id))


def _fields() -> list[dict[str, Any]]:
    return [
        {"name": "injury_severity", "type": "choice", "choices": [*SEVERITIES]},
        {"name": "accident_date", "type": "date"},
        {"name": "attorney", "type": "boolean"},
    ]


def _contract(number: int, buyer_id: str) -> dict[str, Any]:
    pair, severity = divmod(number, len(SEVERITIES))
    states = STATES[pair * PER_STATES : (pair + 1) * PER_STATES]
    wanted = [
        {"field": "state", "op": "in", "value": [*states]},
        {"field": "injury_severity", "op": "eq", "value": SEVERITIES[severity]},
        {"field": "attorney", "op": "eq", "value": False},
    ]
    return {
        "buyer_id": buyer_id,
        "campaign_id": CAMPAIGN,
        "price": 150.00 + number,
        "priority": 1 + number % 5,
        "filters": {"all": wanted},
        "caps": [
            {"window": "day", "unit": "leads", "limit": 1_000_000},
            {"window": "month", "unit": "money", "limit": 900_000_000},
        ],
        "delivery": {"method": "webhook", "url": f"https://buyer{number}.example.com/leads"},
    }


class Api:
    """The management API; whatever is not a success ends the run."""

    def __init__(self, port: int, key: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self._connection.request("POST", path, json.dumps(body), self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 201:
            raise SystemExit(f"POST {path} answered {answer.status}: {content.decode()}")
        return dict(json.loads(content))
