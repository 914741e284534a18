"""POST /v1/leads, the reason for all of this, and the reading of leads."""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import LARGEST_BODY, ApiView, BodyTooLarge
from accounts.api.pages import PAGING, page_of
from accounts.authentication import KeyAuthentication, renew
from accounts.principals import Principal
from buyers.api.base import find
from buyers.models import Buyer, Contract
from core.api.pagination import page
from core.api.problems import problem
from core.clock import now, rfc3339
from core.errors import DomainError, NotFound
from core.ids import encode
from core.money import to_major
from leads import queries
from leads.answering import take_lead
from leads.api import examples
from leads.api.filters import FILTERS, lead_filter
from leads.api.shapes import LeadAnswerShape, LeadDecisionsShape, LeadEventShape, LeadRecord
from leads.exchanges import auction_records, post_records
from leads.intake.form_post import read_form
from leads.intake.json_post import read_json
from leads.models import Lead
from leads.refusals import record_refusal
from leads.trip import Outcome
from leads.types import Submission
from routing.explain import inputs_in_major_units
from routing.types import Decision, Verdict
from scoring.queries import score_parts


class NotKnown(Exception):
    """The trip broke off, and nobody knows whether the lead was recorded."""


FAILURE: Final = "leads.failure"
"""Under this name the environ says how the request has failed on the fast path, where nobody knows how far it came."""

FORM = "application/x-www-form-urlencoded"
_READERS = {"application/json": read_json, FORM: read_form}
_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,5})\b", re.IGNORECASE)
PREFER = OpenApiParameter(
    "Prefer",
    {"type": "string", "examples": ["wait=10"]},
    OpenApiParameter.HEADER,
    description="`wait=SECONDS`: wait that long for the outcome where buyers are asked in real time, up to the "
    "campaign's `deadline_ms`; without it up to `answer_within_ms`. What is open by then is answered with 202.",
)
_BODIES = {
    "application/json": {"$ref": "#/components/schemas/LeadInput"},
    FORM: {"$ref": "#/components/schemas/LeadForm"},
}


class UnsupportedMediaType(DomainError):
    """Send application/json or application/x-www-form-urlencoded."""

    code = "unsupported_media_type"
    status = 415


class BodyCutShort(DomainError):
    """The body ended before the length that its Content-Length declares. Send the request again."""

    code = "body_cut_short"
    status = 400


class LengthRequired(DomainError):
    """Send a form with its Content-Length: of one in chunks nobody could tell whether it was cut short."""

    code = "length_required"
    status = 400


class TakingView(ApiView):
    """Takes leads, whole or in part. Each settles its Idempotency-Key in its own transaction; refusals are kept."""

    keeps_answers: ClassVar = False
    further_problems: ClassVar = ("503",)
    kept: ClassVar[frozenset[int]] = frozenset((400, 404, 415, 422))

    def get_authenticators(self) -> list[BaseAuthentication]:
        """A submission compares the agency's version when it settles, so its key need not be asked for each time.

        There is no request while the API is being described.
        """
        return [KeyAuthentication(lots=getattr(self.request, "method", None) == "POST")]

    def take(self, request: Request, verb: Callable[[Submission], Outcome]) -> HttpResponse:
        """The answer of `verb` to what was sent, or an earlier one, byte for byte. What is refused is kept."""
        body = _body(request)
        submission = None
        try:
            submission = _read(request, body)
            outcome = verb(submission)
        except DomainError as refusal:
            if refusal.status in self.kept:
                answer = problem(refusal.status, refusal.code, refusal.detail, refusal.errors)
                named = submission.source if submission else None
                record_refusal(principal=renew(self.principal), body=body, answer=answer, now=now(), named=named)
            raise
        response = HttpResponse(outcome.content, status=outcome.status, content_type="application/json")
        if outcome.stored:
            response.headers["Idempotent-Replayed"] = "true"
        return response

    def wait_ms(self) -> int | None:
        """How long the client prefers to wait for the outcome (RFC 7240); None where it does not say."""
        preferred = _WAIT.search(self.request.META.get("HTTP_PREFER", ""))
        return int(preferred[1]) * 1000 if preferred else None


