"""What became of leads, written down for scoring by those who know: the labels that models learn and are judged by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from django.db import transaction

from scoring.models import Outcome, Target

_TOLD_AGAIN: Final = ("lead_type", "received_at", "label", "value", "matured_at", "source_ref", "campaign_ref")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One fact about one live lead. `buyer_ref` where the target is about a buyer: `accepted`, `returned`, `converted`.

    `matured_at` is when no later news can turn the label: for `stuck` and `returned` the end of the return window, for
    `converted` the receipt and the horizon. `value` is in minor units. Not facts: buyers whose cap, budget or hours
    ended, who did not answer, leads that no buyer's filters matched, duplicates, tests.
    """

    agency_id: UUID
    lead_ref: UUID
    lead_type: str
    target: Target
    label: bool
    received_at: datetime
    matured_at: datetime
    buyer_ref: UUID | None = None
    source_ref: UUID | None = None
    campaign_ref: UUID | None = None
    value: int | None = None
    origin: Outcome.Origin = Outcome.Origin.LIVED


def outcome_id(lead_ref: UUID, target: str, buyer_ref: UUID | None = None) -> UUID:
    """The id of the outcome of this lead in this respect."""
    return uuid5(lead_ref, f"{target}:{buyer_ref or ''}")


def record_outcomes(*, observed: Sequence[Observed]) -> int:
    """Opens a transaction. Write the facts down, replacing what was told before of the same; how many.

    Takes no lock but on its own rows, which it touches in the order of their ids, so that two tellers cannot deadlock.
    """
    rows = {row.id: row for row in map(_row, observed)}
    with transaction.atomic():
        Outcome.objects.bulk_create(
            [rows[key] for key in sorted(rows)],
            batch_size=500,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=_TOLD_AGAIN,
        )
    return len(rows)


def _row(one: Observed) -> Outcome:
    return Outcome(
        id=outcome_id(one.lead_ref, one.target, one.buyer_ref),
        agency_id=one.agency_id,
        lead_ref=one.lead_ref,
        lead_type=one.lead_type,
        campaign_ref=one.campaign_ref,
        source_ref=one.source_ref,
        buyer_ref=one.buyer_ref,
        target=one.target,
        label=one.label,
        value=one.value,
        origin=one.origin,
        received_at=one.received_at,
        matured_at=one.matured_at,
    )
