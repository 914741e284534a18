"""Reckons how each buyer differs from what the model says of its leads: nightly, from the answers that have matured.

No model per buyer: one number each for accepting and for returning, drawn towards those of the agency's other buyers of
the lead type. Until a buyer has given 50 answers it counts as one of them.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import numpy as np
from django.db import transaction

from accounts.principals import SystemActor
from accounts.versions import lock_configuration, publish_change
from scoring.examples import features_of_leads
from scoring.expectations import Habits, lead_chances, logit
from scoring.habits import habits_in
from scoring.models import BuyerHabits, Outcome, Target
from scoring.offsets import draw_offset, shrunk_rate
from scoring.serving import scorers_of

log = logging.getLogger(__name__)

WINDOW: Final = timedelta(days=180)
FEWEST: Final = 50
"""Answers of a buyer before it is told from the others."""
MOST: Final = 20_000
AUTOMATIC: Final = "system:reckon_habits"
_PLACES: Final = 6


class Answer(NamedTuple):
    """What one buyer did with one lead: accepted it, or having accepted returned it."""

    lead_ref: UUID
    buyer_ref: UUID
    label: bool


@dataclass
class _Told:
    """Log-odds that the model gave to leads, and what became of them, by buyer."""

    margins: dict[UUID, list[float]] = field(default_factory=lambda: defaultdict(list))
    labels: dict[UUID, list[bool]] = field(default_factory=lambda: defaultdict(list))

    def add(self, buyer: UUID, margin: float, *, label: bool) -> None:
        self.margins[buyer].append(margin)
        self.labels[buyer].append(label)

    def of(self, buyer: UUID | None) -> tuple[np.ndarray, np.ndarray]:
        """Margins and labels of one buyer; of all where none is named."""
        chosen = list(self.margins) if buyer is None else [buyer]
        margins = [one for key in chosen for one in self.margins.get(key, ())]
        labels = [one for key in chosen for one in self.labels.get(key, ())]
        return np.array(margins, dtype=float), np.array(labels, dtype=bool)


def reckon_habits(*, now: datetime) -> int:
    """Opens transactions. Reckon the habits of every agency's buyers by lead type; how many lead types changed.

    Publishes what changed as a change of configuration: habits are read with its snapshot, never for a lead. What fails
    is logged and holds up no other.
    """
    known = Outcome.objects.filter(target=Target.ACCEPTED, matured_at__lte=now, received_at__gt=now - WINDOW)
    kinds = known.order_by("agency_id", "lead_type").values_list("agency_id", "lead_type").distinct()
    return sum(_reckon_or_log(agency_id, lead_type, now) for agency_id, lead_type in kinds)


def _reckon_or_log(agency_id: UUID, lead_type: str, now: datetime) -> bool:
    try:
        return _reckon(agency_id, lead_type, now)
    except Exception:
        log.exception("the habits of buyers of %s could not be reckoned", lead_type)
        return False


def _reckon(agency_id: UUID, lead_type: str, now: datetime) -> bool:
    accepted, returned = (_answers(agency_id, lead_type, target, now) for target in (Target.ACCEPTED, Target.RETURNED))
    rows = _rows(agency_id, lead_type, accepted, returned)
    with transaction.atomic():
        lock_configuration(agency_id)
        changed = _write(agency_id, lead_type, rows, now)
        if changed:
            publish_change(
                actor=SystemActor(agency_id, AUTOMATIC),
                action="scoring.reckon_habits",
                object_id=lead_type,
                object_name=lead_type,
                changes={"buyers": [None, changed]},
            )
    return changed > 0


def _answers(agency_id: UUID, lead_type: str, target: Target, now: datetime) -> list[Answer]:
    rows = Outcome.objects.filter(
        agency_id=agency_id,
        lead_type=lead_type,
        target=target,
        matured_at__lte=now,
        received_at__gt=now - WINDOW,
        buyer_ref__isnull=False,
    )
    newest = rows.order_by("-received_at", "-id").values_list("lead_ref", "buyer_ref", "label")
    return [Answer(lead, buyer, label) for lead, buyer, label in newest[:MOST] if buyer is not None]


def _rows(
    agency_id: UUID, lead_type: str, accepted: Sequence[Answer], returned: Sequence[Answer]
) -> dict[UUID | None, BuyerHabits]:
    """The habits of each buyer and, under None, of all of them."""
    usual_return = shrunk_rate([answer.label for answer in returned], towards=0.5, weight=2)
    leads = [answer.lead_ref for answer in (*accepted, *returned)]
    model, chances = _chances(agency_id, lead_type, leads, usual_return)
    accepts = _told(accepted, {lead: accept for lead, (accept, _) in chances.items()})
    returns = _told(returned, {lead: chance for lead, (_, chance) in chances.items()})
    usual = _of(None, accepts, returns, Habits(0.5, usual_return), model)
    buyers = {buyer: _of(buyer, accepts, returns, habits_in(usual), model) for buyer in accepts.margins}
    return {None: usual, **{buyer: row for buyer, row in buyers.items() if row.answers >= FEWEST}}


def _chances(
    agency_id: UUID, lead_type: str, leads: Sequence[UUID], usual_return: float
) -> tuple[str, dict[UUID, tuple[float, float]]]:
    """What the scorer in charge says of these leads (acceptance, return), and which model it goes by."""
    scorer = scorers_of(agency_id=agency_id, lead_types=[lead_type])[lead_type]
    scores = ((lead, scorer.score(features)) for lead, features in features_of_leads(leads).items())
    model, chances = "", {}
    for lead, scored in scores:
        model, chances[lead] = scored.model, lead_chances(scored, usual_return)
    return model, chances


def _told(answers: Sequence[Answer], chances: Mapping[UUID, float]) -> _Told:
    told = _Told()
    for lead, buyer, label in answers:
        if lead in chances:
            told.add(buyer, logit(chances[lead]), label=label)
    return told


def _of(buyer: UUID | None, accepts: _Told, returns: _Told, towards: Habits, model: str) -> BuyerHabits:
    """The habits of one buyer, drawn towards those of all; for None of all, drawn towards the model itself."""
    margins, labels = accepts.of(buyer)
    taken, back = returns.of(buyer)
    weight = 2 if buyer is None else 20
    return BuyerHabits(
        buyer_ref=buyer,
        model=model,
        answers=len(labels),
        accepted=int(labels.sum()),
        taken=len(back),
        returned=int(back.sum()),
        accept_rate=round(shrunk_rate(labels, towards=towards.accept_rate, weight=weight), _PLACES),
        return_rate=round(shrunk_rate(back, towards=towards.return_rate, weight=weight), _PLACES),
        accept_offset=round(draw_offset(margins, labels, towards=towards.accept_offset), _PLACES),
        return_offset=round(draw_offset(taken, back, towards=towards.return_offset), _PLACES),
    )


def _write(agency_id: UUID, lead_type: str, rows: Mapping[UUID | None, BuyerHabits], now: datetime) -> int:
    """Put the rows in the place of those there were; how many differ in anything that decides."""
    before = {row.buyer_ref: row for row in BuyerHabits.objects.filter(agency_id=agency_id, lead_type=lead_type)}
    differing = {buyer for buyer in {*before, *rows} if _decisive(before.get(buyer)) != _decisive(rows.get(buyer))}
    if differing:
        BuyerHabits.objects.filter(agency_id=agency_id, lead_type=lead_type).delete()
        for row in rows.values():
            row.agency_id, row.lead_type, row.reckoned_at = agency_id, lead_type, now
        BuyerHabits.objects.bulk_create(rows.values())
    return len(differing)


def _decisive(row: BuyerHabits | None) -> tuple[object, ...] | None:
    return None if row is None else (row.model, *habits_in(row))
