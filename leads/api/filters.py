"""The filters of lists of leads, as query parameters."""

from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from accounts.api.fields import id_schema
from accounts.principals import Principal
from buyers.models import Buyer
from core.api.pagination import refuse_unknown
from core.clock import read_instant
from core.errors import FieldError, FieldProblems
from core.ids import BadId, decode
from leads.models import Lead, Source
from leads.queries import LeadFilter
from routing.models import Campaign


def _described(name: str, schema: Any, sentence: str) -> OpenApiParameter:
    return OpenApiParameter(name, schema, description=sentence)


FILTERS = [
    _described("status", {"type": "string", "enum": Lead.Status.values}, "What became of it."),
    _described("campaign_id", OpenApiTypes.STR, "Leads of the campaign with this id or slug."),
    _described("source_id", id_schema(Source.prefix), "Leads of this source."),
    _described("buyer_id", id_schema(Buyer.prefix), "Leads sold to this buyer."),
    _described("created_from", OpenApiTypes.DATETIME, "Received at this instant or later."),
    _described("created_to", OpenApiTypes.DATETIME, "Received before this instant."),
    _described("phone", OpenApiTypes.STR, "The person's telephone number, written in any usual way."),
    _described("email", OpenApiTypes.STR, "The person's e-mail address."),
    _described("external_id", OpenApiTypes.STR, "Your own id of the lead."),
]


def lead_filter(request: Request, principal: Principal) -> LeadFilter:
    """The filter that the query asks for; one statement where it names a campaign by its slug.

    Raises FieldProblems for the first parameter that is none.
    """
    asked = request.query_params
    refuse_unknown(request, LeadFilter.__dataclass_fields__)
    for name, value in asked.items():
        if "\x00" in value:
            raise _wrong(name, "must not hold NUL")
    status = asked.get("status")
    if status is not None and status not in Lead.Status.values:
        raise _wrong("status", f"must be one of: {', '.join(Lead.Status.values)}")
    return LeadFilter(
        status=status,
        campaign_id=_campaign_id(asked.get("campaign_id"), principal),
        source_id=_id(request, "source_id", Source.prefix),
        buyer_id=_id(request, "buyer_id", Buyer.prefix),
        created_from=_instant(request, "created_from"),
        created_to=_instant(request, "created_to"),
        phone=asked.get("phone"),
        email=asked.get("email"),
        external_id=asked.get("external_id"),
    )


def _campaign_id(named: str | None, principal: Principal) -> UUID | None:
    if named is None:
        return None
    with suppress(BadId):
        return decode(Campaign.prefix, named)
    campaign = Campaign.objects.visible_to(principal).filter(slug=named).first()
    if campaign is None:
        raise _wrong("campaign_id", "must be the id or the slug of a campaign")
    return campaign.pk


def _id(request: Request, name: str, prefix: str) -> UUID | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        return decode(prefix, text)
    except BadId as error:
        raise _wrong(name, f"must be an id that begins with {prefix}_") from error


def _instant(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    moment = read_instant(text)
    if moment is None:
        raise _wrong(name, "must be an RFC 3339 time with its zone, such as 2026-05-12T14:30:00Z")
    return moment


def _wrong(name: str, cure: str) -> FieldProblems:
    return FieldProblems([FieldError(name, "invalid", cure)])
