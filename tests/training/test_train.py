"""Claims about training, on a small network and a small cohort, from scratch."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from training.cohort.store import split_of
from training.errors import CohortError, TrainingError
from training.segmentation.checkpoint import load_checkpoint
from training.segmentation.options import TrainOptions
from training.segmentation.recipes import PAPER, STRONG, Recipe
from training.segmentation.schedule import learning_rate
from training.segmentation.train import BEST_NAME, CHECKPOINT_NAME, Training

if TYPE_CHECKING:
    from pathlib import Path

QUICK = replace(STRONG, bfloat16=False)


def _options(cohort: Path, out: Path, epochs: int, recipe: Recipe = QUICK) -> TrainOptions:
    return TrainOptions(
        data=(cohort,),
        out=out,
        recipe=recipe,
        size=64,
        pooling=1,
        epochs=epochs,
        network="resnet18",
        epoch_slices=32,
        threads=1,
    )


def _rows(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((out / "log.csv").read_text(encoding="utf-8").splitlines()))


def test_the_paper_recipe_is_the_published_one() -> None:
    assert (PAPER.learning_rate, PAPER.momentum, PAPER.weight_decay) == (0.005, 0.982, 4.457e-6)
    assert (PAPER.batch_size, PAPER.epochs, PAPER.optimiser, PAPER.dice_weight) == (32, 32, "sgd", 0.0)
    assert PAPER.inputs == "masked"


def test_the_learning_rate_rises_then_falls_over_the_budget() -> None:
    rates = [learning_rate(STRONG, share) for share in np.linspace(0, 1, 41)]
    peak = int(np.argmax(rates))
    assert rates[peak] == pytest.approx(STRONG.learning_rate)
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert learning_rate(PAPER, 0.0) == learning_rate(PAPER, 0.9) == 0.005


@pytest.mark.long
def test_training_from_scratch_finds_the_liver_in_every_situation_it_validates(cohort: Path, tmp_path: Path) -> None:
    progress = Training(_options(cohort, tmp_path, epochs=14)).run()
    rows = _rows(tmp_path)
    assert progress.epoch == 14
    assert [int(row["epoch"]) for row in rows] == list(range(1, 15))
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"]) / 2
    assert float(rows[-1]["dice_everything"]) > 0.7
    assert float(rows[-1]["dice_masked"]) > 0.7
    assert (tmp_path / "curves.png").stat().st_size > 5000
    checkpoint = load_checkpoint(tmp_path / BEST_NAME)
    assert {split_of(int(name.removeprefix("exam-"))) for name in checkpoint["exams"]} == {"train"}
    assert checkpoint["origins"] == ["simulated"]


def test_an_interrupted_run_continues_to_the_very_same_weights(cohort: Path, tmp_path: Path) -> None:
    Training(_options(cohort, tmp_path / "whole", epochs=2)).run()

    def interrupt(epoch: int, _: float) -> None:
        raise KeyboardInterrupt(epoch)

    part = _options(cohort, tmp_path / "part", epochs=2)
    with pytest.raises(KeyboardInterrupt):
        Training(replace(part, after_epoch=interrupt)).run()
    resumed = Training(replace(part, resume=True))
    assert resumed.progress.epoch == 1
    resumed.run()
    whole, joined = (load_checkpoint(tmp_path / name / CHECKPOINT_NAME)["network"] for name in ("whole", "part"))
    assert all(torch.equal(whole[name], joined[name]) for name in whole)
    assert [row["epoch"] for row in _rows(tmp_path / "part")] == ["1", "2"]


def test_a_finished_run_is_not_run_again(cohort: Path, tmp_path: Path) -> None:
    done = Training(_options(cohort, tmp_path, epochs=1)).run()
    assert Training(replace(_options(cohort, tmp_path, epochs=1), resume=True)).run() == done


def test_a_run_is_neither_overwritten_nor_continued_with_other_settings(cohort: Path, tmp_path: Path) -> None:
    options = _options(cohort, tmp_path, epochs=1)
    Training(options).run()
    with pytest.raises(TrainingError, match="--resume"):
        Training(options)
    with pytest.raises(TrainingError, match="another size"):
        Training(replace(options, resume=True, size=96))


def test_a_loss_that_is_not_finite_ends_the_run_with_advice(cohort: Path, tmp_path: Path) -> None:
    wild = replace(PAPER, learning_rate=1e30, batch_size=8)
    with pytest.raises(TrainingError, match="lower learning rate"):
        Training(_options(cohort, tmp_path, epochs=2, recipe=wild)).run()


def test_a_run_stops_when_validation_no_longer_improves(cohort: Path, tmp_path: Path) -> None:
    still = replace(QUICK, learning_rate=0.0, weight_decay=0.0, ema_decay=0.0, patience=2)
    frozen = Training(_options(cohort, tmp_path, epochs=30, recipe=still))
    for module in frozen.network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 0.0
    assert frozen.run().epoch <= 3


def test_the_papers_recipe_shows_its_network_the_masked_elastogram_alone(cohort: Path, tmp_path: Path) -> None:
    recipe = replace(PAPER, batch_size=8)
    training = Training(_options(cohort, tmp_path, epochs=1, recipe=recipe))
    training.run()
    assert list(training.evaluators) == ["masked"]
    assert load_checkpoint(tmp_path / BEST_NAME)["architecture"]["in_channels"] == 1


def test_a_run_starts_from_weights_of_fewer_channels_and_keeps_their_history(cohort: Path, tmp_path: Path) -> None:
    one = _options(cohort, tmp_path / "one", epochs=1, recipe=replace(PAPER, batch_size=8))
    Training(one).run()
    two = _options(cohort, tmp_path / "two", epochs=1)
    training = Training(replace(two, init=tmp_path / "one" / BEST_NAME))
    start = load_checkpoint(tmp_path / "one" / BEST_NAME)["weights"]
    first = training.network.encoder.conv1.weight
    assert torch.equal(first[:, :1], start["encoder.conv1.weight"])
    assert not first[:, 1:].any()
    training.run()
    history = load_checkpoint(tmp_path / "two" / BEST_NAME)["history"]
    assert [run["recipe"]["name"] for run in history] == ["paper"]
    assert history[0]["exams"]


def test_weights_of_another_network_are_refused_as_a_start(cohort: Path, tmp_path: Path) -> None:
    Training(_options(cohort, tmp_path / "one", epochs=1)).run()
    other = replace(_options(cohort, tmp_path / "two", epochs=1), network="resnet34", init=tmp_path / "one" / BEST_NAME)
    with pytest.raises(TrainingError, match="another network"):
        Training(other)


def test_a_missing_cohort_is_named(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="does not exist"):
        Training(_options(tmp_path / "none", tmp_path / "out", epochs=1))
