"""What a model may be trained on or judged by: snapshots of features beside outcomes that nothing can turn any more."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import compress
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from scoring.features import Feature
from scoring.metrics import Labels
from scoring.models import FeatureSnapshot, Outcome, Target
from scoring.scopes import Scope

WINDOW: Final = timedelta(days=180)
FEWEST_IN_WINDOW: Final = 3_000
"""With fewer leads in the window, older ones are taken too."""
MOST: Final = 200_000
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Examples:
    """Leads in the order of their receipt: features as the model sees them, label, source and buyer."""

    refs: Sequence[UUID]
    rows: Sequence[Mapping[str, Feature]]
    labels: Labels
    received: Sequence[datetime]
    agencies: Sequence[UUID]
    sources: Sequence[UUID | None]
    buyers: Sequence[UUID | None]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def rarer(self) -> int:
        """How many outcomes of the rarer kind there are."""
        positives = int(self.labels.sum())
        return min(positives, len(self.labels) - positives)

    def fingerprint(self) -> bytes:
        """What tells these examples from any others: a hash over leads and labels."""
        lines = sorted(f"{ref}:{int(label)}" for ref, label in zip(self.refs, self.labels, strict=True))
        return sha256("\n".join(lines).encode()).digest()

    def part(self, kept: NDArray[np.bool_]) -> "Examples":
        """Those that are marked."""
        return Examples(
            refs=list(compress(self.refs, kept)),
            rows=list(compress(self.rows, kept)),
            labels=self.labels[kept],
            received=list(compress(self.received, kept)),
            agencies=list(compress(self.agencies, kept)),
            sources=list(compress(self.sources, kept)),
            buyers=list(compress(self.buyers, kept)),
        )


def training_examples(scope: Scope, *, now: datetime) -> Examples:
    """What the model of this scope may learn from: matured outcomes of the last 180 days, of longer where few came."""
    found = _examples(scope, now=now, limit=MOST)
    recent = np.array([moment > now - WINDOW for moment in found.received], dtype=bool)
    if recent.sum() >= FEWEST_IN_WINDOW:
        return found.part(recent)
    return found.part(np.arange(len(found)) >= len(found) - max(FEWEST_IN_WINDOW, int(recent.sum())))


def later_examples(scope: Scope, *, after: datetime, now: datetime) -> Examples:
    """Leads received after a model's last, whose outcomes have matured: what it can be judged by."""
    return _examples(scope, now=now, limit=MOST, after=after)


def _examples(scope: Scope, *, now: datetime, limit: int, after: datetime | None = None) -> Examples:
    outcomes = Outcome.objects.filter(
        agency__in=scope.agencies, lead_type=scope.lead_type, target=scope.target, matured_at__lte=now
    )
    if after is not None:
        outcomes = outcomes.filter(received_at__gt=after)
    newest = list(outcomes.order_by("-received_at", "-id")[:limit])
    known = features_of_leads([outcome.lead_ref for outcome in newest])
    usable = [outcome for outcome in reversed(newest) if outcome.lead_ref in known]
    return Examples(
        refs=[outcome.lead_ref for outcome in usable],
        rows=[scope.seen(known[outcome.lead_ref], outcome.agency_id) for outcome in usable],
        labels=np.array([outcome.label for outcome in usable], dtype=bool),
        received=[outcome.received_at for outcome in usable],
        agencies=[outcome.agency_id for outcome in usable],
        sources=[outcome.source_ref for outcome in usable],
        buyers=[outcome.buyer_ref for outcome in usable],
    )


def features_of_leads(refs: Iterable[UUID]) -> dict[UUID, Mapping[str, Feature]]:
    """The snapshots of these leads, without those whose snapshot is gone; a statement for every 500."""
    wanted = list(dict.fromkeys(refs))
    found: dict[UUID, Mapping[str, Feature]] = {}
    for start in range(0, len(wanted), _BATCH):
        rows = FeatureSnapshot.objects.filter(lead_ref__in=wanted[start : start + _BATCH])
        found |= dict(rows.values_list("lead_ref", "features"))
    return found


def buyers_of_leads(refs: Iterable[UUID]) -> dict[UUID, UUID]:
    """Who answered for these leads: the buyer that took it, else one that did not. A statement for every 500."""
    wanted = list(dict.fromkeys(refs))
    found: dict[UUID, UUID] = {}
    for start in range(0, len(wanted), _BATCH):
        rows = Outcome.objects.filter(lead_ref__in=wanted[start : start + _BATCH], target=Target.ACCEPTED)
        told = rows.order_by("label", "id").values_list("lead_ref", "buyer_ref")
        found |= {ref: buyer for ref, buyer in told if buyer is not None}
    return found
