"""Markets to decide in: contracts, sources and states with sensible defaults, in one line each."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from routing.filters import parse_filter
from routing.types import ContractTerms, Decision, Facts, Funds, Market, MarketTerms, SourceTerms, State, Turn, Verdict

NOON = datetime(2026, 5, 12, 17, 0, tzinfo=UTC)  # a Tuesday, noon in Chicago
CAMPAIGN, SOURCE = UUID(int=0xC), UUID(int=0x5)
RICH = Funds(balance=10**9)
TERMS = ("method", "max_sales", "floor_price", "min_margin", "caps", "status", "auction_price", "rank_by")
LEAD = {"state": "TX", "zip": "75001", "age": 41}


def contract_id(number: int) -> UUID:
    return UUID(int=number)


def buyer_id(number: int) -> UUID:
    return UUID(int=0xB00 + number)


def contract(number: int, *, filters: object = None, **terms: Any) -> ContractTerms:
    defaults: dict[str, Any] = {"buyer_id": buyer_id(number), "account_id": number, "price": 5000}
    parsed = {} if filters is None else {"filters": parse_filter(filters)}
    return ContractTerms(id=contract_id(number), **{**defaults, **parsed, **terms})


def market(*contracts: ContractTerms, **changes: Any) -> Market:
    """A market at noon for a lead from Texas with score 60, in which every buyer has money."""
    terms = {name: changes.pop(name) for name in TERMS if name in changes}
    fields, score = changes.pop("fields", LEAD), changes.pop("score", 60)
    facts = Facts(
        fields, score, changes.get("now", NOON), changes.pop("percentile", None), changes.pop("returns", None)
    )
    source = changes.pop("source", SourceTerms(id=SOURCE))
    state = {"funds": {c.account_id: RICH for c in contracts}, **changes.pop("state", {})}
    return Market(
        terms=MarketTerms(campaign_id=CAMPAIGN, contracts=contracts, **{"method": "waterfall", **terms}),
        source=source,
        facts=facts,
        state=State(**state),
        **{"now": NOON, **changes},
    )


def winners(decision: Decision) -> list[int]:
    return [winner.contract_id.int for winner in decision.winners]


def codes(decision: Decision) -> dict[int, str]:
    return dict(zip((v.contract_id.int for v in decision.verdicts), decision.codes(), strict=True))


def verdict(decision: Decision, number: int) -> Verdict:
    return next(found for found in decision.verdicts if found.contract_id.int == number)


def advanced(rotation: Mapping[UUID, Turn], decision: Decision) -> dict[UUID, Turn]:
    """The rotation after settling: exactly what the winners say is to be written."""
    after = dict(rotation)
    for winner in decision.winners:
        turn = after.get(winner.contract_id, Turn())
        passed = max(turn.pass_value, winner.pass_floor) + winner.pass_add
        after[winner.contract_id] = Turn(max(turn.ticket, winner.ticket), passed)
    return after
