"""A small world to sell leads in: one agency, one campaign, and buyers as a test wants them. No surprises inside."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from django.db import transaction

from accounts.models import Agency
from accounts.principals import AgencyFacts, Principal
from accounts.scopes import ALL_SCOPES
from billing.accounts import open_account
from billing.chart import Code
from billing.deposits import deposit
from buyers.models import Buyer, Contract, DeliveryMethod
from core.ids import new_id
from leads.intake.shape import submission_of
from leads.models import Source
from leads.pipeline import submit_lead
from leads.trip import Outcome
from routing.models import Campaign, Field, LeadType
from webhooks.models import Endpoint

NOON = datetime(2026, 5, 12, 16, 30, tzinfo=UTC)
MARIA = {
    "first_name": "Maria",
    "last_name": "Garcia",
    "phone": "+15551234567",
    "email": "maria@example.com",
    "state": "TX",
    "case_type": "auto_accident",
    "injury_severity": "moderate",
    "accident_date": "2026-05-02",
    "source": "google_ads",
    "campaign_id": "auto-accident",
    "consent_timestamp": "2026-05-12T14:30:00Z",
    "ip_address": "192.168.1.1",
}


@dataclass(frozen=True)
class World:
    """An agency with a campaign; `as_key` asks in the name of an agency's, a source's or a test key."""

    agency: Agency
    campaign: Campaign
    source: Source

    @property
    def principal(self) -> Principal:
        self.agency.refresh_from_db()
        facts = AgencyFacts(self.agency.pk, self.agency.currency, self.agency.timezone, self.agency.status)
        return Principal(
            kind="key",
            agency=facts,
            mode="live",
            scopes=frozenset(ALL_SCOPES),
            actor="key:test",
            version=self.agency.version,
        )

    def buyer(self, name: str = "Best Law", *, money: int = 1_000_00, **values: Any) -> Buyer:
        buyer_id = uuid4()
        live, test = (
            open_account(
                agency_id=self.agency.pk, mode=mode, code=Code.BUYER, owner_id=buyer_id, currency=self.agency.currency
            )
            for mode in ("live", "test")
        )
        deposit(account_id=live, deposit_id=new_id(), amount=money, now=NOON, actor="test")
        return Buyer.objects.create(
            id=buyer_id,
            agency=self.agency,
            name=name,
            email="buyer@example.com",
            timezone="America/Chicago",
            account_id=live,
            test_account_id=test,
            **values,
        )

    def contract(self, buyer: Buyer, *, price: int = 175_00, webhook: bool = True, **values: Any) -> Contract:
        contract = Contract.objects.create(
            agency=self.agency, buyer=buyer, campaign=self.campaign, name=buyer.name, price=price, **values
        )
        endpoint = None
        if webhook:
            endpoint = Endpoint.objects.create(
                agency=self.agency,
                mode="live",
                owner_kind="contract",
                owner_id=contract.pk,
                buyer_id=buyer.pk,
                url="https://buyer.example.com/leads",
            )
        DeliveryMethod.objects.create(contract=contract, method="webhook" if webhook else "portal", endpoint=endpoint)
        return contract

    def submit(self, principal: Principal | None = None, *, now: datetime = NOON, **changes: Any) -> Outcome:
        members = {name: value for name, value in (MARIA | changes).items() if value is not None}
        return submit_lead(
            principal=principal or self.principal, submission=submission_of(dict(members)), received_at=now
        )

    def test_key(self) -> Principal:
        return replace(self.principal, mode="test")

    def source_key(self) -> Principal:
        return replace(self.principal, source_id=self.source.pk)


def make_world(**campaign: Any) -> World:
    """A new world whose campaign has these values."""
    with transaction.atomic():
        agency = Agency.objects.create(name="Acme", slug=f"acme-{uuid4().hex[:8]}", timezone="America/New_York")
        lead_type = LeadType.objects.create(agency=agency, name="auto_accident")
        Field.objects.create(
            lead_type=lead_type, name="injury_severity", type="choice", choices=["minor", "moderate", "severe"]
        )
        Field.objects.create(lead_type=lead_type, name="accident_date", type="date", position=1)
        made = Campaign.objects.create(
            agency=agency,
            lead_type=lead_type,
            name="Auto accident",
            slug="auto-accident",
            currency="USD",
            **campaign,
        )
        source = Source.objects.create(
            agency=agency, name="Google Ads", slug="google_ads", payout_kind="fixed", payout_value=90_00
        )
    return World(agency, made, source)
