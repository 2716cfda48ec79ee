"""Limits come from good exams, and keep them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from liver_mre.errors import ModelError
from liver_mre.quality.limits import Limit, parse_limits
from liver_mre.quality.out_of_domain import WORDS, outside_limits
from tests.training.quality.conftest import quality_record
from training.cohort.exams import load_simulated_exam
from training.cohort.store import save_exam
from training.quality.calibrate import (
    MARGIN,
    REJECTED,
    ExamFeatures,
    evidence_of,
    exam_features,
    feature_limits,
    features_of,
    limits_of,
)
from training.segmentation.predicted_livers import LEVELS, PredictedLiver
from training.segmentation.situations import RUN_TIME_SITUATIONS, situation_named

if TYPE_CHECKING:
    from pathlib import Path


def rows(count: int, seed: int = 0) -> list[dict[str, float]]:
    rng = np.random.default_rng(seed)
    sure = {"outline_agreement": 0.9}
    return [{name: float(rng.normal(10.0, 2.0)) for name in WORDS} | sure for _ in range(count)]


def look(features: dict[str, float], group: str = "usual", *, good: bool = True) -> ExamFeatures:
    both = {"everything": features, "masked": features}
    numbers = {"confident_share": 0.5, "hot_share": 0.01, "wave_snr": float("nan")}
    return ExamFeatures(group, "exam", good, 4, both, (numbers,) * 4, {"slice_agreement": 0.1})


def test_limits_reject_few_of_the_exams_that_they_come_from() -> None:
    known = rows(400)
    limits = {name: Limit(*ends) for name, ends in feature_limits(known).items() if name != "axial"}
    assert np.mean([bool(outside_limits(row, limits)) for row in known]) <= REJECTED
    stranger = known[0] | {"body_width_mm": 60.0}
    assert outside_limits(stranger, limits) == ("width of the body",)


def test_what_is_written_can_be_read_at_run_time_and_the_evidence_counts() -> None:
    fine = [look(row) for row in rows(50)]
    content = limits_of(fine, "some network 1.0")
    limits = parse_limits(content, ModelError)
    assert limits.model == "some network 1.0"
    assert "liver_slices" not in limits.features
    assert limits.slice["hot_share"].low is None
    assert limits.slice["wave_snr"] == Limit(None, None)
    strangers = [look(row | {"liver_cm2": 900.0}, "phantom", good=False) for row in rows(5, 1)]
    usual, phantom = evidence_of([*fine, *strangers], content)
    assert (usual["exams"], usual["good_rejected_masked"]) == (50, 0)
    assert (phantom["exams"], phantom["rejected_everything"], phantom["liver_left_everything"]) == (5, 5, 0)


def test_how_far_outlines_agree_is_limited_for_each_input_by_its_good_exams() -> None:
    fine = []
    for share in np.linspace(0.8, 1.0, 201):
        one = look(rows(1)[0] | {"outline_agreement": share})
        fine.append(replace(one, features=one.features | {"masked": rows(1)[0] | {"outline_agreement": share - 0.2}}))
    everything, masked = limits_of(fine, "some network 1.0")["typical"]
    assert everything["least_agreement"] == pytest.approx(0.9 - MARGIN * 0.099, abs=0.0006)
    assert masked["least_agreement"] == pytest.approx(0.7 - MARGIN * 0.099, abs=0.0006)


def test_an_input_is_described_by_what_it_shows_of_the_body() -> None:
    names = {way: features_of(situation_named(way)) for way in RUN_TIME_SITUATIONS}
    assert "body_width_mm" in names["masked-magnitude"]
    assert "body_kpa" not in names["masked-magnitude"]
    assert "body_kpa" in names["no-magnitude"]
    assert not any(name.startswith("body") for name in names["masked"])


def test_an_exam_is_good_by_its_slices(tmp_path: Path) -> None:
    found = {}
    for seed in (0, 1):
        record = quality_record(seed)
        exam = load_simulated_exam(save_exam(tmp_path, record))
        livers = dict.fromkeys(("everything", "masked"), PredictedLiver((len(LEVELS) * record.liver).astype(np.uint8)))
        found[seed] = exam_features(record, exam, livers, "usual")
    assert (found[0].diagnostic, found[1].diagnostic) == (4, 2)
    assert found[0].good
    assert found[0].features["masked"]["outline_agreement"] == 1.0
    assert found[1].slices[0]["wave_amplitude"] == pytest.approx(0.5, rel=0.05)
