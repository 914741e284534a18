"""An agency with a market, as the tests of buyers need it, and a client that speaks the API."""

import json
from dataclasses import dataclass
from typing import Any, cast

from django.http import HttpResponse
from django.test import Client

from accounts.agencies import create_agency
from accounts.keys import KeySettings, create_key
from accounts.models import Agency
from accounts.principals import SystemActor
from accounts.scopes import ALL_SCOPES


@dataclass(frozen=True)
class Api:
    """A client with a key. Bodies are JSON."""

    key: str

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self._send("GET", path, None, headers)

    def post(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self._send("POST", path, body, headers)

    def patch(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self._send("PATCH", path, body, headers)

    def put(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self._send("PUT", path, body, headers)

    def delete(self, path: str, **headers: str) -> HttpResponse:
        return self._send("DELETE", path, None, headers)

    def _send(self, verb: str, path: str, body: Any, headers: dict[str, str]) -> HttpResponse:
        data = b"" if body is None else json.dumps(body).encode()
        said = {"Authorization": f"Bearer {self.key}", **headers}
        return cast(HttpResponse, Client().generic(verb, path, data, "application/json", headers=said))


@dataclass(frozen=True)
class House:
    """An agency and a live key with every scope."""

    agency: Agency
    api: Api
    test_api: Api

    @property
    def actor(self) -> SystemActor:
        return SystemActor(self.agency.pk, "system:test")

    def key(self, **settings: Any) -> Api:
        """A client with a key of its own, all scopes unless told."""
        wanted = KeySettings(**{"name": "key", "scopes": ALL_SCOPES, **settings})
        return Api(create_key(actor=self.actor, wanted=wanted).text)


def a_house(name: str = "Acme", email: str = "owner@acme.example") -> House:
    made = create_agency(name=name, email=email, password="a-password-for-tests")
    return House(made.agency, Api(made.live.text), Api(made.test.text))


def made(answer: HttpResponse) -> dict[str, Any]:
    """The body of a 201."""
    assert answer.status_code == 201, answer.content
    return dict(json.loads(answer.content))


def read(answer: HttpResponse) -> dict[str, Any]:
    """The body of any answer."""
    return dict(json.loads(answer.content))


def a_lead_type(house: House, **body: Any) -> dict[str, Any]:
    severity = {"name": "severity", "type": "choice", "choices": ["minor", "severe"], "pingable": True}
    return made(house.api.post("/v1/lead-types", {"name": "auto_accident", "fields": [severity], **body}))


def a_campaign(house: House, **body: Any) -> dict[str, Any]:
    default = {"name": "Auto", "slug": "auto", "lead_type": "auto_accident", "method": "waterfall"}
    return made(house.api.post("/v1/campaigns", {**default, **body}))


def a_buyer(house: House, **body: Any) -> dict[str, Any]:
    default = {"name": "Lone Star Law", "email": "leads@lonestar.example", "timezone": "America/Chicago"}
    return made(house.api.post("/v1/buyers", {**default, **body}))


def a_market(house: House) -> tuple[dict[str, Any], dict[str, Any]]:
    """A buyer and a campaign."""
    a_lead_type(house)
    return a_buyer(house), a_campaign(house)


def a_contract(house: House, buyer: dict[str, Any], campaign: dict[str, Any], **body: Any) -> dict[str, Any]:
    default = {"buyer_id": buyer["buyer_id"], "campaign_id": campaign["campaign_id"], "price": 175.00}
    return made(house.api.post("/v1/contracts", {**default, **body}))
