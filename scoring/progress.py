"""How far an agency is on the way to a learned score: outcomes that count, and how many the next stage wants."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q

from scoring.models import Outcome, Stage, Target
from scoring.stages import FEWEST_FOR, FEWEST_LEADS_FOR, stage_reached


@dataclass(frozen=True, slots=True)
class Progress:
    """Matured outcomes of one target: of leads that stuck (were returned, converted), and of leads that did not."""

    positives: int = 0
    negatives: int = 0

    @property
    def reached(self) -> str:
        """The highest stage that these outcomes allow."""
        return stage_reached(self.positives, self.negatives)

    @property
    def next_stage(self) -> str | None:
        """The stage after that; None at the top."""
        stages = list(Stage)
        place = stages.index(Stage(self.reached)) + 1
        return stages[place] if place < len(stages) else None

    @property
    def missing_positives(self) -> int:
        """How many more leads that stuck the next stage wants."""
        return max(self._wanted - self.positives, 0)

    @property
    def missing_negatives(self) -> int:
        """How many more leads that did not."""
        return max(self._wanted - self.negatives, 0)

    @property
    def missing_leads(self) -> int:
        """How many more outcomes of any kind, beyond those two."""
        coming = self.positives + self.negatives + self.missing_positives + self.missing_negatives
        return max(FEWEST_LEADS_FOR.get(self.next_stage or "", 0) - coming, 0)

    @property
    def _wanted(self) -> int:
        return FEWEST_FOR.get(self.next_stage or "", 0)


def progress_of(
    *, agency_id: UUID, lead_types: Iterable[str], now: datetime, target: str = Target.STUCK
) -> dict[str, Progress]:
    """The progress of each lead type; one statement."""
    rows = Outcome.objects.filter(
        agency_id=agency_id, lead_type__in=list(lead_types), target=target, matured_at__lte=now
    )
    counts = rows.values("lead_type").annotate(
        positives=Count("pk", filter=Q(label=True)), negatives=Count("pk", filter=Q(label=False))
    )
    found = {row["lead_type"]: Progress(row["positives"], row["negatives"]) for row in counts.order_by("lead_type")}
    return {lead_type: found.get(lead_type, Progress()) for lead_type in lead_types}
