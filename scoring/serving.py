"""The scorer of an agency's lead type as the trip of a lead uses it: built once per configuration, never changed.

It is part of the configuration's snapshot: promoting a model is a change of configuration, so the next lead in every
process is scored by the new champion, and a lead that is under way by the old one. Whatever is wrong with a learned
model (its bytes, its library, its answer), the scorecard takes over.
"""

import logging
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Final, Union
from uuid import UUID

from django.db import DatabaseError
from django.db.models import Q
from prometheus_client import Counter

from scoring import library
from scoring.calibrated import CalibratedScorecard
from scoring.features import Feature, Features, shared_features
from scoring.models import Model, Policy, Recalibration, Standing, State, Target
from scoring.scorecard import SCORECARD, Scored, Scorer
from scoring.sealing import check_hash
from scoring.watches import alarmed_models

if TYPE_CHECKING:
    from scoring.learned import LearnedScorer

log = logging.getLogger(__name__)

FALLBACKS: Final = Counter("scoring_fallbacks", "Leads scored by the scorecard because the learned model failed")
STANDING_SECONDS: Final = 600
"""How long a process believes a standing before it reads it again."""

_HEAVY: Final = ("body", "leaves", "report", "metrics")

FittedScorer = Union[CalibratedScorecard, "LearnedScorer"]

_loaded: dict[UUID, FittedScorer] = {}
"""Models by id, the one used last at the end: their bytes never change, so each process loads each of them once."""
_MOST_LOADED: Final = 64
"""What is beyond them and still in charge is kept by the configuration that it serves."""


class _Percentiles:
    """Where a probability stands among the latest of its kind. Read again when it is old; one statement then."""

    def __init__(self, agency_id: UUID, lead_type: str, model: str, reference: Iterable[float]) -> None:
        self._wanted = {"agency_id": agency_id, "lead_type": lead_type, "model": model}
        self._reference = list(reference)
        self._cuts = self._reference  # while the first reading is under way, other threads go by it
        self._read_at = -float(STANDING_SECONDS)

    def of(self, probability: float) -> int | None:
        """The share of leads that scored lower, in per cent; None where nothing is known of them."""
        if monotonic() - self._read_at >= STANDING_SECONDS:
            self._read_at = monotonic()
            self._read()
        return bisect_left(self._cuts, probability) if self._cuts else None

    def _read(self) -> None:
        """What cannot be read now is read ten minutes later: no lead waits or fails for it."""
        try:
            standing = Standing.objects.filter(**self._wanted).first()
        except DatabaseError:
            log.exception("no standing could be read")
        else:
            self._cuts = standing.cuts if standing else self._reference


@dataclass(frozen=True, slots=True)
class ServedScorer:
    """Implements scoring.scorecard.Scorer by the champions of the three targets; behind that of `stuck` the scorecard.

    `calibrated` where a champion is in charge and the watch has no alarm about it.
    """

    main: Scorer
    returns: Scorer | None
    converts: Scorer | None
    percentiles: _Percentiles
    calibrated: bool = False

    def score(self, features: Mapping[str, Feature]) -> Scored:
        """The score of a lead with these features, and how long it took. Never fails."""
        began = perf_counter()
        try:
            scored = self.main.score(features)
        except Exception:
            log.exception("the champion failed; the scorecard answers")
            FALLBACKS.inc()
            return replace(SCORECARD.score(features), micros=_micros_since(began))
        return replace(
            scored,
            percentile=self.percentiles.of(scored.probability),
            return_probability=_chance(self.returns, features),
            conversion_probability=_chance(self.converts, features),
            calibrated=self.calibrated,
            micros=_micros_since(began),
        )


def _micros_since(began: float) -> int:
    return round(1_000_000 * (perf_counter() - began))


def _chance(scorer: Scorer | None, features: Mapping[str, Feature]) -> float | None:
    """What a model beside the score says; one that fails says nothing, and the score stands."""
    try:
        return None if scorer is None else round(scorer.score(features).probability, 6)
    except Exception:
        log.exception("a champion beside the score failed")
        FALLBACKS.inc()
        return None


