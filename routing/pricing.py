"""What a lead costs its buyer and what it earns its source. Money is minor units."""

from core.money import percent_of
from routing.filters import Fields
from routing.terms import ContractTerms, MarketTerms, SourceTerms


def exclusive_price(contract: ContractTerms, fields: Fields) -> int:
    """The price of the whole lead: that of the first matching rule, else the contract's."""
    for rule in contract.price_rules:
        if rule.when.miss(fields) is None:
            return rule.price
    return contract.price


def shared_price(contract: ContractTerms, fields: Fields) -> int:
    """The price of a lead that others may get too: the contract's shared price, else that of the whole lead."""
    return exclusive_price(contract, fields) if contract.shared_price is None else contract.shared_price


def least_price(terms: MarketTerms, contract: ContractTerms) -> int:
    """The least for which the contract could win an auction: the campaign's floor, its own least bid, never nothing."""
    return max(1, terms.floor_price, contract.min_bid or 0)


def payout_of(source: SourceTerms, price: int, *, first: bool) -> int:
    """What a sale earns the source: a share of its price, or the fixed sum, paid once with the lead's first sale."""
    if source.payout_kind == "percent":
        return percent_of(price, source.payout_value)
    return source.payout_value if source.payout_kind == "fixed" and first else 0


def price_earning(source: SourceTerms, payout: int) -> int:
    """The least price of which the source's share is this much; 0 where nothing is owed or price decides nothing."""
    if payout <= 0 or source.payout_kind != "percent" or not source.payout_value:
        return 0
    return -(-payout * 10_000 // source.payout_value)
