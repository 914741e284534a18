"""May this contract have this lead? Rules are asked in one order, and the first that fails is the answer.

The order is that of `routing.reasons`: what an earlier attempt said, the market, the contract, the lead, and last,
because they need a price, floor, caps and funds. Those up to the filters need nothing that is counted: whoever fails
one of them need not be counted for this lead.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from routing.caps import NOTHING, Usage
from routing.filters import first_check
from routing.pricing import least_price, payout_of
from routing.reasons import Reason
from routing.terms import ContractTerms, MarketTerms
from routing.types import Funds, Market
from routing.values import text
from routing.windows import quarter_of

Loss = tuple[Reason, dict[str, Any]]
"""A reason and the inputs of the rule that gave it, as plain JSON."""

Rule = Callable[["Case", ContractTerms], Loss | None]

BROKE = Funds(0)


class Case:
    """One lead before one market, with what the rules ask for again and again reckoned once."""

    __slots__ = ("_local", "fields", "had_by", "market", "now", "quarter", "sales", "standstill", "state", "usage")

    def __init__(self, market: Market) -> None:
        self.market = market
        self.state = market.state
        self.fields = market.facts.fields
        self.now = market.now
        self.quarter = quarter_of(market.now)
        self.usage = market.state.usage
        self.sales = market.state.shared_with
        self.standstill = _standstill(market)
        self.had_by = {sale.buyer_id for sale in market.state.earlier}
        self._local: dict[str, datetime] = {}

    def local(self, zone: str) -> datetime:
        """The time on the wall in a zone."""
        if (local := self._local.get(zone)) is None:
            local = self._local[zone] = self.now.astimezone(ZoneInfo(zone))
        return local

    def payout(self, price: int) -> int:
        """What the source would earn by one more sale of this lead."""
        return payout_of(self.market.source, price, first=not self.sales)

    def take(self, price: int) -> None:
        """Count one sale of this lead against what further sales of it would need: the source's and campaign's caps."""
        used = dict(self.usage)
        for room, money in ((self.market.source.room, self.payout(price)), (self.market.terms.room, price)):
            for key in set(room.keys(self.quarter)):
                before = used.get(key, NOTHING)
                used[key] = Usage(before.leads + 1, before.money + money)
        self.usage = used
        self.sales += 1


def refusals(case: Case) -> Iterator[tuple[int, Loss]]:
    """By position, why contracts cannot have the lead whatever they bought and own."""
    state, fields, plan = case.state, case.fields, _plan(case.market.terms)
    special = bool(state.closed or state.excluded_buyers or case.standstill)
    texts = (
        {} if special else {name: text(found) for name in plan.names if not isinstance(found := fields.get(name), list)}
    )
    for position, (contract, rules, name, wanted, document) in enumerate(plan.asked):
        if name in texts and texts[name] not in wanted:
            yield position, (Reason.FILTER_MISMATCH, {**document, "found": fields.get(name)})
            continue
        for rule in RULES if special else rules:
            if (loss := rule(case, contract)) is not None:
                yield position, loss
                break


class _Asked(NamedTuple):
    """A contract with the rules that its own terms can fail it by, which are few of them.

    Where the first thing it asks is that the field `name` hold one of some texts, these are `wanted`, and the check's
    document is kept beside them.
    """

    contract: ContractTerms
    rules: tuple[Rule, ...]
    name: str
    wanted: frozenset[str | None]
    document: Mapping[str, Any]


class _Plan(NamedTuple):
    """What a market's contracts are asked. Most are out by a text (a state, a kind of case): each field whose `names`
    are those of such tests is read once for all of them, and looked up.
    """

    asked: tuple[_Asked, ...]
    names: frozenset[str]


@lru_cache(maxsize=256)
def _plan(terms: MarketTerms) -> _Plan:
    asked = tuple(_asked(contract, tuple(_own_rules(terms, contract))) for contract in terms.contracts)
    return _Plan(asked, frozenset(one.name for one in asked if one.wanted))


def _asked(contract: ContractTerms, rules: tuple[Rule, ...]) -> _Asked:
    check = first_check(contract.filters)
    if rules != (_mismatch,) or check is None or check.texts is None:
        return _Asked(contract, rules, "", frozenset(), {})
    return _Asked(contract, rules, check.name, check.texts, check.document)


def _own_rules(terms: MarketTerms, contract: ContractTerms) -> Iterator[Rule]:
    if (contract.status, contract.buyer_status) != ("active", "active"):
        yield _paused
    if contract.sells == "shared" and terms.max_sales == 1:
        yield _sold_otherwise
    if contract.schedule.spans:
        yield _off_hours
    if contract.min_score > 0:
        yield _low_score
    if contract.min_percentile > 0:
        yield _low_percentile
    if contract.filters.document:
        yield _mismatch


def price_refusal(case: Case, contract: ContractTerms, price: int) -> Loss | None:
    """Why the contract cannot have the lead at this price; None where it can."""
    for rule in PRICE_RULES:
        if (loss := rule(case, contract, price)) is not None:
            return loss
    return None


def not_to_ping(case: Case, contract: ContractTerms) -> Loss | None:
    """Why asking the contract's buyer for a bid would be in vain; room is asked for the least price that could win."""
    least, most = least_price(case.market.terms, contract), contract.max_bid
    return had_before(case, contract) or price_refusal(case, contract, least if most is None else min(least, most))