class LeadsView(TakingView):
    """Submit a lead, or list leads."""

    scopes: ClassVar = {"POST": "leads:write", "GET": "leads:read"}

    @extend_schema(
        request=_BODIES,
        parameters=[PREFER],
        responses={201: LeadAnswerShape, 202: LeadAnswerShape},
        examples=examples.POST_LEAD,
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Submit a lead.

        It is checked, compared with earlier leads, scored, routed, sold and charged before the answer, which says what
        became of it: 201, or 202 while a buyer has yet to decide. Send an Idempotency-Key, so that repeating a request
        that got no answer cannot make a second lead; without one the same post again is a duplicate. Where buyers are
        asked in real time the answer comes within the campaign's `answer_within_ms`; `Prefer: wait=5` waits longer.
        """
        if (failure := request.META.get(FAILURE)) is not None:
            raise NotKnown from failure
        return self.take(
            request,
            lambda submission: take_lead(
                principal=self.principal,
                submission=submission,
                received_at=now(),
                repeat=self.repeat(),
                wait_ms=self.wait_ms(),
            ),
        )

    @extend_schema(parameters=[*FILTERS, *PAGING], responses=page_of(LeadRecord))
    def get(self, request: Request) -> Response:
        """List leads, newest first.

        Telephone numbers and e-mail addresses are found in whatever form they are asked for.
        """
        rows, cursor = page(request, queries.leads(self.principal, lead_filter(request, self.principal)))
        return Response({"data": queries.lead_records(self.principal, rows), "next_cursor": cursor})


def _body(request: Request) -> bytes:
    stream = request._request
    body = stream.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        raise BodyTooLarge
    if len(body) < int(request.META.get("CONTENT_LENGTH") or 0):
        raise BodyCutShort  # half a form would still be a form, and half a lead might be sold
    stream._body = body  # where Django keeps a body that was read
    return body


def _read(request: Request, body: bytes) -> Submission:
    kind = (request.META.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()
    if not kind and not body:
        kind = FORM  # one without fields needs no body, and a body that is none no name
    if kind not in _READERS:
        raise UnsupportedMediaType
    if kind != "application/json" and "HTTP_TRANSFER_ENCODING" in request.META:
        raise LengthRequired
    return _READERS[kind](body)


class LeadView(ApiView):
    """One lead."""

    scopes: ClassVar = {"GET": "leads:read"}

    @extend_schema(responses=LeadRecord, examples=examples.LEAD)
    def get(self, request: Request, lead_id: str) -> Response:
        """Read a lead."""
        lead = visible_lead(self.principal, lead_id)
        return Response(queries.lead_records(self.principal, [lead])[0])


class DecisionView(ApiView):
    """Why a lead went where it went."""

    scopes: ClassVar = {"GET": "leads:read"}

    @extend_schema(responses=LeadDecisionsShape, examples=examples.DECISIONS)
    def get(self, request: Request, lead_id: str) -> Response:
        """Say why a lead went where it went.

        Every decision on the lead: each contract with its reason and the inputs of its first failing rule. Every ping
        of its auctions: who was asked, what of the lead it was told, what it bid and when. And every post to a buyer.
        """
        lead = visible_lead(self.principal, lead_id)
        if self.principal.bound:
            raise NotFound
        found = [_decision(stored) for stored in queries.decisions(lead)]
        body = {
            "lead_id": lead.public_id,
            "status": lead.status,
            "reason": lead.reason or None,
            "score": score_parts(lead.pk),
            "decisions": found,
            "auctions": auction_records(lead),
            "posts": post_records(lead.sales.all()),
        }
        return Response(body)


class EventsView(ApiView):
    """What happened to a lead, in order."""

    scopes: ClassVar = {"GET": "leads:read"}

    @extend_schema(responses=page_of(LeadEventShape))
    def get(self, request: Request, lead_id: str) -> Response:
        """List what happened to a lead, in order, and where each event was told."""
        lead = visible_lead(self.principal, lead_id)
        rows = queries.events(lead)
        if self.principal.bound:
            rows = (
                rows.filter(sale_ref=None, buyer_ref=None)
                if self.principal.source_id
                else rows.filter(buyer_ref=self.principal.buyer_id)
            )
        return Response({"data": [_event(event) for event in rows], "next_cursor": None})


def visible_lead(principal: Principal, lead_id: str) -> Lead:
    """The lead of this id with its sales, if the principal may see it. Raises NotFound."""
    return find(Lead.objects.visible_to(principal).prefetch_related("sales"), Lead.prefix, lead_id)


def _decision(stored: queries.StoredDecision) -> dict[str, Any]:
    return {
        "number": stored.row.number,
        "kind": stored.row.kind,
        "outcome": stored.row.outcome,
        "method": stored.content["method"],
        "config_version": stored.row.config_version.number,
        "decided_at": rfc3339(stored.row.decided_at),
        "seed": stored.market["seed"],
        "replayed": stored.replayed,
        "contracts": verdict_records(stored.decision, stored.content),
    }


def verdict_records(decision: Decision, content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What became of each contract, by a decision and the terms it was made under."""
    buyers = {contract["id"]: contract["buyer_id"] for contract in content["contracts"]}
    return [_verdict(verdict, buyers, content["currency"]) for verdict in decision.verdicts]


def _verdict(verdict: Verdict, buyers: Mapping[str, str], currency: str) -> dict[str, Any]:
    return {
        "contract_id": encode(Contract.prefix, verdict.contract_id),
        "buyer_id": encode(Buyer.prefix, UUID(buyers[str(verdict.contract_id)])),
        "won": verdict.reason is None,
        "reason": verdict.reason and verdict.reason.value,
        "detail": verdict.reason.sentence if verdict.reason else "Chosen.",
        "rank": verdict.rank,
        "price": None if verdict.price is None else to_major(verdict.price, currency),
        "inputs": inputs_in_major_units(verdict.inputs, currency),
    }


def _event(event: Any) -> dict[str, Any]:
    return {
        "event_id": event.public_id,
        "event": event.type,
        "sequence": event.sequence,
        "created_at": rfc3339(event.created_at),
        "messages": [
            {"message_id": message.public_id, "state": message.state, "attempts": message.attempts}
            for message in event.messages.all()
        ],
    }
