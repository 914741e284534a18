"""Leads as the agency's pages show them: rows of the list, and one lead with everything that is known of it.

Contact data is masked unless it was revealed, which `reveal_lead` writes into the audit trail.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.principals import Principal
from accounts.vault import Erased, open_data_key, open_data_keys
from accounts.versions import record_audit
from buyers.models import Contract
from core import json
from core.errors import NotFound
from core.ids import encode
from leads import queries
from leads.exchanges import AuctionTable, auction_tables
from leads.masking import Contact, masked, masked_contact
from leads.models import Lead, Sale
from leads.sealed import lead_context
from leads.wording import Wording
from routing.explain import explain
from routing.fields import BUILT_IN
from routing.models import Field
from scoring.models import Score
from scoring.scorecard import grade_of
from webhooks.models import Event

# --- the list ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LeadRow:
    """One line of the list: the lead, its masked contact (None once erased) and who bought it."""

    lead: Lead
    contact: Contact | None
    buyers: tuple[str, ...]


def listed(principal: Principal, wanted: queries.LeadFilter) -> QuerySet[Lead]:
    """The leads of the list, with what its rows name. Lazy; page it by (created_at, id)."""
    rows = queries.leads(principal, wanted).select_related("campaign", "source")
    return rows.prefetch_related("sales__buyer")


def lead_rows(leads: Sequence[Lead]) -> list[LeadRow]:
    """The rows of these leads of `listed`. One statement, however many."""
    sealers = open_data_keys(lead.pk for lead in leads)
    rows = []
    for lead in leads:
        sealer = sealers.get(lead.pk)
        contents = json.loads(sealer.open(bytes(lead.sealed), lead_context(lead.pk))) if sealer else None
        contact = masked_contact(contents["fields"]) if contents else None
        rows.append(LeadRow(lead, contact, tuple(sale.buyer.name for sale in lead.sales.all())))
    return rows


# --- one lead ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FieldLine:
    """One submitted field. A personal one is masked unless the lead was revealed."""

    name: str
    value: str
    personal: bool


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """What became of one contract: `detail` puts the inputs of its first failing rule into words."""

    contract: str
    contract_id: str
    buyer: str
    won: bool
    rank: int | None
    price: int | None
    reason: str
    sentence: str
    detail: str


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """One stored run of the engine and whether running it again gave the same, bit for bit."""

    number: int
    kind: str
    outcome: str
    method: str
    currency: str
    config_version: int
    decided_at: datetime
    clock: str
    seed: int
    replayed: bool
    rows: tuple[VerdictRow, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """One event of the lead with the name of the buyer that it is about, if it is about one."""

    event: Event
    buyer: str


@dataclass(frozen=True, slots=True)
class LeadPage:
    """Everything that is known of one lead. `erased` means that its personal data is gone for good."""

    lead: Lead
    revealed: bool
    erased: bool
    fields: tuple[FieldLine, ...]
    flags: tuple[str, ...]
    metadata: Mapping[str, Any]
    score: Score | None
    grade: str | None
    sales: tuple[Sale, ...]
    events: tuple[Told, ...]
    decisions: tuple[DecisionTable, ...]
    duplicate_of: str | None
    auctions: tuple[AuctionTable, ...]


def lead_page(principal: Principal, lead_id: UUID, *, revealed: bool = False) -> LeadPage:
    """The page of a lead that the principal may see. A fixed number of statements. Raises NotFound."""
    rows = Lead.objects.visible_to(principal).select_related("campaign", "source", "campaign__lead_type")
    lead = rows.filter(pk=lead_id).first()
    if lead is None:
        raise NotFound
    personal = _personal_fields(lead)
    try:
        contents = json.loads(open_data_key(lead.pk).open(bytes(lead.sealed), lead_context(lead.pk)))
        decisions = _decisions(lead, principal.agency.timezone, () if revealed else personal)
    except Erased:
        contents, decisions = None, ()
    held = contents or {}
    sales = tuple(lead.sales.select_related("buyer", "contract").order_by("sold_at", "id"))
    score = Score.objects.filter(lead_ref=lead.pk).order_by("-created_at", "-id").first()
    buyers: dict[UUID | None, str] = {sale.pk: sale.buyer.name for sale in sales}
    return LeadPage(
        lead=lead,
        revealed=revealed,
        erased=contents is None,
        fields=tuple(_field_line(name, value, personal, revealed) for name, value in held.get("fields", {}).items()),
        flags=tuple(held.get("flags", ())),
        metadata=held.get("metadata", {}),
        score=score,
        grade=grade_of(score.percentile) if score else None,
        sales=sales,
        events=tuple(Told(event, buyers.get(event.sale_ref, "")) for event in queries.events(lead)),
        decisions=decisions,
        duplicate_of=encode(Lead.prefix, lead.duplicate_of) if lead.duplicate_of else None,
        auctions=auction_tables(lead),
    )


def reveal_lead(principal: Principal, lead_id: UUID) -> LeadPage:
    """Opens a transaction. The page with its contact data open; that it was looked at is on record. Raises NotFound."""
    with transaction.atomic():
        page = lead_page(principal, lead_id, revealed=True)
        record_audit(actor=principal, action="lead.reveal", object_id=page.lead.public_id)
    return page


def _personal_fields(lead: Lead) -> frozenset[str]:
    declared = Field.objects.filter(lead_type=lead.campaign.lead_type_id).values_list("name", "personal")
    built_in = {name: spec.personal for name, spec in BUILT_IN.items()}
    return frozenset(name for name, personal in {**built_in, **dict(declared)}.items() if personal)


def _field_line(name: str, value: Any, personal: frozenset[str], revealed: bool) -> FieldLine:
    is_personal = name in personal
    text = ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
    return FieldLine(name, masked(name, text) if is_personal and not revealed else text, is_personal)


# --- decisions ---------------------------------------------------------------------------------------------------


def _decisions(lead: Lead, timezone: str, hidden: Sequence[str] | frozenset[str]) -> tuple[DecisionTable, ...]:
    stored = queries.decisions(lead)
    ids = {contract["id"] for decision in stored for contract in decision.content["contracts"]}
    known = Contract.objects.filter(agency_id=lead.agency_id, pk__in=ids).select_related("buyer").in_bulk()
    return tuple(_table(decision, known, timezone, hidden) for decision in stored)


def _table(
    stored: queries.StoredDecision,
    known: Mapping[UUID, Contract],
    timezone: str,
    hidden: Sequence[str] | frozenset[str],
) -> DecisionTable:
    currency = stored.content["currency"]
    wording = Wording(currency=currency, timezone=timezone, hidden=hidden)
    verdicts = explain(stored.decision)
    return DecisionTable(
        number=stored.row.number,
        kind=stored.row.kind,
        outcome=stored.row.outcome,
        method=stored.content["method"],
        currency=currency,
        config_version=stored.row.config_version.number,
        decided_at=stored.row.decided_at,
        clock=stored.market["now"],
        seed=stored.market["seed"],
        replayed=stored.replayed,
        rows=tuple(_verdict_row(verdict, known.get(verdict["contract_id"]), wording) for verdict in verdicts),
    )


def _verdict_row(verdict: Mapping[str, Any], contract: Contract | None, wording: Wording) -> VerdictRow:
    return VerdictRow(
        contract=contract.name if contract else "A contract that is gone",
        contract_id=encode(Contract.prefix, verdict["contract_id"]),
        buyer=contract.buyer.name if contract else "",
        won=verdict["reason"] == "won",
        rank=verdict["rank"],
        price=verdict["price"],
        reason=verdict["reason"],
        sentence=verdict["sentence"],
        detail=wording.say(verdict["reason"], verdict["inputs"]),
    )
