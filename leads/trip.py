"""One attempt at the trip for leads that travel together: look at the market, decide one by one, settle at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.authentication import AgencySuspended
from accounts.idempotency import KeyReused, Stored
from buyers.caps import CounterKey
from buyers.terms import record_terms
from core import json, trips
from core.errors import DomainError
from leads.answers import answer
from leads.consent import consent_rejection
from leads.drafts import Draft, Fate
from leads.fates import duplicate_fate, fate_of, joined, rejected_fate
from leads.market import Look, Rider, ask, look, state_of
from leads.room import Room
from leads.settlement import Settlement, settle
from routing.engine import decide


class Overtaken(Exception):
    """The market moved while this lead was on its way. Never leaves `pipeline.travel`."""


class CountersMissing(Overtaken):
    """Caps count in periods that nobody has sold in yet; they open once the transaction that found it is gone."""

    def __init__(self, draft: Draft, missing: Iterable[CounterKey]) -> None:
        super().__init__()
        self.draft, self.missing = draft, missing


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to a submission: 201, or 202 while the outcome is open; or an earlier answer, byte for byte.

    `made` is what was settled on the way to it.
    """

    status: int
    body: dict[str, Any]
    stored: Stored | None = None
    made: Settlement | None = field(default=None, compare=False, repr=False)

    @property
    def content(self) -> bytes:
        """The answer as it is sent."""
        if self.stored is not None:
            return self.stored.body
        return self.made.content if self.made is not None else json.dumps(self.body)


def route(draft: Draft, *, now: datetime, kind: str) -> Outcome:
    """Opens a transaction or joins the open one. One attempt of `travel` for a lead on record."""
    (end,) = route_all([Rider(draft, ask(draft, now), kind=kind)])
    return arrived(end)


def arrived(end: Outcome | Exception) -> Outcome:
    """The outcome at the end of a trip. Raises it where it is none."""
    if isinstance(end, Exception):
        raise end
    return end


def route_each(riders: Sequence[Rider]) -> list[Outcome | Exception]:
    """Opens transactions. As `route_all`; where what one took is gone, or one fails, each travels alone.

    An end that is an exception and neither a DomainError nor Overtaken says that nobody knows what was written.
    """
    try:
        return route_all(riders)
    except Exception as error:
        if len(riders) == 1:
            return [error]
        undone = isinstance(error, DomainError | Overtaken) or trips.is_undone(error)
        return [_alone(rider, None if undone else error) for rider in riders]


def _alone(rider: Rider, doubt: Exception | None) -> Outcome | Exception:
    """How the rider's own trip ends, after one with others that `doubt` has broken off, perhaps after the commit.

    If it was committed, the same lead cannot be written again, and who named a key finds the answer. Only that nothing
    can be decided now is no proof that nothing was: whoever began anew then could sell the lead a second time.
    """
    (end,) = route_each([rider])
    return doubt if doubt is not None and isinstance(end, DomainError | Overtaken) else end


def route_all(riders: Sequence[Rider]) -> list[Outcome | Exception]:
    """Opens a transaction or joins the open one. Look at the market, decide one by one, settle together.

    An end that is no outcome is what the rider is to be told: Overtaken, CountersMissing, KeyReused, or
    AgencySuspended where the agency was stopped since the request was let in. Raises what `settle` raises.
    """
    with transaction.atomic():
        room, looks = look(riders)
        ends = [_end(rider, room, seen) for rider, seen in zip(riders, looks, strict=True)]
        settlements = [end for end in ends if isinstance(end, Settlement)]
        if settlements:
            settle(settlements, last=True)
    return [_outcome(end) if isinstance(end, Settlement) else end for end in ends]


def _end(rider: Rider, room: Room, seen: Look) -> Settlement | Outcome | Exception:
    """What the look says of the rider: an end without a word, or what is to be written of it."""
    end = early_end(rider, seen)
    return _decide(rider, room, seen) if end is None else end


def early_end(rider: Rider, seen: Look) -> Outcome | Exception | None:
    """What ends the trip without a decision: an answer given before, or why nothing can be decided by this look."""
    if seen.version != rider.draft.snapshot.version:
        return Overtaken()
    if isinstance(seen.repeat, KeyReused):
        return seen.repeat
    if seen.repeat is not None:
        return Outcome(seen.repeat.status, {}, seen.repeat)
    if not seen.active:
        return AgencySuspended()
    if seen.missing:
        return CountersMissing(rider.draft, seen.missing)
    return None


def _decide(rider: Rider, room: Room, seen: Look) -> Settlement:
    """Decide by what was seen and what the leads before this one took."""
    draft, now = rider.draft, rider.asked.market.now
    fate, decided = early_fate(draft, seen), None
    if fate is None:
        market = rider.asked.answered(state_of(rider, room, seen))
        fate, market, verdicts = fate_of(draft, market, decide(market, rider.asked.screened), now=now)
        room.take(market, verdicts)
        decided = (market, verdicts, record_terms(draft.campaign.terms, number=draft.snapshot.version))
    body = answer(draft, fate)
    again = (rider.repeat, status_of(fate)) if rider.repeat else None
    return Settlement(
        draft=draft,
        fate=fate,
        now=now,
        decided=decided,
        kind=rider.kind,
        repeat=again,
        body=body,
        content=json.dumps(body),
    )


def status_of(fate: Fate) -> int:
    """The HTTP status that says it: 202 while the lead is pending."""
    return 202 if fate.status == "pending" else 201


def _outcome(settled: Settlement) -> Outcome:
    return Outcome(status_of(settled.fate), settled.body, made=settled)


def early_fate(draft: Draft, seen: Look) -> Fate | None:
    """What ends the trip before any buyer is asked: missing or old consent, or a person seen before.

    Of a lead that others have already neither takes anything back.
    """
    reason = consent_rejection(
        draft.data.fields,
        received_at=draft.received_at,
        required=draft.campaign.consent_required,
        max_age_days=draft.campaign.consent_max_age_days,
    )
    if reason is not None:
        return joined(draft.standing, rejected_fate(reason))
    if seen.duplicate_of is not None and not draft.stored:
        return duplicate_fate(seen.duplicate_of)
    return None
