"""A buyer's yes to a post that this process made for a lead it settled itself: written down in one round trip.

Everything is known: what was settled, and that nobody should have touched it since. The guards say where somebody did:
then nothing is written, and `leads.confirmation` looks again.
"""

from dataclasses import replace

from django.db import OperationalError, transaction

from accounts.idempotency import Repeat, replace_statement
from billing.balances import HoldNotPending
from billing.charges import capture_statements
from core import json
from core.clock import now as clock
from leads.answers import answer
from leads.charging import charge_terms
from leads.confirmation import Answered, NotPending, decided_statement
from leads.drafts import Draft, Fate
from leads.models import Lead, Sale
from leads.settlement import LeadChanged, Settlement, settle
from leads.trip import Outcome


def capture_at_once(made: Settlement, *, post: Answered, repeat: Repeat | None) -> Outcome | None:
    """Opens a transaction. The lead's only sale charged and told, and the outcome; None where it must be looked at."""
    if len(made.fate.sales) != 1 or made.draft.standing is not None:
        return None
    sold = replace(made.fate.sales[0], state=Sale.State.DELIVERED, confirm_by=None, posted=False)
    fate = Fate(status=Lead.Status.ACCEPTED, routing_decision=_winner_of(made.draft), sales=(sold,))
    outcome, moment = Outcome(201, answer(made.draft, fate)), clock()
    beside = [decided_statement(sold.id, sold.state, moment, post=post)]
    if repeat is not None:
        beside.append(replace_statement(repeat, status=outcome.status, body=json.dumps(outcome.body)))
    draft = replace(made.draft, stored=True, sequence=_told(made.draft), beside=tuple(beside))
    money = capture_statements(charge_terms(draft, sold, moment))
    try:
        with transaction.atomic():
            settle([Settlement(draft=draft, fate=fate, now=moment, written=money)], last=True)
    except (NotPending, HoldNotPending, LeadChanged, OperationalError):  # the last: two that waited for one another
        return None
    return outcome


def _told(draft: Draft) -> int:
    """The number of the lead's last event: of a pending one nothing is told but that it was received."""
    return draft.sequence + (not draft.stored)


def _winner_of(draft: Draft) -> str:
    """By the campaign's own method, also where the lead was sold by hand."""
    return f"{draft.snapshot.campaigns[draft.campaign.id].terms.market.method}_winner"
