"""Where the latest probabilities of an agency's lead type stand: what percentiles are read from."""

from collections import Counter, defaultdict, deque
from datetime import datetime, timedelta
from statistics import quantiles
from typing import Final
from uuid import UUID

from core.ids import first_id
from scoring.models import Score, Standing

LATEST: Final = 5_000
LONGEST: Final = timedelta(days=30)
FEWEST: Final = 100


def reckon_standings(*, now: datetime) -> int:
    """Opens transactions. Where probabilities of each agency and lead type stand among the latest; how many."""
    done = 0
    since = first_id(now - LONGEST)
    for (agency_id, lead_type), model in _scored_lately(now).items():
        latest = Score.objects.filter(agency_id=agency_id, lead_type=lead_type, model=model, mode="live", id__gte=since)
        chances = list(latest.order_by("-id").values_list("probability", flat=True)[:LATEST])
        if len(chances) >= FEWEST:
            cuts = quantiles(chances, n=100, method="inclusive")
            Standing.objects.update_or_create(
                agency_id=agency_id,
                lead_type=lead_type,
                defaults={"model": model, "cuts": cuts, "leads": len(chances), "reckoned_at": now},
            )
            done += 1
    return done


def _scored_lately(now: datetime) -> dict[tuple[UUID, str], str]:
    """Who gave most of the latest hundred scores of the last day, by agency and lead type: no single fallback."""
    recent = Score.objects.filter(mode="live", id__gte=first_id(now - timedelta(days=1)))
    latest: dict[tuple[UUID, str], deque[str]] = defaultdict(lambda: deque(maxlen=FEWEST))
    for agency_id, lead_type, model in recent.order_by("id").values_list("agency_id", "lead_type", "model").iterator():
        latest[agency_id, lead_type].append(model)
    return {kind: Counter(models).most_common(1)[0][0] for kind, models in latest.items()}
