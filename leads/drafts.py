"""A lead on its way: everything known of it before the market is looked at, and what the routing makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from accounts.principals import Principal
from core.ids import new_id
from core.sealing import Sealer
from core.sql import Statement
from leads.bids import Bidding, Promise
from leads.snapshot import CampaignView, Snapshot, SourceView
from leads.types import LeadData, Scalar
from routing.reasons import Reason
from scoring.scorecard import Scored


class Standing(NamedTuple):
    """What stands of a lead that others share already, while the place of one who left is given away again."""

    status: str
    routing_decision: str
    sales: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A valid lead with its score, under one configuration. Nothing of it is stored yet unless `stored` is true.

    `number` is that of its next decision, `sequence` that of the last event told of it; `closed` names contracts that
    had their chance. `bidding` is what an auction brought for it, `promise` what its source was told that it brings,
    `beside` what is to be written with it, `said` what its answer tells beside the usual.
    `standing` is what others have of it whose places are not to be given away.
    `hashes` are what a source sent of the person instead of a contact. `partial`: a ping, of which no score speaks.
    """

    id: UUID
    principal: Principal
    snapshot: Snapshot
    campaign: CampaignView
    source: SourceView
    source_text: str
    data: LeadData
    external_id: str = ""
    metadata: Mapping[str, Scalar] = field(default_factory=dict)
    phone_hash: bytes | None
    email_hash: bytes | None
    scored: Scored
    features: Mapping[str, Any]
    received_at: datetime
    sealer: Sealer
    key_statement: Statement | None = None
    stored: bool = False
    number: int = 1
    sequence: int = 0
    closed: Mapping[UUID, Reason] = field(default_factory=dict)
    bidding: Bidding | None = None
    promise: Promise | None = None
    beside: tuple[Statement, ...] = ()
    said: Mapping[str, Any] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    partial: bool = False
    standing: Standing | None = None

    @property
    def mode(self) -> str:
        """The book that this lead belongs to."""
        return self.principal.mode

    def received(self) -> dict[str, Any]:
        """The columns that a lead and a ping share (`leads.models.Received`), but for what became of it and when."""
        return {
            "id": self.id,
            "agency": self.snapshot.agency_id,
            "mode": self.mode,
            "campaign": self.campaign.id,
            "source": self.source.id,
            "source_text": self.source_text,
            "key_id": self.principal.key_id,
            "phone_hash": self.phone_hash,
            "email_hash": self.email_hash,
            "currency": self.campaign.currency,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSale:
    """A sale about to be written: price and payout in minor units; `endpoint_id` where a webhook delivers it.

    One that is `posted` waits for the buyer's answer to a real-time post, which is made after the commit.
    """

    contract_id: UUID
    buyer_id: UUID
    account_id: int
    price: int
    payout: int
    state: str
    exclusive: bool
    method: str
    endpoint_id: UUID | None
    confirm_by: datetime | None
    posted: bool = False
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of a draft: status and reason, and the sales where there are any.

    `certain` are those whose buyers can no longer say no.
    """

    status: str
    routing_decision: str
    reason: str = ""
    duplicate_of: UUID | None = None
    sales: tuple[NewSale, ...] = ()
    certain: tuple[NewSale, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Pick out the certain ones."""
        object.__setattr__(self, "certain", tuple(sale for sale in self.sales if sale.state != "pending"))

    @property
    def price(self) -> int:
        """What buyers owe for the lead, in minor units."""
        return sum(sale.price for sale in self.certain)

    @property
    def payout(self) -> int:
        """What the source earns by it, in minor units."""
        return sum(sale.payout for sale in self.certain)
