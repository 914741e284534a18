"""What the buyers before a lead are expected to do with it, in the engine's terms. Nothing is read."""

from collections.abc import Sequence
from uuid import UUID

from leads.drafts import Draft
from routing.expectation import Odds, odds_of
from routing.terms import ContractTerms


def buyers_odds(draft: Draft, contracts: Sequence[ContractTerms]) -> dict[UUID, Odds]:
    """The odds of each contract's buyer; none where nothing is known of any, and then prices count whole."""
    expectations = draft.campaign.expectations
    if expectations is None:
        return {}
    buyers: dict[UUID, Odds] = {}
    for contract in contracts:
        if contract.buyer_id not in buyers:
            buyers[contract.buyer_id] = odds_of(*expectations.of(draft.scored, contract.buyer_id))
    return {contract.id: buyers[contract.buyer_id] for contract in contracts}
