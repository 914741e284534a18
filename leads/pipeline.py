"""The trip of a lead, on one page: read, check, score, look at the market, decide, settle, answer.

A settlement that finds itself overtaken (a cap or a wallet closed, the configuration moved, the same request was
answered by a rival) changes nothing and the trip is made again with what is true now.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from uuid import UUID

from accounts.authentication import renew
from accounts.idempotency import Raced, Repeat, find_answer, lock_name
from accounts.principals import Principal
from billing.balances import InsufficientFunds
from buyers.caps import CapReached
from core.errors import DomainError
from leads import snapshot
from leads.auction import bidden
from leads.bids import Bidding
from leads.convoy import Convoy
from leads.counters import open_counters
from leads.drafts import Draft
from leads.market import Rider, ask, person_names
from leads.preparation import prepare
from leads.trip import CountersMissing, Outcome, Overtaken, arrived, route_each
from leads.types import Submission
from webhooks.outbox import hint

ATTEMPTS = 12


class Busy(DomainError):
    """Too many leads compete for the same room; send the request again."""

    code = "busy"
    status = 503
    headers: Mapping[str, str] = {"Retry-After": "1"}


def submit_lead(
    *,
    principal: Principal,
    submission: Submission,
    received_at: datetime,
    repeat: Repeat | None = None,
    bound: Callable[[Draft], Draft] | None = None,
) -> Outcome:
    """Opens transactions. Record the submitted lead and sell it if anybody may have it; exactly once per `repeat`.

    Buyers are pinged before, in an auction; posts to buyers that it is sold to are left to make (`leads.answering`).
    `bound` binds the draft to what was agreed beforehand.

    Raises FieldProblems for what cannot be a lead, UnknownCampaign, KeyReused where the Idempotency-Key named another
    body, Busy, and what `sender_now` raises.
    """
    held: Bidding | None = None

    def trip(view: snapshot.Snapshot) -> Outcome:
        nonlocal held
        sender = sender_now(principal, view)
        try:
            draft = prepare(principal=sender, view=view, submission=submission, received_at=received_at)
        except DomainError as refusal:
            return unprepared(refusal, view=view, repeat=repeat)
        if bound is not None:
            draft = bound(draft)
        rider = bidden(Rider(draft, ask(draft, received_at), repeat), held)
        if draft.bidding is None:
            held = rider.draft.bidding  # a trip that is made again decides by the same bids
        return arrived(_convoy(draft.snapshot.agency_id, draft.mode).ride(rider, marks_of(rider)))

    version = snapshot.read(agency_id=principal.agency_id, version=principal.version)
    return travel(version, trip)


def sender_now(principal: Principal, view: snapshot.Snapshot) -> Principal:
    """Who sends the lead, as the key is under the configuration that is looked at.

    Raises what `renew` raises where the key was stopped meanwhile, or MissingScope where it may no longer write.
    """
    sender = principal if view.version == principal.version else renew(principal)
    sender.require("leads:write")
    return sender


def unprepared(refusal: DomainError, *, view: snapshot.Snapshot, repeat: Repeat | None) -> Outcome:
    """What comes of a request that cannot be prepared: where it was answered before, that answer, right or not by now.

    Raises the refusal, or Overtaken where a newer configuration may think otherwise.
    """
    first = find_answer(repeat) if repeat is not None else None
    if first is not None:
        return Outcome(first.status, {}, first)
    if snapshot.refresh(view) is not view:
        raise Overtaken from refusal
    raise refusal


@cache
def _convoy(agency_id: UUID, mode: str) -> Convoy[Rider, Outcome | Exception]:
    """Leads of one agency and book travel together."""
    return Convoy(route_each)


def marks_of(rider: Rider) -> frozenset[str]:
    """Who and what must not travel twice at once: the same person, the same request."""
    persons = person_names(rider.draft)
    return frozenset(persons if rider.repeat is None else [*persons, lock_name(rider.repeat)])


def travel(view: snapshot.Snapshot, trip: Callable[[snapshot.Snapshot], Outcome]) -> Outcome:
    """Make the trip under this configuration; where it was overtaken, again under the newest. Raises Busy."""
    for _ in range(ATTEMPTS):
        try:
            outcome = trip(view)
        except CountersMissing as found:
            open_counters(found.draft, found.missing)
            view = snapshot.refresh(view)
        except (Overtaken, CapReached, InsufficientFunds, Raced):
            view = snapshot.refresh(view)
        else:
            hint()
            return outcome
    raise Busy
