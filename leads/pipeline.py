"""The trip of a lead, on one page: read, check, score, look at the market, decide, settle, answer.

A settlement that finds itself overtaken (a cap or a wallet closed, the configuration moved, the same request was
answered by a rival) changes nothing and the trip is made again with what is true now.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.authentication import AgencySuspended, renew
from accounts.idempotency import Raced, Repeat, Stored
from accounts.principals import Principal
from billing.balances import InsufficientFunds
from buyers.caps import CapReached, CounterKey
from buyers.terms import record_terms
from core.errors import DomainError
from leads import snapshot
from leads.answers import answer
from leads.consent import consent_rejection
from leads.counters import open_counters
from leads.drafts import Draft, Fate
from leads.fates import duplicate_fate, fate_of, rejected_fate
from leads.market import Asked, Look, ask, look
from leads.models import Decision
from leads.preparation import prepare
from leads.settlement import settle
from leads.types import Submission
from routing.engine import decide
from webhooks.outbox import hint

ATTEMPTS = 12


class Busy(DomainError):
    """Too many leads compete for the same room; send the request again."""

    code = "busy"
    status = 503
    headers: Mapping[str, str] = {"Retry-After": "1"}


class Overtaken(Exception):
    """The market moved while this lead was on its way. Never leaves `travel`."""


class CountersMissing(Overtaken):
    """Caps count in periods that nobody has sold in yet; they open once the transaction that found it is gone."""

    def __init__(self, draft: Draft, missing: Iterable[CounterKey]) -> None:
        super().__init__()
        self.draft, self.missing = draft, missing


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to a submission: 201, or 202 while the outcome is open; or an earlier answer, byte for byte."""

    status: int
    body: dict[str, Any]
    stored: Stored | None = None


def submit_lead(
    *, principal: Principal, submission: Submission, received_at: datetime, repeat: Repeat | None = None
) -> Outcome:
    """Opens transactions. Record the submitted lead and sell it if anybody may have it; exactly once per `repeat`.

    Raises FieldProblems for what cannot be a lead, UnknownCampaign, KeyReused where the Idempotency-Key named another
    body, Busy, and what `accounts.authentication.renew` raises where the key was stopped meanwhile.
    """

    def trip(view: snapshot.Snapshot) -> Outcome:
        sender = principal if view.version == principal.version else renew(principal)
        try:
            draft = prepare(principal=sender, view=view, submission=submission, received_at=received_at)
        except DomainError as refusal:
            if snapshot.refresh(view) is not view:  # what was refused may be right by now
                raise Overtaken from refusal
            raise
        return route(draft, repeat=repeat, now=received_at)

    version = snapshot.read(agency_id=principal.agency_id, version=principal.version)
    return travel(version, trip)


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


def route(draft: Draft, *, repeat: Repeat | None, now: datetime, kind: str = Decision.Kind.ROUTE) -> Outcome:
    """Opens a transaction or joins the open one. Look at the market, decide, settle; one attempt of `travel`.

    Raises AgencySuspended where the agency was stopped since the request was let in.
    """
    asked = ask(draft, now)
    with transaction.atomic():
        seen = look(draft, asked, repeat=repeat)
        if seen.version != draft.snapshot.version:
            raise Overtaken
        if seen.repeat is not None:
            return Outcome(seen.repeat.status, {}, seen.repeat)
        if not seen.active:
            raise AgencySuspended
        if seen.missing:
            raise CountersMissing(draft, seen.missing)
        return decide_and_settle(draft, asked, seen, repeat=repeat, kind=kind)


def decide_and_settle(draft: Draft, asked: Asked, seen: Look, *, repeat: Repeat | None, kind: str) -> Outcome:
    """Needs the look's transaction, and ends it where it is the outermost. Decide by what was seen; write it down."""
    now = asked.market.now
    early = early_fate(draft, seen)
    decided = None
    if early is None:
        market = asked.answered(seen.state)
        verdicts = decide(market, asked.screened)
        fate, market, verdicts = fate_of(draft, market, verdicts, now=now)
        decided = (market, verdicts, record_terms(draft.campaign.terms, number=draft.snapshot.version))
    else:
        fate = early
    body = answer(draft, fate)
    status = 202 if fate.status == "pending" else 201
    again = (repeat, body, status) if repeat else None
    settle(draft, fate, now=now, decided=decided, kind=kind, repeat=again, last=True)
    return Outcome(status, body)


def early_fate(draft: Draft, seen: Look) -> Fate | None:
    """What ends the trip before any buyer is asked: missing or old consent, or a person seen before."""
    reason = consent_rejection(
        draft.data.fields,
        received_at=draft.received_at,
        required=draft.campaign.consent_required,
        max_age_days=draft.campaign.consent_max_age_days,
    )
    if reason is not None:
        return rejected_fate(reason)
    if seen.duplicate_of is not None and not draft.stored:
        return duplicate_fate(seen.duplicate_of)
    return None