@dataclass(frozen=True, slots=True)
class SharedScorer:
    """Implements scoring.scorecard.Scorer by a model of several agencies, for one of them."""

    scorer: Scorer
    agency: str

    def score(self, features: Mapping[str, Feature]) -> Scored:
        """The score of this agency's lead."""
        return self.scorer.score(self.seen(features))

    def seen(self, features: Mapping[str, Feature]) -> Features:
        """The features as the model knows them."""
        return shared_features(features, self.agency)


def scorers_of(*, agency_id: UUID, lead_types: Iterable[str]) -> dict[str, Scorer]:
    """The scorers of these lead types. Four statements, and the loading of models that this process has not seen."""
    wanted = set(lead_types)
    shares = set(Policy.objects.filter(agency_id=agency_id, shares=True).values_list("lead_type", flat=True))
    champions = champions_of(agency_id, wanted, shares)
    alarmed = alarmed_models(agency_id)
    lines = {
        row.model_id: row
        for row in Recalibration.objects.filter(agency_id=agency_id, model__in=[one.pk for one in champions.values()])
    }
    return {lead_type: _served(agency_id, lead_type, champions, lines, alarmed) for lead_type in wanted}


def champions_of(agency_id: UUID, lead_types: set[str], shares: set[str]) -> dict[tuple[str, str], Model]:
    """Champions by lead type and target: the agency's own before a shared one, which only those have who share."""
    whose = Q(agency__isnull=True) | Q(agency_id=agency_id)
    rows = Model.objects.filter(whose, state=State.CHAMPION, lead_type__in=lead_types).defer(*_HEAVY)
    usable = [row for row in rows if row.agency_id is not None or row.lead_type in shares]
    usable.sort(key=lambda row: row.agency_id is not None)
    return {(row.lead_type, row.target): row for row in usable}


def _served(
    agency_id: UUID,
    lead_type: str,
    champions: Mapping[tuple[str, str], Model],
    lines: Mapping[UUID, Recalibration],
    alarmed: Set[tuple[str, str]],
) -> Scorer:
    main = champions.get((lead_type, Target.STUCK))
    loaded, returns, converts = (
        _load(agency_id, champion, lines) if (champion := champions.get((lead_type, target))) else None
        for target in (Target.STUCK, Target.RETURNED, Target.CONVERTED)
    )
    return ServedScorer(
        main=loaded or SCORECARD,
        returns=returns,
        converts=converts,
        percentiles=_Percentiles(
            agency_id,
            lead_type,
            main.public_id if main and loaded else SCORECARD.version,
            main.reference if main and loaded and main.agency_id else (),  # of a shared one it is of all agencies
        ),
        calibrated=bool(main and loaded and (lead_type, main.public_id) not in alarmed),
    )


def _load(agency_id: UUID, model: Model, lines: Mapping[UUID, Recalibration]) -> Scorer | None:
    """The champion for this agency, ready to score; None where it cannot be had, which is logged."""
    try:
        scorer = _loaded.get(model.pk) or load_model(model)
    except Exception:
        log.exception("model %s cannot be loaded; the scorecard answers", model.public_id)
        FALLBACKS.inc()
        return None
    _keep(model.pk, scorer)
    if line := lines.get(model.pk):
        slope, intercept = line.slope * scorer.slope, line.slope * scorer.intercept + line.intercept
        scorer = replace(scorer, slope=slope, intercept=intercept)
    return scorer if model.agency_id else SharedScorer(scorer, str(agency_id))


def _keep(model_id: UUID, scorer: FittedScorer) -> None:
    _loaded.pop(model_id, None)
    _loaded[model_id] = scorer
    for longest_unused in [*_loaded][:-_MOST_LOADED]:
        _loaded.pop(longest_unused, None)


def load_model(model: Model) -> FittedScorer:
    """A stored model, ready to score features as its scope has them.

    Raises scoring.sealing.BadModel where its hash is wrong, and what `scoring.learned.load_learned` raises.
    """
    check_hash(model)
    if not model.body:
        return CalibratedScorecard(model.slope, model.intercept, model.stage, model.public_id)
    scorer: FittedScorer = library.learned().load_learned(
        leaves=bytes(model.leaves),
        spec=model.spec,
        slope=model.slope,
        intercept=model.intercept,
        stage=model.stage,
        model=model.public_id,
    )
    return scorer
