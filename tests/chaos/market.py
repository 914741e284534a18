"""A market over the product's own API: four buyers in turn, of whom one has a small cap and one little money."""

import json
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

CAMPAIGN = "auto"
PRICE = 20
PLENTY = 1_000_000
BUYERS = ("Steady Law", "Other Law", "Capped Law", "Poor Law")
CAPPED, POOR = BUYERS[2:]


@dataclass(frozen=True)
class Address:
    """Where the API is, and the key to it."""

    port: int
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What a request of the management was answered; it must have made something."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", f"/v1{path}", json.dumps(body), self.headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        assert answer.status == 201, content
        made: dict[str, Any] = json.loads(content)
        return made


def open_market(address: Address, receiver: int, *, few: int) -> dict[str, str]:
    """The market, delivering to this port; cap and money of the last two are for `few` leads. Secrets by buyer id."""
    address.post("/lead-types", {"name": "auto_accident", "fields": []})
    campaign = {"name": "Auto", "slug": CAMPAIGN, "lead_type": "auto_accident", "method": "round_robin"}
    address.post("/campaigns", campaign)
    secrets = {}
    for name in BUYERS:
        buyer_id = address.post("/buyers", {"name": name, "email": "law@example.com"})["buyer_id"]
        money = few * PRICE if name == POOR else PLENTY
        address.post(f"/buyers/{buyer_id}/wallet/deposits", {"amount": money, "reference": "wire"})
        contract = {
            "buyer_id": buyer_id,
            "campaign_id": CAMPAIGN,
            "price": PRICE,
            "caps": [{"window": "total", "unit": "leads", "limit": few if name == CAPPED else PLENTY}],
            "delivery": {"method": "webhook", "url": f"http://127.0.0.1:{receiver}/leads"},
        }
        secrets[buyer_id] = address.post("/contracts", contract)["delivery"]["secret"]
    return secrets
