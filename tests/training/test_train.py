"""Claims about the training loop, the published model and its evaluation, on a small network."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from training.checkpoint import load_checkpoint
from training.config import FAST, PAPER
from training.evaluate import ExamScore, dice, evaluate, score_exam, stiffness_agreement
from training.network import Architecture
from training.publish import PublishError, half_weights, publish
from training.schedule import learning_rate
from training.store import CohortError, ExamRecord, split_of
from training.train import BEST_NAME, Trainer, TrainOptions

if TYPE_CHECKING:
    from pathlib import Path

MakeRecord = Callable[..., ExamRecord]


SMALL = Architecture(encoder="resnet18")


def _options(cohort: Path, out: Path, epochs: int) -> TrainOptions:
    return TrainOptions(
        data=cohort,
        out=out,
        recipe=replace(FAST, bfloat16=False),
        size=64,
        epochs=epochs,
        architecture=SMALL,
        epoch_slices=32,
        threads=1,
    )


def test_the_paper_recipe_is_the_published_one() -> None:
    assert (PAPER.learning_rate, PAPER.momentum, PAPER.weight_decay, PAPER.batch_size) == (
        0.005,
        0.982,
        4.457e-6,
        32,
    )
    assert PAPER.optimiser == "sgd"
    assert PAPER.dice_weight == 0.0


def test_the_learning_rate_rises_then_falls_over_the_budget() -> None:
    rates = [learning_rate(FAST, share) for share in np.linspace(0, 1, 41)]
    peak = int(np.argmax(rates))
    assert rates[peak] == pytest.approx(FAST.learning_rate)
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert learning_rate(PAPER, 0.0) == learning_rate(PAPER, 0.9) == 0.005


def test_training_learns_resumes_evaluates_and_publishes(cohort: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    first = Trainer(_options(cohort, out, epochs=3)).run()
    resumed = Trainer(replace(_options(cohort, out, epochs=6), resume=True))
    assert resumed.progress.steps == first.steps
    assert resumed.run().epoch == 6

    rows = list(csv.DictReader((out / "log.csv").read_text(encoding="utf-8").splitlines()))
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3, 4, 5, 6]
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    checkpoint = load_checkpoint(out / BEST_NAME)
    assert {split_of(seed) for seed in checkpoint["exam_seeds"]} == {"train"}

    report = evaluate(cohort, out / BEST_NAME, tmp_path / "report.json", size=64)
    assert report["data"] == "simulated"
    assert report["liver_dice"] > 0.6
    assert all(split_of(seed) == "test" for seed in report["seeds"])
    with pytest.raises(CohortError, match="used in training"):
        evaluate(cohort, out / BEST_NAME, tmp_path / "all.json", size=64, split=None)

    card = publish(out / BEST_NAME, tmp_path / "report.json", tmp_path / "model", hardware="a test machine")
    assert json.loads((tmp_path / "model/card.json").read_text(encoding="utf-8")) == card
    assert card["training"]["exams"] == len(checkpoint["exam_seeds"])
    assert card["metrics"]["liver_dice"] == report["liver_dice"]
    assert card["input"]["size"] == [64, 64]
    assert (tmp_path / "model/weights.safetensors").stat().st_mode & 0o044 == 0o044  # readable to other users


def test_a_run_can_start_from_another_and_keeps_its_history(cohort: Path, tmp_path: Path) -> None:
    Trainer(_options(cohort, tmp_path / "one", epochs=1)).run()
    second = replace(_options(cohort, tmp_path / "two", epochs=1), size=96, init=tmp_path / "one" / BEST_NAME)
    trainer = Trainer(second)
    start = load_checkpoint(tmp_path / "one" / BEST_NAME)["weights"]
    assert all(torch.equal(value, start[name]) for name, value in trainer.network.state_dict().items())
    trainer.run()
    history = load_checkpoint(tmp_path / "two" / BEST_NAME)["history"]
    assert [stage["size"] for stage in history] == [64]


def test_equal_seeds_train_equal_weights(cohort: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        Trainer(_options(cohort, tmp_path / name, epochs=1)).run()
    one, two = (load_checkpoint(tmp_path / name / BEST_NAME)["weights"] for name in ("one", "two"))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_weights_outside_the_range_of_half_precision_are_not_published() -> None:
    with pytest.raises(PublishError, match="float16"):
        half_weights({"conv": torch.tensor([1e9])})


def test_dice_of_known_masks() -> None:
    first = np.array([True, True, False, False])
    assert dice(first, first) == 1.0
    assert dice(first, ~first) == 0.0
    assert dice(first, np.array([True, False, False, False])) == pytest.approx(2 / 3)
    assert math.isnan(dice(first & ~first, first & ~first))


def test_a_perfect_mask_measures_the_true_stiffness_and_area(make_record: MakeRecord) -> None:
    record = make_record(5, liver_kpa=4.0)
    score = score_exam(record, record.liver)
    measurable = record.liver & (record.confidence >= 9500)
    assert score.liver_dice == score.measurable_dice == 1.0
    assert score.predicted_kpa == score.true_kpa == pytest.approx(4.025, abs=0.01)
    assert score.predicted_area_cm2 == pytest.approx(measurable.sum() * 0.03)


def test_an_empty_prediction_measures_nothing(make_record: MakeRecord) -> None:
    record = make_record(5)
    score = score_exam(record, np.zeros_like(record.liver))
    assert score.liver_dice == 0.0
    assert math.isnan(score.predicted_kpa)


def test_agreement_of_a_constant_relative_error_has_that_bias_and_no_spread() -> None:
    scores = [
        ExamScore(seed, "F1", 0.9, 0.9, 1.05 * true, true, 10.0, 10.0) for seed, true in enumerate([2.0, 2.5, 2.7, 4.0])
    ]
    agreement = stiffness_agreement(scores)
    assert agreement["pearson_r"] == pytest.approx(1.0)
    assert agreement["bias_percent"] == pytest.approx(5.0)
    assert agreement["limit_high_percent"] == pytest.approx(5.0)
    assert agreement["within_10_percent"] == 1.0
    assert agreement["f2_agreement"] == 0.75  # 2.7 kPa is read as 2.835 kPa, over the 2.8 kPa limit
