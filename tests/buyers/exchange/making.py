"""Methods and answers as the tests of the exchange need them."""

from typing import Any

from buyers.exchange.answers import Answer
from buyers.exchange.methods import HttpMethod, compile_method
from buyers.exchange.values import Values
from core import json
from core.errors import FieldProblems
from core.http.outcomes import Outcome, Response, outcome_of
from routing.fields import pingable_names

LEAD: dict[str, Any] = {
    "first_name": "Dana",
    "last_name": "Rivers",
    "phone": "+12025550142",
    "email": "dana.rivers@example.com",
    "address": "1 Elm St",
    "city": "Washington",
    "state": "DC",
    "zip": "20001",
    "ip_address": "203.0.113.9",
    "landing_page": "https://quotes.example.com",
    "consent_text": "Yes, call me.",
    "user_agent": "Firefox",
}
VALUES = Values(
    lead=LEAD,
    ping={"id": "ping_1", "token": "T-1", "price": 3150},
    sale={"id": "sale_1", "lead_id": "ld_1", "price": 3150},
    campaign={"id": "camp_1", "slug": "roofing", "currency": "USD", "floor": 1000},
)
READS = {"read": "json", "success": {"at": "$.ok", "in": [True]}}
POST = {"url": "https://buyer.example.com/post", "answer": READS}


def compiled(currency: str = "USD", pingable: frozenset[str] | None = None, **document: Any) -> HttpMethod:
    """A method of this document. Pings may carry the built-in pingable fields unless told."""
    allowed = pingable_names(()) if pingable is None else pingable
    return compile_method({"method": "http", **document}, currency=currency, pingable=allowed)


def posting(**stage: Any) -> HttpMethod:
    """A method with a post of these members only."""
    return compiled(post={**POST, **stage})


def refused(**document: Any) -> dict[str, str]:
    """What is wrong with a document: the code by path."""
    try:
        compiled(**document)
    except FieldProblems as problems:
        return {error.field: error.code for error in problems.errors}
    return {}


def response(body: object, status: int = 200) -> Response:
    """An answer as it would come: text, bytes, or a value as JSON."""
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body)
    return Response(outcome_of(status), status=status, body_head=raw)


def broken(outcome: Outcome) -> Response:
    """No answer."""
    return Response(outcome)


def said(answer: Answer) -> tuple[Any, ...]:
    """An answer as a tuple to compare: outcome, price, reason, token."""
    return (answer.outcome.value, answer.price, answer.reason, answer.token)
