"""How far the leads of today are from those that a model learned from: population stability, feature by feature. Pure.

PSI is the sum over bins of (now - before) x ln(now / before). Without any drift it is about (bins - 1) x (1/now +
1/before) leads: among few leads the customary limits of 0.1 and 0.25 are noise, so every figure comes with its own.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.features import Feature
from scoring.platt import Floats
from scoring.vocabulary import Category, Number, learn_vocabulary, word_of

Rows = Sequence[Mapping[str, Feature]]
Counts = NDArray[np.float64]

BINS: Final = 10
_PROFILED_ON: Final = 20_000
_LEAST_BIN: Final = 0.02
"""Values of a category with a smaller share of the leads are one bin together."""


@dataclass(frozen=True, slots=True)
class Stability:
    """A population stability index, what noise alone would make of it, and on how many leads it stands."""

    psi: float
    noise: float
    leads: int


@dataclass(frozen=True, slots=True)
class Shift:
    """How one feature stands now beside then: its stability, and the shares that are missing or never seen before."""

    feature: str
    stability: Stability
    missing: float
    missing_before: float
    other: float
    other_before: float


def stability(before: Counts, now: Counts) -> Stability:
    """The index of two histograms over the same bins; half a lead is added to each, so that none is empty."""
    shares = [(counts + 0.5) / (counts.sum() + 0.5 * len(counts)) for counts in (now, before)]
    psi = float(((shares[0] - shares[1]) * np.log(shares[0] / shares[1])).sum())
    leads = int(now.sum())
    noise = (len(now) - 1) * (1 / max(leads, 1) + 1 / max(float(before.sum()), 1.0))
    return Stability(psi=psi, noise=noise, leads=leads)


def stability_of_scores(reference: Sequence[float], rows: int, chances: Floats) -> Stability | None:
    """How the probabilities given now stand to the 99 quantiles of those that the model had for `rows` leads.

    None where a model has no reference.
    """
    if not reference:
        return None
    cuts = np.unique(np.asarray(reference)[9::10][: BINS - 1])
    before = _histogram(cuts, np.append(reference, reference[-1])) * rows / (len(reference) + 1)
    return stability(before, _histogram(cuts, chances))


def _histogram(cuts: Floats, values: Floats) -> Counts:
    return np.bincount(np.searchsorted(cuts, values, side="left"), minlength=len(cuts) + 1).astype(np.float64)


# --- features ----------------------------------------------------------------------------------------------------


def profile_of(rows: Rows, names: Sequence[str]) -> dict[str, Any]:
    """The features of these leads as histograms, in JSON: what later leads are compared with."""
    part = rows[:: max(len(rows) // _PROFILED_ON, 1)]
    columns = learn_vocabulary(part, names=names).columns
    return {
        "leads": len(part),
        "features": {
            column.name: _of_category(column, part) if isinstance(column, Category) else _of_number(column.name, part)
            for column in columns
        },
    }


def shifts_of(profile: Mapping[str, Any], rows: Rows, names: Iterable[str]) -> list[Shift]:
    """How those of the profile's features that are named stand in these leads, the most changed first."""
    known = profile.get("features", {})
    found = [_shift(name, known[name], profile["leads"], rows) for name in names if name in known] if rows else []
    return sorted(found, key=lambda shift: (-shift.stability.psi, shift.feature))


def _of_category(column: Category, rows: Rows) -> dict[str, Any]:
    counts = Counter(word_of(row.get(column.name)) for row in rows)
    return {"values": {value: counts[value] for value in column.codes}, "missing": counts[None]}


def _of_number(name: str, rows: Rows) -> dict[str, Any]:
    values, missing = _numbers(name, rows)
    cuts = np.unique(np.quantile(values, np.arange(1, BINS) / BINS)) if len(values) else np.empty(0)
    return {"cuts": cuts.tolist(), "counts": _histogram(cuts, values).tolist(), "missing": missing}


def _numbers(name: str, rows: Rows) -> tuple[Floats, int]:
    values = np.array([Number(name).encode(row.get(name)) for row in rows], dtype=np.float64)
    known = values[~np.isnan(values)]
    return known, len(values) - len(known)


def _shift(name: str, before: Mapping[str, Any], leads: int, rows: Rows) -> Shift:
    then, now, other_before, other = (_numeric if "cuts" in before else _categorical)(name, before, leads, rows)
    return Shift(
        feature=name,
        stability=stability(then, now),
        missing=float(now[-1]) / len(rows),
        missing_before=before["missing"] / leads,
        other=other / len(rows),
        other_before=other_before / leads,
    )


def _numeric(name: str, before: Mapping[str, Any], leads: int, rows: Rows) -> tuple[Counts, Counts, float, float]:
    """Histograms before and now, the missing last. Of a number nothing is other."""
    values, missing = _numbers(name, rows)
    then = np.append(before["counts"], before["missing"])
    return then, np.append(_histogram(np.asarray(before["cuts"]), values), missing), 0.0, 0.0


def _categorical(name: str, before: Mapping[str, Any], leads: int, rows: Rows) -> tuple[Counts, Counts, float, float]:
    """The same for a category: its usual values, the rest, the missing; and how many were never known by name."""
    values: Mapping[str, int] = before["values"]
    counts = Counter(word_of(row.get(name)) for row in rows)
    usual = [value for value, count in values.items() if count >= _LEAST_BIN * leads]
    then = [float(values[value]) for value in usual]
    now = [float(counts[value]) for value in usual]
    other_before = float(leads - sum(values.values()) - before["missing"])
    other = float(len(rows) - counts[None] - sum(counts[value] for value in values))
    then += [leads - sum(then) - before["missing"], before["missing"]]
    now += [len(rows) - sum(now) - counts[None], counts[None]]
    return np.array(then), np.array(now), other_before, other