def _standstill(market: Market) -> Loss | None:
    """Why nobody at all can have the lead."""
    if (status := market.terms.status) != "active":
        return Reason.CAMPAIGN_PAUSED, {"status": status}
    if (status := market.source.status) != "active":
        return Reason.SOURCE_PAUSED, {"status": status}
    return None


def _closed(case: Case, contract: ContractTerms) -> Loss | None:
    closed = case.state.closed
    return (closed[contract.id], {}) if closed and contract.id in closed else case.standstill


def _paused(_case: Case, contract: ContractTerms) -> Loss | None:
    if contract.status != "active":
        return Reason.CONTRACT_PAUSED, {"status": contract.status}
    if contract.buyer_status != "active":
        return Reason.BUYER_PAUSED, {"status": contract.buyer_status}
    return None


def _excluded(case: Case, contract: ContractTerms) -> Loss | None:
    excluded = case.state.excluded_buyers
    return (Reason.BUYER_EXCLUDED, {}) if excluded and contract.buyer_id in excluded else None


def _sold_otherwise(case: Case, contract: ContractTerms) -> Loss | None:
    if case.market.terms.max_sales == 1 and contract.sells == "shared":
        return Reason.NOT_SOLD_THIS_WAY, {"sells": contract.sells, "sold": "exclusive"}
    return None


def _off_hours(case: Case, contract: ContractTerms) -> Loss | None:
    if contract.schedule.is_open(local := case.local(contract.zone)):
        return None
    return Reason.OUTSIDE_SCHEDULE, {"local_time": f"{local:%a %H:%M}".lower(), "timezone": contract.zone}


def _low_score(case: Case, contract: ContractTerms) -> Loss | None:
    """A ping is not scored: what it withholds would count against it. The minimum is asked of the lead that follows."""
    score = case.market.facts.score
    if score is None or score >= contract.min_score:
        return None
    return Reason.BELOW_MIN_SCORE, {"min_score": contract.min_score, "score": score}


def _low_percentile(case: Case, contract: ContractTerms) -> Loss | None:
    """Where nobody knows how the lead stands among others it meets no minimum, as a missing field meets no filter."""
    if not contract.min_percentile or case.market.facts.score is None:
        return None
    if (percentile := case.market.facts.percentile) is not None and percentile >= contract.min_percentile:
        return None
    return Reason.BELOW_MIN_PERCENTILE, {"min_percentile": contract.min_percentile, "percentile": percentile}


def _mismatch(case: Case, contract: ContractTerms) -> Loss | None:
    miss = contract.filters.miss(case.fields)
    return None if miss is None else (Reason.FILTER_MISMATCH, miss)


def had_before(case: Case, contract: ContractTerms) -> Loss | None:
    """A buyer never gets the same person twice within the contract's window, on whichever contract it had them."""
    if not case.had_by or contract.buyer_id not in case.had_by:
        return None
    last = max(sale.sold_at for sale in case.state.earlier if sale.buyer_id == contract.buyer_id)
    if case.now - last >= timedelta(days=contract.dedupe_days):
        return None
    return Reason.EARLIER_BUYER, {"sold_at": last.isoformat(), "dedupe_days": contract.dedupe_days}


def _under_floor(case: Case, _contract: ContractTerms, price: int) -> Loss | None:
    floor = case.market.terms.floor_price
    return (Reason.BELOW_FLOOR, {"floor_price": floor, "price": price}) if price < floor else None


def _full(case: Case, contract: ContractTerms, price: int) -> Loss | None:
    """Caps of the contract, its buyer, the source and the campaign; the source's money is what it would be paid."""
    market = case.market
    for room, reason in (
        (contract.room, Reason.CAP_REACHED),
        (contract.buyer_room, Reason.BUYER_CAP_REACHED),
        (market.source.room, Reason.SOURCE_CAP_REACHED),
        (market.terms.room, Reason.CAMPAIGN_CAP_REACHED),
    ):
        if room.caps:
            money = case.payout(price) if room is market.source.room else price
            if (inputs := room.full(case.usage, case.quarter, money)) is not None:
                return reason, inputs
    return None


def _unfunded(case: Case, contract: ContractTerms, price: int) -> Loss | None:
    account = contract.account(case.market.mode)
    funds = BROKE if account is None else case.state.funds.get(account, BROKE)
    if funds.frozen:
        return Reason.ACCOUNT_FROZEN, {}
    if (available := funds.available) < price:
        return Reason.INSUFFICIENT_FUNDS, {"available": available, "price": price}
    return None


RULES: tuple[Rule, ...] = (
    *(_closed, _paused, _excluded, _sold_otherwise, _off_hours, _low_score, _low_percentile, _mismatch),
)
PRICE_RULES: tuple[Callable[[Case, ContractTerms, int], Loss | None], ...] = (_under_floor, _full, _unfunded)
