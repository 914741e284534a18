"""The room that a market has: read once for leads that are decided together, and lessened by each that is sold.

So the second of them is decided as if the first had been written down already, and their turns come one after another.
"""

from dataclasses import dataclass
from uuid import UUID

from routing.caps import UsageKey
from routing.claims import cap_claims
from routing.types import Decision, Funds, Market, Turn, Usage, Winner


@dataclass(frozen=True, slots=True)
class Room:
    """Counters, funds by account and turns by contract, as the database had them and as they are by now."""

    usage: dict[UsageKey, Usage]
    funds: dict[int, Funds]
    rotation: dict[UUID, Turn]

    def take(self, market: Market, decision: Decision) -> None:
        """Take from the room what settling this decision will take from the database."""
        for winner in decision.winners:
            for claim in cap_claims(market.terms, market.source, winner, market.now):
                key = claim.subject_id, claim.window, claim.period_start
                used = self.usage.get(key, Usage())
                self.usage[key] = Usage(used.leads + 1, used.money + claim.money)
            self._spend(winner)
            self._turn(winner)

    def _spend(self, winner: Winner) -> None:
        account = winner.account_id
        if account is None or account not in self.funds:
            return
        funds = self.funds[account]
        self.funds[account] = (
            funds._replace(held=funds.held + winner.price)
            if winner.confirm_minutes
            else funds._replace(balance=funds.balance - winner.price)
        )

    def _turn(self, winner: Winner) -> None:
        if not winner.ticket and not winner.pass_add:
            return
        turn = self.rotation.get(winner.contract_id, Turn())
        self.rotation[winner.contract_id] = Turn(
            max(turn.ticket, winner.ticket), max(turn.pass_value, winner.pass_floor) + winner.pass_add
        )
