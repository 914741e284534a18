"""What the engine is given and what it says: frozen values, all of which go to JSON and back unchanged.

A market is everything a decision depends on. Its terms are stored once per configuration version; `Market.to_record`
gives the rest (lead, counters, balances, rotation, clock, seed), `Decision.to_record` the answer. Both hold personal
data (the lead's fields, the inputs of failing rules): the caller seals them; `Decision.codes` may be read by anybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, Self
from uuid import UUID

from msgspec import Struct

from routing.bids import Bid, BidOutcome, Promised
from routing.caps import Cap, Claim, Usage, UsageKey
from routing.expectation import Odds
from routing.fields import FROM_SCORING
from routing.price_rules import PriceRule
from routing.reasons import Reason
from routing.terms import ContractTerms, MarketTerms, SourceTerms
from routing.values import Held, held
from routing.windows import Window

__all__ = [
    "Bid", "BidOutcome", "Cap", "Claim", "ContractTerms", "Decision", "Earlier", "Facts", "Funds", "Market",
    "MarketTerms", "Odds", "PriceRule", "Promised", "Reason", "SourceTerms", "State", "Turn", "Usage", "UsageKey",
    "Verdict", "Window", "Winner",
]  # fmt: skip

Record = dict[str, Any]


_TOLD: Final = ("percentile", "return_probability", "conversion_probability", "grade")
"""What a record tells among the fields, in the order of Facts."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The lead: its normalised fields, its score from 0 to 100 and when it came. A ping has no score yet.

    `percentile` is the share of other leads that scored lower, in per cent, `grade` the quarter that it lies in, the
    others the chances that scoring gives; None while nobody knows. Fields are kept as plain JSON, and what scoring says
    stands among them, so that filters and price rules can ask for it; nothing that a source sends can take its place.
    """

    fields: Mapping[str, Held]
    score: int | None
    received_at: datetime
    percentile: int | None = None
    return_probability: float | None = None
    conversion_probability: float | None = None
    grade: str | None = None

    def __post_init__(self) -> None:
        """Make the fields plain."""
        fields = {name: held(value) for name, value in self.fields.items()}
        for name in FROM_SCORING:
            if (said := getattr(self, name)) is not None:
                fields[name] = said
            else:
                fields.pop(name, None)
        object.__setattr__(self, "fields", fields)


class Funds(NamedTuple):
    """What stands on a buyer's account, in minor units."""

    balance: int
    held: int = 0
    credit_limit: int = 0
    frozen: bool = False

    @property
    def available(self) -> int:
        """What may still be spent."""
        return self.balance - self.held + self.credit_limit


class Turn(NamedTuple):
    """A contract's place in the rotation: its last ticket, and how far its weighted pass has come."""

    ticket: int = 0
    pass_value: int = 0


