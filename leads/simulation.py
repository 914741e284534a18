"""A dry run: the same engine on the same market, and nothing is stored, sold, charged or sent."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.principals import Principal
from leads import snapshot
from leads.counters import unopened
from leads.drafts import Draft, Fate
from leads.fates import fate_of
from leads.market import Rider, ask, look, state_of
from leads.preparation import prepare
from leads.trip import early_fate
from leads.types import Submission
from routing.engine import decide
from routing.types import Decision, Market


@dataclass(frozen=True, slots=True)
class Simulation:
    """What would become of the lead; no market and decision where it would not get so far."""

    draft: Draft
    fate: Fate
    market: Market | None
    decision: Decision | None


def simulate_lead(*, principal: Principal, submission: Submission, at: datetime) -> Simulation:
    """Opens a transaction and rolls it back. Raises what submitting would refuse.

    Caps and balances are those of now; schedules and windows are looked at as of `at`.
    """
    view = snapshot.read(agency_id=principal.agency_id, version=principal.version)
    draft = prepare(principal=principal, view=view, submission=submission, received_at=at)
    rider = Rider(draft, ask(draft, at))
    with transaction.atomic():
        room, (seen,) = look([rider])
        room.usage.update(unopened(draft, seen.missing))
        transaction.set_rollback(True)
    early = early_fate(draft, seen)
    if early is not None:
        return Simulation(draft, early, None, None)
    market = rider.asked.answered(state_of(rider, room, seen))
    fate, market, decision = fate_of(draft, market, decide(market, rider.asked.screened), now=at)
    return Simulation(draft, fate, market, decision)
