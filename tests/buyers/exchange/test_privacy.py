"""No personal field reaches a buyer that has not bought: of any preset, any format, any lead, whoever calls."""

from typing import Any
from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buyers.exchange.methods import HttpMethod
from buyers.exchange.presets import PRESETS, preset
from buyers.exchange.values import Values
from core.http.client import Request
from routing.fields import BUILT_IN, FieldSpec, FieldType, pingable_names
from tests.buyers.exchange.making import READS, compiled
from tests.buyers.exchange.test_presets import FILLED, URL

OWN = (
    FieldSpec("severity", FieldType.TEXT, pingable=True),
    FieldSpec("diagnosis", FieldType.TEXT, personal=True),
    FieldSpec("attorney", FieldType.TEXT),
)
PINGABLE = pingable_names(OWN)
STYLES = ["json", "form", "xml", "query"]
OPEN = ("state", "zip", "case_type", "severity")
CLOSED = sorted({*BUILT_IN, "diagnosis", "attorney", "anything_else"} - set(OPEN))


def marked(name: str) -> st.SearchStrategy[str]:
    return st.integers(10**12, 10**13).map(lambda number: f"{name}{number}")


leads = st.fixed_dictionaries({name: marked(name) for name in (*CLOSED, *OPEN)})
"""Leads whose values can be recognised wherever they turn up."""


def pinging(**change: Any) -> HttpMethod:
    return compiled(pingable=PINGABLE, **change)


def greedy(style: str) -> HttpMethod:
    """A method that asks for everything in its ping and its loss notice, as none that was saved can.

    `style` is a format, or `query` for what a GET carries in its URL.
    """
    named = {name: f"{{{{lead.{name}}}}}" for name in (*CLOSED, *OPEN)}
    mixed = {f"x{name}": f"a {{{{lead.{name}|upper}}}} b" for name in CLOSED}
    mapped = {f"m{name}": {"from": name, "format": "md5"} for name in CLOSED}
    body: dict[str, Any] = {**named, **mixed, **mapped, "phash": "{{hash.phone_sha256}}", "ehash": "{{hash.email_md5}}"}
    stage = {
        "url": f"{URL}/{{{{lead.phone}}}}?e={{{{lead.email}}}}",
        "headers": {"X-Name": "{{lead.last_name}}", "X-Zip": "{{lead.zip}}"},
        **({"verb": "GET"} if style == "query" else {"format": style}),
        "body": {"lead": body} if style == "xml" else {**body, "all": "{{lead}}"} if style == "json" else body,
    }
    read = {"answer": READS}
    return pinging(ping={**stage, **read}, post={**stage, **read}, loss=stage, hashes=["phone_sha256"])


def everything(lead: dict[str, Any]) -> Values:
    """All that a careless caller could hand over."""
    hashes = {"phone_sha256": "HASH-ALLOWED", "email_md5": "HASH-DENIED"}
    return Values(lead=lead, hash=hashes, ping={"id": "p", "token": "t", "price": 100})


def whole(request: Request) -> str:
    """Everything that goes over the wire, readable."""
    said = f"{request.url} {dict(request.headers)} {request.body.decode()}"
    return f"{said} {unquote_plus(said)}".lower()


def test_of_the_built_in_fields_three_are_pingable() -> None:
    assert pingable_names(()) == {"state", "zip", "case_type"}


def test_a_lead_type_opens_its_own_fields_and_never_a_personal_one() -> None:
    opened = [FieldSpec(name, spec.type, pingable=True) for name, spec in BUILT_IN.items()]
    personal = {name for name, spec in BUILT_IN.items() if spec.personal}

    assert pingable_names(opened) == set(BUILT_IN) - personal
    assert "phone" in personal
    assert pingable_names([FieldSpec("zip", FieldType.ZIP)]) == {"state", "case_type"}


@pytest.mark.parametrize("name", [name for name in PRESETS if "ping" in preset(name)])
@given(lead=leads)
def test_no_closed_field_is_in_a_ping_of_a_preset(name: str, lead: dict[str, Any]) -> None:
    ping = pinging(preset=name, **FILLED[name]).ping
    assert ping is not None

    said = whole(ping.request(everything(lead)))

    assert [field for field in CLOSED if lead[field].lower() in said] == []
    assert lead["zip"].lower() in said
    assert set(ping.fields(everything(lead))) <= {*OPEN}


@pytest.mark.parametrize("style", STYLES)
@given(lead=leads)
def test_no_closed_field_is_in_a_ping_that_asks_for_it(style: str, lead: dict[str, Any]) -> None:
    method = greedy(style)

    for stage in (method.ping, method.loss):
        assert stage is not None
        said = whole(stage.request(everything(lead)))
        assert [field for field in CLOSED if lead[field].lower() in said] == []
        assert "hash-denied" not in said
        assert "hash-allowed" in said
        assert set(stage.fields(everything(lead))) == {*OPEN, "phone_sha256"}


@pytest.mark.parametrize("style", STYLES)
@given(lead=leads)
def test_the_post_holds_the_lead(style: str, lead: dict[str, Any]) -> None:
    said = whole(greedy(style).post.request(everything(lead)))

    assert [field for field in lead if lead[field].lower() not in said] == []


@given(lead=leads)
def test_what_a_caller_may_show_is_what_the_ping_shows(lead: dict[str, Any]) -> None:
    assert pinging(preset="generic_json", **FILLED["generic_json"]).pingable_part(lead) == {n: lead[n] for n in OPEN}
