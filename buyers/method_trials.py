"""Trying a delivery method before a lead depends on it: what a buyer would be sent, and what its answer would mean.

Nothing is sent, and nothing is kept. Secrets are masked in what is shown.
"""

import json as plain
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from buyers.exchange.answers import Answer
from buyers.exchange.bodies import CONTENT_TYPES
from buyers.exchange.methods import HttpMethod, check_references, compile_method
from buyers.exchange.samples import sample_lead
from buyers.exchange.stages import Stage
from buyers.exchange.values import Values
from buyers.http_methods import check_addresses, masked_method
from core.errors import FieldError, FieldProblems
from core.http.client import BODY_LIMIT, Request
from core.http.outcomes import Outcome, Response, outcome_of
from core.money import to_major
from routing.fields import BUILT_IN, pingable_names
from routing.models import AuctionPrice, Campaign

_TIME: Final = datetime(2026, 5, 12, 14, 30, tzinfo=UTC)
_BID: Final = 4250


@dataclass(frozen=True, slots=True)
class Trial:
    """A request for the sample lead, the fields of the lead in it, and what the pasted answer would mean, if any."""

    request: Request
    fields: tuple[str, ...]
    answer: Answer | None
    currency: str

    @property
    def shown_body(self) -> str:
        """The body for people to read: JSON with its lines broken, a form with a line for each member."""
        text = self.request.body.decode()
        if self.request.headers.get("Content-Type") == CONTENT_TYPES["form"]:
            return "\n".join(f"{name}={value}" for name, value in parse_qsl(text, keep_blank_values=True))
        try:
            return plain.dumps(plain.loads(text), indent=2, ensure_ascii=False)
        except ValueError:
            return text

    def record(self) -> dict[str, Any]:
        """As the API answers; the price in major units."""
        answer = self.answer
        price = answer.price if answer else None
        return {
            "outcome": answer.outcome.value if answer else None,
            "price": None if price is None else to_major(price, self.currency),
            "reason": (answer.reason or None) if answer else None,
            "token": (answer.token or None) if answer else None,
            "redirect": (answer.redirect or None) if answer else None,
            "unknown": answer.unknown if answer else None,
            "request": {
                "method": self.request.method,
                "url": self.request.url,
                "headers": dict(self.request.headers),
                "body": self.request.body.decode(),
                "fields": list(self.fields),
            },
        }


def try_method(
    *,
    delivery: Mapping[str, Any],
    stage: str,
    status: int | None,
    body: str,
    currency: str,
    campaign: Campaign | None = None,
) -> Trial:
    """Try one stage on a sample lead and, where there is a status, on an answer. Reads campaign.lead_type.fields.

    Without a campaign the fields of a lead type are not known: a reference to one is taken for good, and only built-in
    fields are pingable. Raises FieldProblems by dotted path, also for a stage that the method has not.
    """
    own = list(campaign.lead_type.fields.all()) if campaign else []
    method = compile_method(masked_method(delivery), currency=currency, pingable=pingable_names(own))
    check_references(method, {*BUILT_IN, *(field.name for field in own)} if campaign else None)
    check_addresses(method)
    wanted = _stage(method, stage)
    values = _values(method, sample_lead(own), campaign, currency)
    answer = None if status is None else wanted.read(_response(status, body))
    return Trial(wanted.request(values), wanted.fields(values), answer, currency)


def _stage(method: HttpMethod, name: str) -> Stage:
    found: dict[str, Stage] = {stage.kind: stage for stage in method.stages}
    if name in found:
        return found[name]
    raise FieldProblems([FieldError("stage", "no_such_stage", f"the method has only: {', '.join(found)}")])


def _values(method: HttpMethod, lead: dict[str, Any], campaign: Campaign | None, currency: str) -> Values:
    known = {"slug": "campaign", "floor": 0, "auction_price": AuctionPrice.FIRST.value}
    if campaign:
        known = {
            "id": campaign.public_id,
            "slug": campaign.slug,
            "floor": campaign.floor_price,
            "auction_price": campaign.auction_price,
        }
    return Values(
        lead=lead,
        ping={"id": "ping_sample", "token": "the-buyers-token", "price": _BID},
        sale={"id": "sale_sample", "lead_id": "ld_sample", "price": _BID},
        auction={"price": _BID, "minimum_to_win": _BID, "loss_code": 102},
        campaign={**known, "currency": currency},
        contract={"id": "ctr_sample", "name": "Contract", "external_id": ""},
        source={"id": "src_sample", "slug": "source"},
        hash=method.hashes(lead),
        now=_TIME,
    )


def _response(status: int, body: str) -> Response:
    whole = body.encode()
    defect = Outcome.TOO_LARGE if len(whole) > BODY_LIMIT else None
    return Response(outcome_of(status), status=status, body_head=whole[:BODY_LIMIT], defect=defect)
