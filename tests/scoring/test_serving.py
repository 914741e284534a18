"""Scoring in the process: right under threads and swaps, by the scorecard wherever a model cannot be trusted."""

import subprocess
import sys
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from time import monotonic

import pytest
from django.db import OperationalError, connection

from accounts.models import Agency
from scoring import serving
from scoring.models import Model, Target
from scoring.registry import promote_model
from scoring.scopes import Scope
from scoring.sealing import BadModel
from scoring.serving import FALLBACKS, ServedScorer, load_model, scorers_of
from scoring.training import train_model
from tests.processes import ROOT
from tests.scoring.making import MAY, TYPE, an_agency, remember, sample

JUNE = MAY + timedelta(days=31)
TWO_MODELS = 2


def champion(agency: Agency, seed: int) -> Model:
    """A learned model in charge; `seed` makes it differ."""
    model = train_model(scope=Scope(agency.pk, TYPE, Target.STUCK), now=JUNE, seed=seed)
    return promote_model(model=model, actor="test", now=JUNE)


@pytest.fixture
def agency() -> Agency:
    agency = an_agency()
    remember(agency, sample(1200, seed=1))
    return agency


@pytest.mark.django_db
def test_sixteen_threads_get_the_values_of_one_also_while_models_are_swapped(agency: Agency) -> None:
    rows = sample(60, seed=7).rows
    models = [load_model(champion(agency, seed)) for seed in range(TWO_MODELS)]
    right = [[model.score(row).log_odds for row in rows] for model in models]
    assert right[0] != right[1]
    published = [0]

    def read(_: int) -> bool:
        for place, row in enumerate(rows):
            which = published[0]
            if models[which].score(row).log_odds != right[which][place]:
                return False
            published[0] = 1 - which
        return True

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(read, range(64)))


@pytest.mark.django_db
def test_a_model_that_is_not_what_was_stored_is_never_used(agency: Agency) -> None:
    model = champion(agency, 3)
    Model.objects.filter(pk=model.pk).update(intercept=model.intercept + 5)
    with pytest.raises(BadModel):
        load_model(Model.objects.get(pk=model.pk))
    before = FALLBACKS._value.get()
    scored = scorers_of(agency_id=agency.pk, lead_types=[TYPE])[TYPE].score(sample(1, seed=5).rows[0])
    assert scored.model == "scorecard-1"
    assert FALLBACKS._value.get() == before + 1


@pytest.mark.django_db
def test_a_model_whose_bytes_are_broken_leaves_the_scorecard_in_charge(agency: Agency) -> None:
    model = champion(agency, 4)
    Model.objects.filter(pk=model.pk).update(leaves=bytes(model.leaves)[:100])
    scored = scorers_of(agency_id=agency.pk, lead_types=[TYPE])[TYPE].score(sample(1, seed=5).rows[0])
    assert scored.stage == "rules"


@pytest.mark.django_db
def test_a_model_that_fails_at_a_lead_leaves_it_to_the_scorecard(agency: Agency) -> None:
    class Failing:
        def score(self, features: object) -> None:
            raise RuntimeError("no trees")

    served = scorers_of(agency_id=agency.pk, lead_types=[TYPE])[TYPE]
    assert isinstance(served, ServedScorer)
    failing = ServedScorer(Failing(), None, None, served.percentiles, calibrated=False)  # type: ignore[arg-type]
    assert failing.score(sample(1, seed=5).rows[0]).stage == "rules"


@pytest.mark.django_db
def test_a_model_beside_the_score_that_fails_says_nothing_and_the_score_stands(agency: Agency) -> None:
    class Failing:
        def score(self, features: object) -> None:
            raise RuntimeError("no trees")

    model = champion(agency, 3)
    served = scorers_of(agency_id=agency.pk, lead_types=[TYPE])[TYPE]
    assert isinstance(served, ServedScorer)
    row = sample(1, seed=5).rows[0]
    scored = replace(served, returns=Failing()).score(row)  # type: ignore[arg-type]
    assert (scored.model, scored.return_probability) == (model.public_id, None)
    assert scored.log_odds == served.score(row).log_odds


@pytest.mark.django_db(transaction=True)
def test_a_standing_that_cannot_be_read_costs_no_lead_its_score(agency: Agency) -> None:
    model = champion(agency, 3)
    served = scorers_of(agency_id=agency.pk, lead_types=[TYPE])[TYPE]

    def refuse(execute: object, sql: str, *rest: object) -> None:
        raise OperationalError("database is locked")

    with connection.execute_wrapper(refuse):
        scored = served.score(sample(1, seed=5).rows[0])
    assert (scored.model, scored.percentile) == (model.public_id, bisect_left(model.reference, scored.probability))


@pytest.mark.django_db
def test_a_process_keeps_no_more_models_than_it_may(agency: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_MOST_LOADED", 2)
    serving._loaded.clear()
    models = []
    for seed in range(4):
        models.append(champion(agency, 20 + seed).pk)
        scorers_of(agency_id=agency.pk, lead_types=[TYPE])
    assert list(serving._loaded) == models[-2:]


@pytest.mark.django_db
def test_while_one_thread_reads_where_scores_stand_the_others_go_by_the_training(agency: Agency) -> None:
    model = champion(agency, 6)
    served = scorers_of(agency_id=agency.pk, lead_types=[TYPE])[TYPE]
    assert isinstance(served, ServedScorer)
    served.percentiles._read_at = monotonic()  # another thread has begun
    scored = served.score(sample(1, seed=5).rows[0])
    assert scored.percentile == bisect_left(model.reference, scored.probability)


@pytest.mark.django_db
def test_a_reloaded_model_gives_the_same_scores_to_the_last_bit(agency: Agency) -> None:
    model = champion(agency, 5)
    first, again = load_model(model), load_model(Model.objects.get(pk=model.pk))
    rows = sample(50, seed=8).rows
    assert [first.score(row) for row in rows] == [again.score(row) for row in rows]


def test_a_process_with_scorecards_alone_never_loads_the_library() -> None:
    script = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'leaddistro.settings'; django.setup();"
        "import leaddistro.wsgi, leaddistro.urls, leads.pipeline, scoring.serving, scoring.registry;"
        "print([name for name in ('xgboost', 'numpy', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
