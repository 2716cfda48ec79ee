"""Claims about cohort generation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulation.exams.cohorts import DESIGNS, patient_of
from simulation.exams.simulate import simulate_exam
from simulation.planning.variety import WIDE
from simulation.types import SimulatedExam, Tissue
from training.__main__ import main
from training.cohort.simulate import (
    build_cohort,
    record_of,
    simulate_to_file,
    simulator_digest,
)
from training.cohort.store import ExamRecord, exam_path, list_exams, load_exam, save_exam
from training.errors import CohortError

if TYPE_CHECKING:
    from pathlib import Path

MakeRecord = Callable[..., ExamRecord]
ARRAYS = ("stiffness", "confidence", "magnitude", "liver", "tissue", "true_stiffness", "measurable")


@pytest.fixture(scope="module")
def simulated() -> SimulatedExam:
    return simulate_exam(11, slices=1, variety=WIDE)


def test_a_record_keeps_what_the_simulated_exam_says(simulated: SimulatedExam) -> None:
    record = record_of(simulated, "digest")
    np.testing.assert_allclose(record.stiffness_kpa, simulated.stiffness_kpa, atol=0.0051)
    np.testing.assert_allclose(record.true_stiffness_kpa, simulated.truth.true_stiffness_kpa, atol=0.0051)
    np.testing.assert_array_equal(record.liver, simulated.truth.liver)
    np.testing.assert_array_equal(record.tissue, simulated.truth.tissue)
    np.testing.assert_array_equal(record.measurable, simulated.truth.measurable)
    assert not record.confident()[simulated.confidence < 0.9498].any()
    assert (record.seed, record.stage) == (11, simulated.truth.stage)
    assert (record.failure, record.slice_failures) == (simulated.truth.failure, simulated.truth.slice_failures)
    assert record.facts["sequence"] == simulated.protocol.sequence


def test_magnitude_is_kept_relative_to_the_brightest_tissue(simulated: SimulatedExam) -> None:
    record = record_of(simulated, "digest")
    body = simulated.truth.tissue != Tissue.AIR
    assert np.percentile(record.magnitude[body], 99) == pytest.approx(200, abs=2)
    dark = body & (record.magnitude < 200)
    scale = np.percentile(simulated.magnitude[body], 99) / 200
    np.testing.assert_allclose(record.magnitude[dark] * scale, simulated.magnitude[dark], atol=0.51 * scale)


def test_a_wide_exam_takes_less_than_a_megabyte_and_a_half(tmp_path: Path, simulated: SimulatedExam) -> None:
    path = save_exam(tmp_path, record_of(simulated, "digest"))
    assert path.stat().st_size * 5 < 1_500_000  # the largest exams have five slices


def test_only_missing_exams_are_simulated_and_workers_change_nothing(tmp_path: Path) -> None:
    task = (DESIGNS["paper-test"], "usual", 3, simulator_digest())
    simulate_to_file(tmp_path / "alone", *task, 0)
    path = exam_path(tmp_path / "alone", patient_of(DESIGNS["paper-test"], 3, 0).exam_seed)
    before = path.read_bytes()
    options = {"patients": 2, "seed": 3, "design": "paper-test", "workers": 2, "progress": False}
    assert build_cohort(tmp_path / "alone", **options) == 1
    assert build_cohort(tmp_path / "alone", **options) == 0
    assert path.read_bytes() == before
    other = list_exams(tmp_path / "alone")[1]
    simulate_to_file(tmp_path / "again", *task, 1)
    first, second = load_exam(other), load_exam(tmp_path / "again" / other.name)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name), err_msg=name)
    assert first.facts == second.facts
    assert first.simulator == simulator_digest()


def test_a_folder_of_another_simulator_is_refused(tmp_path: Path, make_record: MakeRecord) -> None:
    seed = patient_of(DESIGNS["extended"], 0, 0).exam_seed
    save_exam(tmp_path, replace(make_record(seed), simulator="older"))
    with pytest.raises(CohortError, match="choose another folder"):
        build_cohort(tmp_path, patients=1, seed=0, workers=1, progress=False)


def test_the_command_takes_the_size_of_the_design(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}
    monkeypatch.setattr(
        "training.cohort.simulate.build_cohort", lambda folder, **options: asked.update(options, folder=folder)
    )
    assert main(["simulate", "cohort", "--out", str(tmp_path), "--design", "paper-test", "--seed", "4"]) == 0
    assert (asked["patients"], asked["seed"], asked["folder"]) == (228, 4, tmp_path)
