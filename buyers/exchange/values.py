"""What a request may speak of: the lead and what surrounds it, by scope and name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from buyers.exchange.hashes import HASHES

Facts = Mapping[str, Any]

SCOPES: Final[Mapping[str, frozenset[str]]] = {
    "ping": frozenset(("id", "token", "price")),
    "sale": frozenset(("id", "lead_id", "price")),
    "auction": frozenset(("price", "minimum_to_win", "loss_code")),
    "campaign": frozenset(("id", "slug", "currency", "floor", "auction_price")),
    "contract": frozenset(("id", "name", "external_id")),
    "source": frozenset(("id", "slug")),
    "request": frozenset(("time", "unix", "timeout_ms", "test")),
    "hash": frozenset(HASHES),
}
"""The names of every scope but `lead`, whose names are the fields of the lead type."""

MONEY: Final = frozenset(
    (("ping", "price"), ("sale", "price"), ("auction", "price"), ("auction", "minimum_to_win"), ("campaign", "floor"))
)
"""Given in minor units, sent in major units with the currency's decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What is known when a request is made. A name that is missing is left out of the request.

    `lead` holds fields in their normal form, already cut to what this buyer may see at this stage (a ping and a loss
    notice cut it once more). `ping`: the id under which we asked, the buyer's token and bid. `auction`: what the
    winner pays, what would have won, and the OpenRTB loss code. `hash`: of `HttpMethod.hashes`. Money is in minor
    units. `timeout_ms` is how long the caller will wait, where that is less than the stage's own limit.
    """

    lead: Facts
    ping: Facts = field(default_factory=dict)
    sale: Facts = field(default_factory=dict)
    auction: Facts = field(default_factory=dict)
    campaign: Facts = field(default_factory=dict)
    contract: Facts = field(default_factory=dict)
    source: Facts = field(default_factory=dict)
    hash: Facts = field(default_factory=dict)
    now: datetime | None = None
    timeout_ms: int | None = None
    test: bool = False
