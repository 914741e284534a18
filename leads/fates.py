"""From verdicts to a lead's fate: which sales there are, at what payout, and how a test lead's buyers answer."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from buyers.models import Method
from leads.drafts import Draft, Fate, NewSale, Standing
from leads.models import Lead, Sale
from leads.snapshot import ContractView
from routing.engine import decide
from routing.reasons import Reason
from routing.types import Decision, Market, Winner

UNKNOWN_FOR: Final = timedelta(hours=24)
"""How long a sale stays open whose buyer was posted to and may have it, where the contract names no other time."""

_MOCK_REFUSALS = {
    "refuse": Reason.BUYER_REFUSED,
    "error": Reason.BUYER_UNREACHABLE,
    "timeout": Reason.BUYER_UNREACHABLE,
    "garbage": Reason.BUYER_UNREACHABLE,
}


def rejected_fate(reason: str) -> Fate:
    """A lead that compliance forbids to sell."""
    return Fate(status=Lead.Status.REJECTED, routing_decision="rejected", reason=reason)


def duplicate_fate(earlier: UUID) -> Fate:
    """A lead whose person was seen before."""
    return Fate(status=Lead.Status.DUPLICATE, routing_decision="duplicate", reason="duplicate", duplicate_of=earlier)


def fate_of(draft: Draft, market: Market, verdicts: Decision, *, now: datetime) -> tuple[Fate, Market, Decision]:
    """What the decision means, with the market and the decision that finally stood.

    In the test book each contract's mock answers for its buyer: one that does not accept closes the contract and the
    engine decides again, as it would after a real refusal. Who is posted to is answered for later, by the same mock.
    """
    while draft.mode == "test" and (refusals := _mock_refusals(draft, verdicts)):
        market = replace(market, state=replace(market.state, closed={**market.state.closed, **refusals}))
        verdicts = decide(market)
    sales = tuple(_sale(draft, winner, now) for winner in verdicts.winners)
    return joined(draft.standing, _fate(market, verdicts, sales)), market, verdicts


def _mock_refusals(draft: Draft, verdicts: Decision) -> dict[UUID, Reason]:
    contracts = [draft.campaign.contracts[winner.contract_id] for winner in verdicts.winners]
    answers = {one.id: str(one.mock.get("answer", "accept")) for one in contracts if one.method != Method.HTTP}
    return {contract_id: _MOCK_REFUSALS[mocked] for contract_id, mocked in answers.items() if mocked in _MOCK_REFUSALS}


def _fate(market: Market, verdicts: Decision, sales: tuple[NewSale, ...]) -> Fate:
    if not sales:
        return Fate(status=Lead.Status.UNSOLD, routing_decision="unsold", reason=_why_unsold(verdicts))
    if all(sale.state == Sale.State.PENDING for sale in sales):
        return Fate(status=Lead.Status.PENDING, routing_decision="pending", sales=sales)
    return Fate(status=Lead.Status.ACCEPTED, routing_decision=f"{market.terms.method}_winner", sales=sales)


def joined(standing: Standing | None, fate: Fate) -> Fate:
    """The fate of a lead that others have already: their word stands, unless a sale is certain beside theirs."""
    if standing is None or fate.certain:
        return fate
    return replace(fate, status=standing.status, routing_decision=standing.routing_decision, reason="")


def _why_unsold(verdicts: Decision) -> str:
    """The one reason that all contracts share (a paused campaign, a cap of the source), else that nobody wanted it."""
    codes = set(verdicts.codes())
    return str(codes.pop()) if len(codes) == 1 else "no_buyer"


def _sale(draft: Draft, winner: Winner, now: datetime) -> NewSale:
    contract = draft.campaign.contracts[winner.contract_id]
    posted = contract.method == Method.HTTP
    pending = posted or winner.confirm_minutes > 0
    confirm_within = timedelta(minutes=winner.confirm_minutes) or UNKNOWN_FOR
    return NewSale(
        contract_id=contract.id,
        buyer_id=contract.buyer_id,
        account_id=contract.accounts[draft.mode],
        price=winner.price,
        payout=winner.payout,
        state=Sale.State.PENDING if pending else _sold_state(draft, contract),
        exclusive=winner.exclusive,
        method=contract.method,
        # Nothing of the test book goes to a buyer: its mock has answered already.
        endpoint_id=contract.endpoint_id if draft.mode == "live" else None,
        confirm_by=now + confirm_within if pending else None,
        posted=posted,
    )


def _sold_state(draft: Draft, contract: ContractView) -> str:
    """A webhook has yet to arrive; the portal shows the lead the moment it is sold, and a mock takes it at once."""
    delivered = draft.mode == "test" or contract.endpoint_id is None
    return Sale.State.DELIVERED if delivered else Sale.State.ACCEPTED