class Earlier(NamedTuple):
    """An earlier sale of the same person."""

    contract_id: UUID
    buyer_id: UUID
    sold_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What has happened so far. What is missing counts as nothing used, nothing owned, never served, never asked.

    `bids` are the ends of this lead's pings by contract. `odds` are, by contract, what its buyer is expected to do with
    the lead, for campaigns that rank by expected value. `promised` is what the source was promised, where it was.
    `shared_with` buyers have the lead already: only shares of it are left.
    """

    usage: Mapping[UsageKey, Usage] = field(default_factory=dict)
    funds: Mapping[int, Funds] = field(default_factory=dict)
    rotation: Mapping[UUID, Turn] = field(default_factory=dict)
    earlier: tuple[Earlier, ...] = ()
    excluded_buyers: frozenset[UUID] = frozenset()
    closed: Mapping[UUID, Reason] = field(default_factory=dict)
    bids: Mapping[UUID, Bid] = field(default_factory=dict)
    odds: Mapping[UUID, Odds] = field(default_factory=dict)
    promised: Promised | None = None
    shared_with: int = 0

    def to_record(self) -> Record:
        """Plain JSON (ids and times are written by core.json)."""
        return {
            "usage": [[*key[:2], key[2].isoformat(), *used] for key, used in self.usage.items()],
            "funds": [[account, *funds] for account, funds in self.funds.items()],
            "rotation": [[contract, *turn] for contract, turn in self.rotation.items()],
            "earlier": [[sale.contract_id, sale.buyer_id, sale.sold_at.isoformat()] for sale in self.earlier],
            "excluded_buyers": sorted(self.excluded_buyers),
            "closed": [[contract, reason.value] for contract, reason in self.closed.items()],
            **self._of_offers(),
        }

    def _of_offers(self) -> Record:
        """Bids, odds and promises; most leads are sold without, and each of them has a record."""
        record: Record = {}
        if self.bids:
            record["bids"] = [list(bid) for bid in self.bids.values()]
        if self.odds:
            record["odds"] = [[contract, *odds] for contract, odds in self.odds.items()]
        if self.promised is not None:
            record["promised"] = list(self.promised)
        if self.shared_with:
            record["shared_with"] = self.shared_with
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """The state read back."""
        return cls(
            usage={
                (_id(subject), Window(window), datetime.fromisoformat(start)): Usage(leads, money)
                for subject, window, start, leads, money in record["usage"]
            },
            funds={account: Funds(*funds) for account, *funds in record["funds"]},
            rotation={_id(contract): Turn(*turn) for contract, *turn in record["rotation"]},
            earlier=tuple(Earlier(_id(c), _id(b), datetime.fromisoformat(at)) for c, b, at in record["earlier"]),
            excluded_buyers=frozenset(_id(buyer) for buyer in record["excluded_buyers"]),
            closed={_id(contract): Reason(reason) for contract, reason in record["closed"]},
            bids={_id(contract): _bid(contract, *rest) for contract, *rest in record.get("bids", ())},
            odds={_id(contract): Odds(*odds) for contract, *odds in record.get("odds", ())},
            promised=Promised(*record["promised"]) if "promised" in record else None,
            shared_with=record.get("shared_with", 0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """Everything one decision depends on. `mode` says which book pays: "live" or "test"."""

    terms: MarketTerms
    source: SourceTerms
    facts: Facts
    state: State
    now: datetime
    seed: int = 0
    mode: str = "live"

    def to_record(self) -> Record:
        """Everything but the terms, as plain JSON (ids are written by core.json)."""
        return {
            "source": self.source.to_content(),
            "fields": self.facts.fields,
            "score": self.facts.score,
            "received_at": self.facts.received_at.isoformat(),
            "state": self.state.to_record(),
            "now": self.now.isoformat(),
            "seed": self.seed,
            "mode": self.mode,
        }

    @classmethod
    def from_record(cls, terms: MarketTerms, record: Mapping[str, Any]) -> Self:
        """The market read back under its terms."""
        return cls(
            terms=terms,
            source=SourceTerms.from_content(record["source"]),
            facts=Facts(
                record["fields"],
                record["score"],
                datetime.fromisoformat(record["received_at"]),
                *(record["fields"].get(name) for name in _TOLD),
            ),
            state=State.from_record(record["state"]),
            now=datetime.fromisoformat(record["now"]),
            seed=record["seed"],
            mode=record["mode"],
        )


class Verdict(Struct, frozen=True):
    """What became of one contract: `reason` None means that it won. `rank` counts eligible contracts from 1.

    `price` is the one it was judged at, once that was known; `inputs` are those of the failing rule, as plain JSON.
    """

    contract_id: UUID
    reason: Reason | None
    rank: int | None
    price: int | None
    inputs: Mapping[str, Any]


class Winner(NamedTuple):
    """A contract that gets the lead, and what settling writes for it.

    Rotation is written so that decisions made at the same time add up: `ticket` becomes the greater of the stored and
    this one; `pass_value` becomes the greater of the stored and `pass_floor`, plus `pass_add`.
    """

    contract_id: UUID
    buyer_id: UUID
    account_id: int | None
    price: int
    payout: int
    exclusive: bool
    confirm_minutes: int
    ticket: int
    pass_floor: int
    pass_add: int


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: who gets the lead, and of every contract, in the order of the terms, why or why not."""

    outcome: str
    winners: tuple[Winner, ...]
    verdicts: tuple[Verdict, ...]

    def codes(self) -> list[str]:
        """A reason code per contract in the order of the terms, "won" for winners; holds nothing personal."""
        return [verdict.reason or "won" for verdict in self.verdicts]

    @property
    def ranking(self) -> tuple[UUID, ...]:
        """The eligible contracts in the order in which they stood."""
        ranks = {verdict.rank: verdict.contract_id for verdict in self.verdicts if verdict.rank is not None}
        return tuple(ranks[rank] for rank in sorted(ranks))

    def to_record(self) -> Record:
        """Plain JSON (ids are written by core.json); whose verdicts they are is said by their order, that of the terms.

        Every lead has one of these, and of many contracts the ids alone would be half of it.
        """
        return {
            "outcome": self.outcome,
            "winners": [winner._asdict() for winner in self.winners],
            "verdicts": [[one.reason, one.rank, one.price, one.inputs] for one in self.verdicts],
        }

    @classmethod
    def from_record(cls, terms: MarketTerms, record: Mapping[str, Any]) -> Self:
        """The decision read back under the terms it was made under."""
        return cls(
            record["outcome"],
            tuple(
                Winner(**{**won, "contract_id": _id(won["contract_id"]), "buyer_id": _id(won["buyer_id"])})
                for won in record["winners"]
            ),
            tuple(
                Verdict(contract.id, Reason(reason) if reason else None, rank, price, inputs)
                for contract, (reason, rank, price, inputs) in zip(terms.contracts, record["verdicts"], strict=True)
            ),
        )


def _bid(contract: str | UUID, outcome: str, *rest: Any) -> Bid:
    return Bid(_id(contract), BidOutcome(outcome), *rest)


def _id(text: str | UUID) -> UUID:
    return text if isinstance(text, UUID) else UUID(text)
