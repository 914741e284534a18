"""Auctions to decide in: pinged contracts, their bids, and what winners pay, in one line each."""

from typing import Any

from routing.types import Bid, BidOutcome, ContractTerms, Decision, Market, SourceTerms
from tests.routing.markets import SOURCE, contract, contract_id, market


def pinged(number: int, **terms: Any) -> ContractTerms:
    return contract(number, pinged=True, **terms)


def bid(number: int, price: int, **rest: Any) -> Bid:
    return Bid(contract_id(number), BidOutcome.BID, price, **rest)


def auction(*contracts: ContractTerms, answers: tuple[Bid, ...] = (), **changes: Any) -> Market:
    bids = {answer.contract_id: answer for answer in answers}
    return market(*contracts, method="ping_post", state={"bids": bids, **changes.pop("state", {})}, **changes)


def paid(decision: Decision) -> dict[int, int]:
    return {winner.contract_id.int: winner.price for winner in decision.winners}


def promised_by(payout_percent: int) -> SourceTerms:
    """A source that earns this share of the price."""
    return SourceTerms(id=SOURCE, payout_kind="percent", payout_value=payout_percent * 100)
