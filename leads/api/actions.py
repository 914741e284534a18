"""What may be done with a recorded lead: /reroute, /assign, /accept, /reject; and /simulate, which records none."""

from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, StrictSerializer
from accounts.api.fields import Reference, Text
from accounts.principals import Principal
from buyers.api.base import find, read_input
from buyers.models import Contract
from core.clock import now, read_instant
from core.errors import DomainError, FieldError, FieldProblems, NotFound
from leads import queries
from leads.answering import sell_on
from leads.answers import answer
from leads.api import examples
from leads.api.leads import verdict_records, visible_lead
from leads.api.shapes import LeadRecord, SimulationShape
from leads.confirmation import NotPending, accept_sale, reject_sale
from leads.intake.shape import submission_of
from leads.models import Lead, Sale
from leads.rerouting import assign_lead, reroute_lead
from leads.simulation import simulate_lead
from leads.trip import Outcome


class Nothing(StrictSerializer):
    """An empty object."""


class Assignment(StrictSerializer):
    """The contract that is to have the lead."""

    contract_id = Reference(Contract.prefix)


class Acceptance(StrictSerializer):
    """Which sale; where only one is pending it need not be named."""

    sale_id = Reference(Sale.prefix, required=False)


class Rejection(Acceptance):
    """Why the buyer refuses the lead."""

    reason = Text()


class LeadAction(ApiView):
    """A verb on one lead, answered with the lead as it is then."""

    scopes: ClassVar = {"POST": "leads:write"}
    further_problems: ClassVar = ("503",)

    def record(self, lead: Lead) -> Response:
        """The lead as it is now."""
        fresh = Lead.objects.prefetch_related("sales").get(pk=lead.pk)
        return Response(queries.lead_records(self.principal, [fresh])[0])


class SellingAction(LeadAction):
    """A verb after which buyers may be asked in real time."""

    calls_outside: ClassVar = True

    def sell(self, lead: Lead, decided: Outcome) -> Response:
        """The lead once the posts are made that its new decision calls for."""
        sell_on(decided, principal=self.principal)
        return self.record(lead)


class RerouteView(SellingAction):
    """Decide again."""

    @extend_schema(request=Nothing, responses={200: LeadRecord}, examples=examples.LEAD)
    def post(self, request: Request, lead_id: str) -> Response:
        """Decide an unsold or returned lead again, under the present configuration."""
        read_input(Nothing, request.data, self.principal)
        lead = _agencys_lead(self, lead_id)
        return self.sell(lead, reroute_lead(principal=self.principal, lead_id=lead.pk))


class AssignView(SellingAction):
    """Sell by hand."""

    @extend_schema(request=Assignment, responses={200: LeadRecord}, examples=examples.ASSIGN)
    def post(self, request: Request, lead_id: str) -> Response:
        """Sell an unsold or returned lead to one contract of its campaign, whatever its filters say."""
        wanted = read_input(Assignment, request.data, self.principal)["contract_id"]
        lead = _agencys_lead(self, lead_id)
        contract = find(Contract.objects.visible_to(self.principal), Contract.prefix, wanted, member="contract_id")
        return self.sell(lead, assign_lead(principal=self.principal, lead_id=lead.pk, contract_id=contract.pk))


class AcceptView(LeadAction):
    """The buyer's yes."""

    @extend_schema(request=Acceptance, responses={200: LeadRecord}, examples=examples.LEAD)
    def post(self, request: Request, lead_id: str) -> Response:
        """Accept a pending sale: it is charged and delivered."""
        named = read_input(Acceptance, request.data, self.principal).get("sale_id")
        lead = visible_lead(self.principal, lead_id)
        accept_sale(principal=self.principal, sale=_pending(self.principal, lead, named))
        return self.record(lead)


class RejectView(SellingAction):
    """The buyer's no."""

    @extend_schema(request=Rejection, responses={200: LeadRecord}, examples=examples.REJECT)
    def post(self, request: Request, lead_id: str) -> Response:
        """Refuse a pending sale: the money is free again and the lead goes to the next buyer."""
        values = read_input(Rejection, request.data, self.principal)
        lead = visible_lead(self.principal, lead_id)
        sale = _pending(self.principal, lead, values.get("sale_id"))
        return self.sell(lead, reject_sale(principal=self.principal, sale=sale, reason=values["reason"]))


class SimulateView(ApiView):
    """A dry run."""

    scopes: ClassVar = {"POST": "leads:read"}

    @extend_schema(
        request={"application/json": {"$ref": "#/components/schemas/SimulatedLead"}},
        responses={200: SimulationShape},
        examples=examples.SIMULATE,
        tags=["Leads"],
    )
    def post(self, request: Request) -> Response:
        """Try a lead: what would become of it now, or at another time.

        The same engine on the same market; nothing is stored, sold, charged or sent. Caps and balances are those of
        now; schedules, windows and duplicates are looked at as of `at`. No buyer is pinged: whoever would be asked for
        a bid first is `not_pinged`.
        """
        if self.principal.bound:
            raise NotFound
        members = _members(request.data)
        at = _instant(members.pop("at", None))
        simulated = simulate_lead(principal=self.principal, submission=submission_of(members), at=at)
        body = answer(simulated.draft, simulated.fate) | {"lead_id": None, "pinged": False, "contracts": []}
        body["sales"] = [{**sale, "sale_id": None} for sale in body["sales"]]
        if simulated.decision is not None and simulated.market is not None:
            content = simulated.market.terms.to_content()
            body["contracts"] = verdict_records(simulated.decision, content)
        return Response(body)


def _agencys_lead(view: ApiView, lead_id: str) -> Lead:
    if view.principal.bound:
        raise NotFound
    return visible_lead(view.principal, lead_id)


def _pending(principal: Principal, lead: Lead, named: str | None) -> Sale:
    """The lead's pending sale, or the one that is named. Raises NotFound, NotPending."""
    return chosen_sale(principal, lead, named, among=Q(state=Sale.State.PENDING), none=NotPending())


def chosen_sale(principal: Principal, lead: Lead, named: str | None, *, among: Q, none: DomainError) -> Sale:
    """The lead's sale of this id, or else the only one `among` those that may be meant.

    Raises NotFound, `none` where there is none, FieldProblems where there are several.
    """
    visible = Sale.objects.visible_to(principal).filter(lead=lead)
    if named is not None:
        return find(visible, Sale.prefix, named, member="sale_id")
    meant = list(visible.filter(among)[:2])
    if len(meant) > 1:
        raise FieldProblems([FieldError("sale_id", "required", "Several sales may be meant: name one.")])
    if not meant:
        raise none
    return meant[0]


def _members(data: object) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise FieldProblems([FieldError("", "not_an_object", "Send one JSON object.")])
    return dict(data)


def _instant(value: object) -> datetime:
    if value is None:
        return now()
    moment = read_instant(value)
    if moment is None:
        raise FieldProblems([FieldError("at", "invalid", "must be an RFC 3339 time such as 2026-05-12T14:30:00Z")])
    return moment
