"""Builds the demo agency with the verbs that everybody's configuration goes through, from documents as the API takes.

All of it is one transaction: there is a whole demo agency or none.
"""

import secrets
from typing import Any

from django.db import transaction
from rest_framework import serializers

from accounts.agencies import create_agency
from accounts.keys import KeySettings, create_key
from accounts.models import Agency, User
from accounts.principals import SystemActor
from billing.deposits import deposit
from buyers.campaigns import create_campaign
from buyers.contracts import place_contract
from buyers.inputs.resources import BuyerInput, CampaignInput, ContractChange, LeadTypeInput
from buyers.lead_types import create_lead_type
from buyers.onboarding import open_buyer
from core.clock import now
from core.ids import new_id
from core.money import to_minor
from leads.api.sources import SourceInput
from leads.demo.buyers import BUYERS
from leads.demo.campaigns import CAMPAIGNS, SOURCES
from leads.demo.keepsake import Keepsake, keep
from leads.demo.lead_types import LEAD_TYPES
from leads.demo.moving import placed
from leads.sources import create_source
from routing.models import Campaign

NAME = "Summit Lead Exchange (demo)"
SLUG = "summit-lead-exchange-demo"
OPERATOR = "operator@example.com"
OWNER = "owner@example.com"
CURRENCY = "USD"
Document = dict[str, Any]


def demo_agency() -> Agency | None:
    """The demo agency, where an earlier run built it."""
    return Agency.objects.filter(slug=SLUG).first()


def build_demo(*, receiver: str) -> Agency:
    """Opens a transaction. The demo agency with its people, markets, buyers, sources and keys, and its keepsake.

    `receiver` is the address under which the demo's receiving endpoint listens; each buyer has its slug there.
    """
    with transaction.atomic():
        logins = {email: secrets.token_urlsafe(12) for email in (OPERATOR, OWNER)}
        User.objects.create_superuser(OPERATOR, logins[OPERATOR], name="Demo operator")
        made = create_agency(name=NAME, email=OWNER, password=logins[OWNER], currency=CURRENCY)
        actor = SystemActor(made.agency.pk, "system:seed_demo")
        for document in LEAD_TYPES:
            create_lead_type(actor=actor, values=_read(LeadTypeInput, document))
        campaigns = {
            document["slug"]: create_campaign(actor=actor, values=_read(CampaignInput, document))
            for document in CAMPAIGNS
        }
        keepsake = Keepsake(
            agency_id=made.agency.public_id,
            logins=logins,
            live_key=made.live.text,
            test_key=made.test.text,
            sources={document["slug"]: _open_source(actor, document) for document in SOURCES},
        )
        for document in BUYERS:
            keepsake.secrets.update(_open_buyer(actor, document, campaigns, receiver))
        keep(keepsake)
    return made.agency


def _read(form: type[serializers.Serializer[Any]], document: Document) -> Document:
    """The document checked and read exactly as the API does it."""
    read = form(data=document, context={"currency": CURRENCY})
    read.is_valid(raise_exception=True)
    return dict(read.validated_data)


def _open_source(actor: SystemActor, document: Document) -> str:
    """A source and the text of its own key."""
    source = create_source(actor=actor, values=_read(SourceInput, document))
    wanted = KeySettings(name=f"Key of {source.name}", scopes=("leads:write", "leads:read"), source_id=source.pk)
    return create_key(actor=actor, wanted=wanted).text


def _open_buyer(
    actor: SystemActor, document: Document, campaigns: dict[str, Campaign], receiver: str
) -> dict[str, str]:
    """A buyer with its money and contracts; the signing secret of each of its receiving addresses."""
    own = {name: value for name, value in document.items() if name not in ("slug", "deposit", "contracts")}
    slug = document["slug"]
    buyer = open_buyer(
        actor=actor, values=_read(BuyerInput, {**own, "email": f"leads@{slug}.example.com", "external_id": slug})
    )
    deposit(
        account_id=buyer.account_id,
        deposit_id=new_id(),
        amount=to_minor(document["deposit"], CURRENCY),
        now=now(),
        actor=actor.actor,
        reference="Opening wire",
    )
    signing: dict[str, str] = {}
    for wanted in document["contracts"]:
        terms = {name: value for name, value in wanted.items() if name != "campaign"}
        address = slug if len(document["contracts"]) == 1 else f"{slug}-{wanted['campaign']}"
        terms.setdefault("delivery", {"method": "webhook", "url": f"{receiver}{address}"})
        values = _read(ContractChange, placed(terms, receiver))
        made = place_contract(actor=actor, buyer=buyer, campaign=campaigns[wanted["campaign"]], values=values)
        signing |= dict.fromkeys([address], *made.secrets.values()) if made.secrets else {}
    return signing
