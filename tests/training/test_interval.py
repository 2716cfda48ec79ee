"""Claims about the calibration: it covers exams that it did not see, in every stage, and is written as it is read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from liver_mre.measurement.interval import calibration_for
from liver_mre.measurement.interval_file import load_calibrations
from training.cohort.store import save_exam
from training.errors import CohortError
from training.experiments.interval import STAGES, IntervalExam, calibrate_intervals, coverage, fitted, held_out_coverage
from training.files import write_arrays

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from training.cohort.store import ExamRecord

KPA = {"F0": 2.0, "F1": 2.4, "F2": 3.2, "F3": 4.2, "F4": 9.0}


def made_up(count: int, seed: int) -> list[IntervalExam]:
    """Return cases whose errors are as large as their features say, and larger in the stiffest livers."""
    random = np.random.default_rng(seed)
    cases = []
    for number in range(count):
        stage = STAGES[number % 5]
        sampling, segmentation = random.uniform(0.005, 0.05), random.exponential(0.02)
        sd = (1.4 if stage == "F4" else 0.7) * math.hypot(sampling, 2 * segmentation, 0.01)
        true = KPA[stage] * math.exp(0.08 * random.standard_normal())
        measured = true * math.exp(sd * random.standard_normal())
        cases.append(IntervalExam(f"{seed}-{number}", stage, measured, true, sampling, segmentation, 100.0))
    return cases


def test_intervals_hold_the_truth_of_unseen_cases_in_every_stage() -> None:
    calibration = fitted(made_up(1500, 1))
    found = coverage([(case, calibration) for case in made_up(2000, 2)])
    assert set(found) == {*STAGES, "all"}
    for stage, figures in found.items():
        assert 0.92 <= figures["share"] <= 0.98, stage
    assert found["F4"]["half_width_percent"] > found["F2"]["half_width_percent"]


def test_every_case_is_judged_once_by_a_calibration_that_did_not_see_it() -> None:
    cases = made_up(600, 3)
    found = held_out_coverage(cases, 10)
    assert found["all"]["exams"] == 600
    assert 0.92 <= found["all"]["share"] <= 0.98


def test_the_study_writes_a_calibration_that_the_application_reads(
    tmp_path: Path, make_record: Callable[..., ExamRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.experiments.interval.MIN_IN_BAND", 2)
    cohort, inputs = tmp_path / "cohort", ("everything", "masked")
    for name in inputs:
        livers = tmp_path / name
        livers.mkdir()
        for seed in range(12):
            record = make_record(seed, slices=1)
            save_exam(cohort, record)
            write_arrays(livers / f"exam-{seed:08d}.npz", {"reached": np.where(record.liver, 5, 0).astype(np.uint8)})
        (livers / "model.txt").write_text(f"some network 1.0\nabc\n{name}\n", encoding="utf-8")
    summary = calibrate_intervals(cohort, [tmp_path / name for name in inputs], tmp_path / "out")
    assert [summary["inputs"][name]["cases"] for name in inputs] == [12, 12]
    everything, masked = load_calibrations(tmp_path / "out" / "interval.json")
    assert everything.channels == ("stiffness", "confident", "magnitude")
    assert masked.channels == ("masked_stiffness",)
    assert masked.model == "some network 1.0"
    assert "12 simulated exams" in masked.provenance
    assert calibration_for((everything, masked), ("masked_stiffness",)) is masked
    assert calibration_for((everything, masked), ("masked_stiffness", "magnitude")) is None
    assert "F2" in (tmp_path / "out" / "coverage.md").read_text(encoding="utf-8")


def test_too_few_exams_calibrate_nothing(tmp_path: Path) -> None:
    (tmp_path / "model.txt").write_text("n\nd\nmasked\n", encoding="utf-8")
    with pytest.raises(CohortError, match="too few"):
        calibrate_intervals(tmp_path, [tmp_path], tmp_path / "out")
