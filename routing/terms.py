"""What a market's parties agreed to, compiled for deciding: read once per configuration version, never changed.

`to_content` gives the plain JSON that a configuration version stores; `from_content` reads it back, so a stored
decision can be replayed under the very terms it was made under. Terms of a market and of a source are the same only
where they are the same object: that makes them keys of what is reckoned once for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

from routing.caps import Cap, Capped, parse_caps
from routing.filters import EVERYTHING, Filter, parse_filter
from routing.price_rules import PriceRule, parse_price_rules
from routing.schedule import ALWAYS, Schedule, parse_schedule

Content = dict[str, Any]
RANKABLE = frozenset(("waterfall", "ping_post"))
"""The methods whose offers can be ranked by expected value: the others take turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractTerms:
    """A buyer's standing order. Prices are minor units; `timezone` "" means the buyer's.

    In an auction a contract that is `pinged` offers what its buyer bids, which must lie between `min_bid` and
    `max_bid`; every other one its price. `return_penalty` (basis points) is what its offers are ranked lower by.
    """

    id: UUID
    buyer_id: UUID
    account_id: int | None = None
    test_account_id: int | None = None
    status: str = "active"
    buyer_status: str = "active"
    price: int
    shared_price: int | None = None
    priority: int = 1
    weight: int = 50
    min_score: int = 0
    min_percentile: int = 0
    timezone: str = ""
    filters: Filter = EVERYTHING
    schedule: Schedule = ALWAYS
    caps: tuple[Cap, ...] = ()
    buyer_timezone: str = "UTC"
    buyer_caps: tuple[Cap, ...] = ()
    dedupe_days: int = 30
    confirm_minutes: int = 0
    price_rules: tuple[PriceRule, ...] = ()
    sells: str = "exclusive"
    pinged: bool = False
    min_bid: int | None = None
    max_bid: int | None = None
    return_penalty: int = 0
    zone: str = field(init=False, compare=False, repr=False)
    room: Capped = field(init=False, compare=False, repr=False)
    buyer_room: Capped = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Prepare what every lead asks for."""
        zone = self.timezone or self.buyer_timezone
        object.__setattr__(self, "zone", zone)
        object.__setattr__(self, "room", Capped(self.id, zone, self.caps))
        object.__setattr__(self, "buyer_room", Capped(self.buyer_id, self.buyer_timezone, self.buyer_caps))

    def account(self, mode: str) -> int | None:
        """The account that pays in this book: that of live or that of test leads."""
        return self.account_id if mode == "live" else self.test_account_id

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> Self:
        """Terms read back from their stored form. Raises FieldProblems where that is no form of ours."""
        compiled = {
            "id": UUID(content["id"]),
            "buyer_id": UUID(content["buyer_id"]),
            "filters": parse_filter(content.get("filters", {})),
            "schedule": parse_schedule(content.get("schedule", [])),
            "caps": parse_caps(content.get("caps", [])),
            "buyer_caps": parse_caps(content.get("buyer_caps", []), "buyer_caps"),
            "price_rules": parse_price_rules(content.get("price_rules", [])),
        }
        return cls(**{**content, **compiled})

    def to_content(self) -> Content:
        """The plain JSON of these terms."""
        plain = {name: getattr(self, name) for name in _PLAIN_OF_A_CONTRACT}
        return {
            **plain,
            "id": str(self.id),
            "buyer_id": str(self.buyer_id),
            "filters": self.filters.document,
            "schedule": list(self.schedule.document),
            "caps": [cap.to_content() for cap in self.caps],
            "buyer_caps": [cap.to_content() for cap in self.buyer_caps],
            "price_rules": [rule.to_content() for rule in self.price_rules],
        }


_PLAIN_OF_A_CONTRACT = (
    *("account_id", "test_account_id", "status", "buyer_status", "price", "shared_price", "priority", "weight"),
    *("min_score", "min_percentile", "timezone", "buyer_timezone", "dedupe_days", "confirm_minutes", "sells"),
    *("pinged", "min_bid", "max_bid", "return_penalty"),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SourceTerms:
    """Who sent the lead: whether it may, its caps, and what it earns (minor units, or basis points of the price)."""

    id: UUID
    status: str = "active"
    timezone: str = "UTC"
    caps: tuple[Cap, ...] = ()
    payout_kind: str = "none"
    payout_value: int = 0
    room: Capped = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Prepare what every lead asks for."""
        object.__setattr__(self, "room", Capped(self.id, self.timezone, self.caps))

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> Self:
        """Terms read back from their stored form."""
        return cls(**{**content, "id": UUID(content["id"]), "caps": parse_caps(content.get("caps", []))})

    def to_content(self) -> Content:
        """The plain JSON of these terms."""
        names = ("status", "timezone", "payout_kind", "payout_value")
        plain = {name: getattr(self, name) for name in names}
        return {"id": str(self.id), **plain, "caps": [cap.to_content() for cap in self.caps]}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketTerms:
    """A campaign's rules and its contracts, always in the order of their ids.

    `rank_by` is `method` (the order that the method has by itself: priority in a waterfall, bids in an auction) or
    `expected_value`, for these two methods; then `min_margin` is what a sale must be expected to bring beyond the
    source's payout (minor units; None for anything). Of an auction: what its winner pays (`first` or `second` price).
    """

    campaign_id: UUID
    status: str = "active"
    method: str
    currency: str = "USD"
    max_sales: int = 1
    floor_price: int = 0
    min_margin: int | None = None
    rank_by: str = "method"
    auction_price: str = "first"
    timezone: str = "UTC"
    caps: tuple[Cap, ...] = ()
    contracts: tuple[ContractTerms, ...] = ()
    room: Capped = field(init=False, compare=False, repr=False)
    _by_id: Mapping[UUID, ContractTerms] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Prepare what every lead asks for, and put the contracts in order."""
        object.__setattr__(self, "room", Capped(self.campaign_id, self.timezone, self.caps))
        object.__setattr__(self, "contracts", tuple(sorted(self.contracts, key=lambda contract: contract.id)))
        object.__setattr__(self, "_by_id", {contract.id: contract for contract in self.contracts})

    @property
    def by_value(self) -> bool:
        """Whether offers stand in the order of what they are expected to bring."""
        return self.rank_by == "expected_value" and self.method in RANKABLE

    def contract(self, contract_id: UUID) -> ContractTerms:
        """The contract of this id. Raises LookupError where the market has none."""
        return self._by_id[contract_id]

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> Self:
        """Terms read back from their stored form; every filter is compiled here. Raises FieldProblems."""
        compiled = {
            "campaign_id": UUID(content["campaign_id"]),
            "caps": parse_caps(content.get("caps", [])),
            "contracts": tuple(ContractTerms.from_content(contract) for contract in content.get("contracts", [])),
        }
        return cls(**{**content, **compiled})

    def to_content(self) -> Content:
        """The plain JSON of these terms: what a configuration version stores."""
        return {
            "campaign_id": str(self.campaign_id),
            **{name: getattr(self, name) for name in _PLAIN_OF_A_MARKET},
            "caps": [cap.to_content() for cap in self.caps],
            "contracts": [contract.to_content() for contract in self.contracts],
        }


_PLAIN_OF_A_MARKET = (
    *("status", "method", "currency", "max_sales", "floor_price", "min_margin", "timezone", "rank_by"),
    "auction_price",
)
