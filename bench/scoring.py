"""How well and how fast the product's scorer does on any table with a yes/no target:

    python -m bench.scoring --train FILE --test FILE --target COLUMN --features SPEC.json --json

Nothing here learns or scores: reading, features, training, calibration, scoring and reasons are the product's own. The
model is fitted to the training rows alone; what is reported is of the test rows.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from math import log
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from bench.report import percentile
from scoring import library
from scoring.calibrated import CalibratedScorecard
from scoring.features import Features
from scoring.learning import Fitted, TooFewOutcomes, learn, scorecard_alone, stage_for
from scoring.metrics import Labels, ece_by_chance, summary
from scoring.scorecard import SCORECARD, Scored, Scorer
from scoring.tables import BadTable, Row, TableReader, TableSpec, learn_reader, read_flag, read_table

SINGLE = 2_000
"""How many test rows are scored one by one, with reasons, as a web request does it."""
WARM_UP = 50


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; 0, or 2 with one line that says what is wrong with the input."""
    options = _options().parse_args(arguments)
    try:
        found = measure(options.train, options.test, options.target, _spec(options.features), seed=options.seed)
    except (BadTable, OSError) as error:
        print(f"bench.scoring: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(found))
    else:
        print("\n".join(f"{name:<34}{value}" for name, value in found.items()))
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.scoring", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--train", type=Path, required=True, help="the CSV file to learn from, packed or not")
    parser.add_argument("--test", type=Path, required=True, help="the CSV file to be judged on")
    parser.add_argument("--target", required=True, help="the column that holds yes or no")
    parser.add_argument("--features", type=Path, help='JSON: {"drop", "numeric", "categorical", "time"}, all optional')
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    return parser


def _spec(path: Path | None) -> TableSpec:
    if path is None:
        return TableSpec()
    try:
        record = json.loads(path.read_text("utf-8-sig"))
    except ValueError as error:
        raise BadTable(f"{path} is not JSON: {error}") from error
    if not isinstance(record, dict):
        raise BadTable(f'{path} must hold an object such as {{"drop": ["column"]}}.')
    for member in sorted(set(record) - {"drop", "numeric", "categorical", "time"}):
        _warn(f"{path} says {member!r}, which means nothing here.")
    return TableSpec.from_record(record)


def _warn(doubt: str) -> None:
    """A word on what is likely to be a typing error, which the figures would not show."""
    print(f"bench.scoring: {doubt}", file=sys.stderr)


def measure(train: Path, test: Path, target: str, spec: TableSpec, *, seed: int) -> dict[str, Any]:
    """Learn from one table and judge on the other. Raises BadTable, OSError."""
    learned_from = read_table(train, forgiving=True)
    reader = learn_reader(learned_from, target, spec)
    for name in sorted(spec.drop.difference(*learned_from[:1])):
        _warn(f"there is no column {name!r} to drop.")
    for name in sorted(set(spec.time) - set(reader.times)):
        _warn(f"the column {name!r} holds no times, and is left out.")
    rows, labels = _labelled(learned_from, reader, target)
    began = perf_counter()
    fitted = _learned(rows, labels, reader, seed)
    seconds = perf_counter() - began
    tested, truth = (rows, labels) if test == train else _tested(test, learned_from[0], reader, target)
    scorer = scorer_of(fitted)
    started = perf_counter()
    scored = [scorer.score(row) for row in tested]
    chances = np.array([one.probability for one in scored])
    return {
        **summary(chances, truth),
        "ece_if_perfect": ece_by_chance(chances, seed=seed),
        **_latency(scorer, tested),
        "reasons_additive_max_error": max(map(_additive_error, scored)),
        "reasons_against_trees_max_error": _error_against_trees(fitted, tested, scored),
        "scores_per_second": round(len(tested) / (perf_counter() - started), 1),
        "stage": fitted.stage,
        "library": fitted.library,
        "rounds": fitted.parameters.get("rounds", 0),
        "features": list(fitted.vocabulary.names),
        "train_rows": len(rows),
        "train_positives": int(labels.sum()),
        "test_rows": len(tested),
        "train_seconds": round(seconds, 2),
        "model_bytes": len(fitted.body),
        "slope": fitted.platt.slope,
        "intercept": fitted.platt.intercept,
    }


