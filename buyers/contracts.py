"""Standing orders: placed, changed, paused, archived. The next lead is decided under the new terms."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.principals import Actor
from buyers.buyers import IsArchived
from buyers.caps import forget_counters
from buyers.changes import Values, assign, changing, publish
from buyers.deliveries import write_deliveries
from buyers.models import Buyer, Contract, Status
from buyers.records import contract_record
from core.errors import FieldError, FieldProblems
from core.ids import encode, new_id
from routing.fields import BUILT_IN, FROM_SCORING, FieldSpec, FieldType
from routing.filters import parse_filter
from routing.models import Campaign
from routing.price_rules import parse_price_rules

_PORTAL = {"method": "portal"}


@dataclass(frozen=True, slots=True)
class Placed:
    """A contract and the secrets of webhooks that were opened for it, by endpoint id. They are never shown again."""

    contract: Contract
    secrets: dict[UUID, str]

    def record(self) -> dict[str, Any]:
        """The contract's record with each new secret beside its URL."""
        record = contract_record(self.contract)
        shown = {encode("we", endpoint_id): secret for endpoint_id, secret in self.secrets.items()}
        for delivery in (record["delivery"], *record["also"]):
            if delivery and delivery.get("endpoint_id") in shown:
                delivery["secret"] = shown[delivery["endpoint_id"]]
        return record


def place_contract(*, actor: Actor, buyer: Buyer, campaign: Campaign, values: Values) -> Placed:
    """Opens a transaction. A contract of the buyer in the campaign, by ContractInput; by portal where nothing is said.

    Raises IsArchived where buyer or campaign left the market, FieldProblems where documents do not suit the lead type.
    """
    with changing(actor):
        if Status.ARCHIVED in (buyer.status, campaign.status):
            raise IsArchived("The buyer or the campaign is archived.")
        wanted = dict(values)
        delivery, also = wanted.pop("delivery", _PORTAL), wanted.pop("also", [])
        _check_fit(campaign, wanted)
        wanted.setdefault("name", f"{buyer.name}, {campaign.name}"[:200])
        contract = Contract(id=new_id(), agency_id=actor.agency_id, buyer=buyer, campaign=campaign)
        assign(contract, _following(contract, wanted))
        _refuse_empty_range(contract)
        contract.save(force_insert=True)
        secrets = write_deliveries(contract=contract, delivery=delivery, also=also)
        contract = fetch(contract.pk)
        _publish(actor, "contract.create", contract, {})
    return Placed(contract, secrets)


def change_contract(*, actor: Actor, contract: Contract, values: Values) -> Placed:
    """Opens a transaction. Change what `values` (of ContractChange) name.

    A cap's new limit counts what was bought before; so does a new cap. Raises IsArchived, FieldProblems.
    """
    with changing(actor):
        contract = fetch(contract.pk)
        wanted = dict(values)
        if contract.status == Status.ARCHIVED and "status" not in wanted:
            raise IsArchived
        before, zone, windows = contract_record(contract), contract.zone, _windows(contract)
        _check_fit(contract.campaign, wanted)
        secrets = write_deliveries(
            contract=contract, delivery=wanted.pop("delivery", None), also=wanted.pop("also", None)
        )
        assign(contract, _following(contract, wanted))
        _refuse_empty_range(contract)
        contract.save()
        contract = fetch(contract.pk)
        if _publish(actor, "contract.update", contract, before):
            _recount(contract, zone_moved=zone != contract.zone, new=_windows(contract) - windows)
    return Placed(contract, secrets)


def archive_contract(*, actor: Actor, contract: Contract) -> None:
    """Opens a transaction. It leaves the market and the lists; its sales and their deliveries stay."""
    with changing(actor):
        contract = fetch(contract.pk)
        before = contract_record(contract)
        assign(contract, {"status": Status.ARCHIVED.value})
        if _publish(actor, "contract.archive", contract, before):
            contract.save()


def fetch(contract_id: UUID) -> Contract:
    """The contract with all that its record shows, in two statements."""
    return ready(Contract.objects.all()).get(pk=contract_id)


def ready(contracts: QuerySet[Contract]) -> QuerySet[Contract]:
    """The contracts with all that their records show."""
    return contracts.select_related("buyer", "campaign").prefetch_related("deliveries__endpoint")


def _publish(actor: Actor, action: str, contract: Contract, before: Values) -> bool:
    after = contract_record(contract)
    return publish(actor=actor, action=action, row=contract, name=contract.name, before=before, after=after)


def _following(contract: Contract, wanted: dict[str, Any]) -> dict[str, Any]:
    """A zone that is the buyer's is not the contract's own: it follows the buyer's."""
    if wanted.get("timezone") == contract.buyer.timezone:
        wanted["timezone"] = ""
    return wanted


def _check_fit(campaign: Campaign, wanted: Values) -> None:
    """Filters and price rules must suit the types of the lead type's fields."""
    own = {field.name: _spec(field) for field in campaign.lead_type.fields.all()}
    fields = {**BUILT_IN, **own, **FROM_SCORING}
    problems: list[FieldError] = []
    for name, parse in (("filters", parse_filter), ("price_rules", parse_price_rules)):
        try:
            if name in wanted:
                parse(wanted[name], fields=fields)
        except FieldProblems as found:
            problems += found.errors
    if problems:
        raise FieldProblems(problems)


def _refuse_empty_range(contract: Contract) -> None:
    if contract.min_bid is not None and contract.max_bid is not None and contract.min_bid > contract.max_bid:
        raise FieldProblems([FieldError("max_bid", "empty_range", "must not be below min_bid")])


def _spec(field: Any) -> FieldSpec:
    return FieldSpec(field.name, FieldType(field.type), tuple(field.choices))


def _windows(contract: Contract) -> set[str]:
    return {cap["window"] for cap in contract.caps}


def _recount(contract: Contract, *, zone_moved: bool, new: set[str]) -> None:
    """Counters of a new window, or of a moved zone, open again from the sales."""
    if zone_moved:
        forget_counters(subject_ids=[contract.pk])
    elif new:
        forget_counters(subject_ids=[contract.pk], windows=new)
