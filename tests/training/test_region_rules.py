"""Claims about the study of the rules: truth without vessels and edges, rows that add up, tables that can be read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulation.types import Tissue
from training.__main__ import main
from training.cohort.store import save_exam
from training.errors import CohortError
from training.experiments.region_rules import NO_RULE, SHIPPED, TRUE, VARIANTS, compare_rules
from training.experiments.truth import truth_of
from training.files import write_arrays
from training.segmentation.predicted_livers import LEVELS, PredictedLiver, load_liver

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from training.cohort.store import ExamRecord


def test_the_truth_is_the_elastogram_away_from_vessels_and_edges(make_record: Callable[..., ExamRecord]) -> None:
    record = make_record(1, liver_kpa=5.0)
    tissue, stiffness = record.tissue.copy(), record.stiffness.copy()
    tissue[:, 30, 18:26] = Tissue.LIVER_VESSEL
    stiffness[:, 30, 18:26] = 100
    truth = truth_of(replace(record, tissue=tissue, stiffness=stiffness))
    assert truth.known
    assert not truth.region[:, 30, 18:26].any()
    assert not (truth.region & ~(tissue == Tissue.LIVER)).any()
    assert truth.stiffness_kpa == pytest.approx(5.02, abs=0.02)


def test_a_hot_spot_at_the_wall_is_not_the_truth(make_record: Callable[..., ExamRecord]) -> None:
    record = make_record(1, liver_kpa=5.0)
    hot = record.stiffness.copy()
    columns = np.nonzero(record.liver[0])[1]
    place = (slice(None), slice(28, 33), slice(columns.min() + 1, columns.min() + 5))
    hot[place] = 1200
    found = truth_of(replace(record, stiffness=hot))
    assert not found.region[place].any()
    assert found.stiffness_kpa < 5.5


def test_an_exam_without_confident_parenchyma_has_no_truth(make_record: Callable[..., ExamRecord]) -> None:
    record = make_record(1)
    assert not truth_of(replace(record, confidence=np.zeros_like(record.confidence))).known


def test_levels_of_a_predicted_liver_are_nested() -> None:
    liver = PredictedLiver(np.arange(len(LEVELS) + 1, dtype=np.uint8).reshape(1, 1, -1))
    counts = [int(liver.at(level).sum()) for level in LEVELS]
    assert counts == [5, 4, 3, 2, 1]


def test_the_study_holds_every_variant_against_the_truth(
    tmp_path: Path, make_record: Callable[..., ExamRecord], capsys: pytest.CaptureFixture[str]
) -> None:
    cohort, livers = tmp_path / "cohort", tmp_path / "livers"
    livers.mkdir()
    for seed in range(4):
        record = make_record(seed, slices=1)
        save_exam(cohort, record)
        write_arrays(livers / f"exam-{seed:08d}.npz", {"reached": np.where(record.liver, 5, 0).astype(np.uint8)})
    (livers / "model.txt").write_text("some network\nabc\nmasked\n", encoding="utf-8")
    arguments = ["roi-study", "--data", str(cohort), "--livers", str(livers), "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    assert SHIPPED in capsys.readouterr().out
    summary = compare_rules(cohort, tmp_path / "again", livers=livers, limit=3)
    assert summary["exams"] == 3
    for figures in summary["variants"].values():
        assert set(figures) == set(VARIANTS)
        assert figures[NO_RULE]["area_cm2"] >= figures[SHIPPED]["area_cm2"]
        assert abs(figures[SHIPPED]["bias_percent"]) < 2
    rows = (tmp_path / "again" / "roi.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 1 + 3 * 2 * len(VARIANTS)
    assert TRUE in (tmp_path / "out" / "roi.md").read_text(encoding="utf-8")


def test_a_cohort_without_truth_is_refused(tmp_path: Path, make_record: Callable[..., ExamRecord]) -> None:
    record = make_record(1)
    save_exam(tmp_path / "cohort", replace(record, confidence=np.zeros_like(record.confidence)))
    with pytest.raises(CohortError, match="no exam"):
        compare_rules(tmp_path / "cohort", tmp_path / "out")


def test_livers_that_were_not_predicted_are_none(tmp_path: Path) -> None:
    assert load_liver(tmp_path, "exam-00000001.npz") is None