def _learned(rows: Sequence[Features], labels: Labels, reader: TableReader, seed: int) -> Fitted:
    """What the product would score by after these outcomes."""
    try:
        stage = _stage(rows, labels)
        return learn(rows, labels, seed=seed, stage=stage, categories=reader.categories, numbers=reader.numbers)
    except TooFewOutcomes:
        return scorecard_alone(rows, labels, seed=seed)


def _tested(test: Path, known: Row, reader: TableReader, target: str) -> tuple[list[Features], Labels]:
    table = read_table(test, forgiving=True)
    missing = sorted(set(known).difference(*table[:1]))
    if target in missing:
        raise BadTable(f"{test.name} has no column {target!r}.")
    for name in missing:
        _warn(f"{test.name} has no column {name!r}: it is missing in every row.")
    return _labelled(table, reader, target)


def _stage(rows: Sequence[Features], labels: Labels) -> str:
    """The stage that the outcomes allow; the points table is not calibrated where it knows none of the columns.

    How many cells are filled is no column of the table.
    """
    stage, known = stage_for(labels), {rule.feature for rule in SCORECARD.rules} - {"filled_share"}
    return "additive" if stage == "calibrated" and known.isdisjoint(rows[0]) else stage


def _labelled(table: Sequence[Row], reader: TableReader, target: str) -> tuple[list[Features], Labels]:
    """Features and labels of the rows whose target is known. Rows count from 1, without the header."""
    pairs = []
    for number, row in enumerate(table, 1):
        try:
            label = read_flag(row.get(target, ""))
        except BadTable as error:
            raise BadTable(f"Row {number}, column {target!r}: {error}") from error
        if label is not None:
            pairs.append((reader.features(row), label))
    if not pairs:
        raise BadTable(f"No row has a value in the column {target!r}.")
    return [features for features, _ in pairs], np.array([label for _, label in pairs])


def scorer_of(fitted: Fitted) -> Scorer:
    """The scorer that a web process would load of this model."""
    line = {"slope": fitted.platt.slope, "intercept": fitted.platt.intercept}
    if not fitted.body:
        return CalibratedScorecard(**line, stage=fitted.stage, model="bench")
    scorer: Scorer = library.learned().load_learned(
        leaves=fitted.leaves(), spec=fitted.vocabulary.record(), **line, stage=fitted.stage, model="bench"
    )
    return scorer


def _latency(scorer: Scorer, rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Milliseconds for one lead with reasons, from features to the answer's values."""
    taken = []
    for row in [*rows[:WARM_UP], *rows[:SINGLE]]:
        began = perf_counter()
        scorer.score(row)
        taken.append(1000 * (perf_counter() - began))
    taken = taken[min(WARM_UP, len(rows)) :]
    return {"latency_p50_ms": round(percentile(taken, 0.5), 4), "latency_p99_ms": round(percentile(taken, 0.99), 4)}


def _additive_error(one: Scored) -> float:
    """By how much base and contributions miss the log-odds of the probability that was answered."""
    told = one.base + sum(one.contributions.values())
    return abs(told - log(one.probability / (1 - one.probability)))


def _error_against_trees(fitted: Fitted, rows: Sequence[Features], scored: Sequence[Scored]) -> float:
    """By how much they miss what the trees say when they are asked without reasons: rounding to 32 bits, no more."""
    if not fitted.body:
        return 0.0
    trees = library.booster()
    asked = fitted.platt.apply(
        trees.Trees(fitted.body, fitted.vocabulary).margins(trees.matrix(fitted.vocabulary, rows))
    )
    return float(np.abs(np.array([one.log_odds for one in scored]) - asked).max())


if __name__ == "__main__":
    sys.exit(main())
