"""What a buyer is expected to do: the model's word on the lead and the buyer's own record."""

from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.expectations import Expectations, Habits, lead_chances, logit, sigmoid
from scoring.offsets import draw_offset, shrunk_rate
from scoring.scorecard import Scored

STRICT, NEW = UUID(int=1), UUID(int=2)
USUAL = Habits(accept_rate=0.7, return_rate=0.2)


def scored(probability: float, *, returned: float | None = None, model: str = "mdl_1", sure: bool = True) -> Scored:
    return Scored(
        score=round(100 * probability),
        probability=probability,
        log_odds=logit(probability),
        base=0.0,
        contributions={},
        reasons=(),
        stage="learned",
        model=model,
        return_probability=returned,
        calibrated=sure,
    )


def expectations(**habits: float) -> Expectations:
    strict = Habits(accept_rate=0.4, return_rate=0.3, **habits)
    return Expectations(model="mdl_1", usual=USUAL, buyers={STRICT: strict})


def test_a_lead_that_sticks_was_accepted_and_not_returned() -> None:
    assert lead_chances(scored(0.6, returned=0.25), usual_return=0.9) == pytest.approx((0.8, 0.25))
    assert lead_chances(scored(0.6), usual_return=0.2) == pytest.approx((0.75, 0.2))
    assert lead_chances(scored(0.95, returned=0.5), usual_return=0.2)[0] == 1.0


def test_a_buyer_moves_the_models_word_by_its_offsets() -> None:
    told = expectations(accept_offset=-1.0, return_offset=0.5).of(scored(0.6, returned=0.25), STRICT)

    assert told.basis == "model"
    assert told.accept == pytest.approx(sigmoid(logit(0.8) - 1.0))
    assert told.returned == pytest.approx(sigmoid(logit(0.25) + 0.5))


def test_a_buyer_too_new_to_have_habits_is_as_buyers_are() -> None:
    told = expectations(accept_offset=-1.0).of(scored(0.6, returned=0.25), NEW)

    assert (round(told.accept, 9), round(told.returned, 9), told.basis) == (0.8, 0.25, "model")


@pytest.mark.parametrize("other", [{"sure": False}, {"model": "mdl_2"}])
def test_where_no_calibrated_score_of_that_model_speaks_the_record_decides(other: dict[str, Any]) -> None:
    told = expectations(accept_offset=-1.0).of(scored(0.6, **other), STRICT)

    assert told == (0.4, 0.3, "record")


def test_without_answers_an_offset_is_that_of_the_group() -> None:
    none = np.array([]), np.array([], dtype=bool)

    assert draw_offset(*none, towards=0.3) == 0.3
    assert shrunk_rate([], towards=0.3, weight=20) == 0.3


def test_many_answers_tell_the_offset_and_few_leave_it_near_the_group() -> None:
    margins = np.zeros(4_000)
    labels = np.arange(4_000) % 4 == 0  # a quarter, where the model said half

    assert draw_offset(margins, labels, towards=0.0) == pytest.approx(logit(0.25), abs=0.01)
    few = draw_offset(margins[:8], labels[:8], towards=0.0)
    assert logit(0.25) / 2 < few < 0
    assert shrunk_rate(labels[:20], towards=0.75, weight=20) == 0.5


@given(st.lists(st.tuples(st.floats(-8, 8), st.booleans()), max_size=60), st.floats(-3, 3))
def test_an_offset_is_where_its_likelihood_is_flat(answers: list[tuple[float, bool]], towards: float) -> None:
    margins = np.array([margin for margin, _ in answers])
    labels = np.array([label for _, label in answers], dtype=bool)

    found = draw_offset(margins, labels, towards=towards)

    expected = np.array([sigmoid(margin + found) for margin in margins])
    slope = float((labels - expected).sum()) - (found - towards) / 0.25
    assert abs(found) == 6.0 or abs(slope) < 1e-6
