"""The scorer's benchmark on generated tables: it learns from one file alone and tells the truth about the other."""

import json
from pathlib import Path

import numpy as np
import pytest

from bench.scoring import main
from scoring.metrics import auc
from tests.scoring.making import Sample, sample

PROMISED = {
    "auc",
    "log_loss",
    "brier",
    "ece",
    "lift_top_decile",
    "mean_probability",
    "true_rate",
    "latency_p50_ms",
    "latency_p99_ms",
    "reasons_additive_max_error",
}


def written(file: Path, found: Sample, yes: str, no: str) -> Path:
    names = sorted(found.rows[0])
    lines = [";".join([*names, "leak", "sold"])]
    for row, label in zip(found.rows, found.labels, strict=True):
        cells = ["" if row[name] is None else str(row[name]) for name in names]
        lines.append(";".join([*cells, str(int(label)), yes if label else no]))
    file.write_text("\n".join(lines))
    return file


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    train = written(tmp_path / "train.csv", sample(3000, seed=21), "yes", "no")
    test = written(tmp_path / "test.csv", sample(2000, seed=22), "Y", "N")
    spec = tmp_path / "spec.json"
    spec.write_text('{"drop": ["leak"]}')
    return ["--train", str(train), "--test", str(test), "--features", str(spec), "--json"]


def test_it_prints_one_object_with_every_figure(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    truth = sample(2000, seed=22)
    assert main([*files, "--target", "sold"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found.keys() >= PROMISED
    assert auc(truth.chances, truth.labels) - 0.02 < found["auc"] < 0.9
    assert found["true_rate"] == truth.labels.mean()
    assert abs(found["mean_probability"] - truth.labels.mean()) < 0.03
    assert found["reasons_additive_max_error"] < 1e-9
    assert found["reasons_against_trees_max_error"] < 1e-4
    assert (found["stage"], found["test_rows"], "leak" in found["features"]) == ("learned", 2000, False)


def test_the_same_files_give_the_same_figures(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    figures = []
    for _ in range(2):
        assert main([*files, "--target", "sold"]) == 0
        found = json.loads(capsys.readouterr().out)
        figures.append([found[name] for name in ("auc", "log_loss", "ece", "rounds", "model_bytes")])
    assert figures[0] == figures[1]


def test_bad_input_is_one_line_that_names_it(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*files, "--target", "bought"]) == 2
    assert "There is no column 'bought'" in capsys.readouterr().err
    assert main([*files, "--target", "state"]) == 2
    assert "Row 1, column 'state'" in capsys.readouterr().err


def test_what_only_one_of_the_tables_has_is_told(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    test = Path(files[3])
    lines = [line.split(";") for line in test.read_text().splitlines()]
    test.write_text("\n".join(";".join(line[1:]) for line in lines))
    assert main([*files, "--target", "sold"]) == 0
    assert f"test.csv has no column {lines[0][0]!r}: it is missing in every row." in capsys.readouterr().err
    test.write_text("\n".join(";".join(line[:-1]) for line in lines))
    assert main([*files, "--target", "sold"]) == 2
    assert "test.csv has no column 'sold'." in capsys.readouterr().err


def test_columns_of_every_odd_kind_are_survived(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dice = np.random.default_rng(3)
    lines = ["id,empty,same,many,mixed,when,won"]
    for number in range(800):
        mixed = str(number) if number % 2 else f"w{number % 7}"
        won = "true" if dice.random() < (0.2 if number % 2 else 0.7) else "false"
        lines.append(f"{number},,x,{dice.integers(0, 10**9)}a,{mixed},2026-05-{number % 28 + 1:02d},{won}")
    file = tmp_path / "odd.csv"
    file.write_text("\n".join(lines))
    spec = tmp_path / "spec.json"
    spec.write_text("{}")
    odd = ["--train", str(file), "--test", str(file), "--target", "won", "--features", str(spec), "--json"]
    assert main(odd) == 0
    assert json.loads(capsys.readouterr().out)["features"] == ["mixed", "when.weekday"]


def test_of_a_small_table_that_the_points_table_knows_nothing_of_something_is_learned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = np.random.default_rng(5)
    lines = ["colour,size,won"]
    for number in range(200):
        colour = str(dice.choice(["red", "blue"]))
        won = dice.random() < (0.7 if colour == "red" else 0.2)
        lines.append(f"{colour},{'' if number % 5 == 0 else dice.integers(0, 9)},{int(won)}")
    file = tmp_path / "small.csv"
    file.write_text("\n".join(lines))
    assert main(["--train", str(file), "--test", str(file), "--target", "won", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["stage"], "colour" in found["features"]) == ("additive", True)
    assert found["auc"] > 0.7


def test_what_is_likely_to_be_misspelt_is_told(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path(files[5]).write_text('{"drop": ["leak", "leek"], "numerik": ["age"], "time": ["source"]}')
    assert main([*files, "--target", "sold"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["stage"] == "learned"
    for doubt in ("'numerik', which means nothing", "no column 'leek' to drop", "'source' holds no times"):
        assert doubt in told.err


def test_with_too_few_outcomes_the_scorecard_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = written(tmp_path / "few.csv", sample(25, seed=23), "1", "0")
    assert main(["--train", str(few), "--test", str(few), "--target", "sold", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["stage"], found["library"], found["features"]) == ("rules", "scorecard-1", [])
