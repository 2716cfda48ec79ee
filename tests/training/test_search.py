"""Claims about the hyperparameter search."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING

from training.segmentation.options import TrainOptions
from training.segmentation.recipes import PAPER
from training.segmentation.search import LEARNING_RATES, MOMENTA, WEIGHT_DECAYS, tune

if TYPE_CHECKING:
    from pathlib import Path


def test_a_search_begins_with_the_papers_values_stays_in_its_ranges_and_continues(cohort: Path, tmp_path: Path) -> None:
    train = TrainOptions(
        (cohort,),
        tmp_path,
        replace(PAPER, batch_size=8),
        32,
        1,
        epochs=1,
        network="resnet18",
        epoch_slices=8,
        threads=1,
    )
    assert tune(train, trials=1)["trials"] == 1
    result = tune(train, trials=2)
    assert result["trials"] == 2
    rows = list(csv.DictReader((tmp_path / "trials.csv").read_text(encoding="utf-8").splitlines()))
    assert [float(rows[0][name]) for name in ("learning_rate", "momentum", "weight_decay")] == [0.005, 0.982, 4.457e-6]
    for name, (low, high) in {
        "learning_rate": LEARNING_RATES,
        "momentum": MOMENTA,
        "weight_decay": WEIGHT_DECAYS,
    }.items():
        assert low <= float(rows[1][name]) <= high
    assert (tmp_path / "trial-001/log.csv").exists()
    assert not list(tmp_path.rglob("*.pt"))
