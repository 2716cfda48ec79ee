"""Claims about cohort generation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulation.exam import simulate_exam
from training.cohort import build_cohort, record_of, simulator_digest
from training.store import ExamRecord, exam_path, load_exam, save_exam

if TYPE_CHECKING:
    from pathlib import Path

MakeRecord = Callable[..., ExamRecord]


@pytest.fixture(scope="module")
def simulated() -> object:
    return simulate_exam(11, slices=1)


def test_a_record_keeps_what_the_simulated_exam_says(simulated: object) -> None:
    record = record_of(simulated, "digest")
    shown_kpa = np.clip(simulated.stiffness_kpa, 0, 655.35)
    np.testing.assert_allclose(record.stiffness * 0.01, shown_kpa, atol=0.0051)
    np.testing.assert_array_equal(record.liver, simulated.truth.liver)
    under = simulated.confidence < 0.9498
    assert not record.confident()[under].any()
    assert (record.seed, record.stage) == (11, simulated.truth.stage)


def test_only_missing_exams_are_simulated(tmp_path: Path, make_record: MakeRecord) -> None:
    save_exam(tmp_path, make_record(50))
    before = exam_path(tmp_path, 50).read_bytes()
    assert build_cohort(tmp_path, exams=2, first_seed=50, workers=1) == 1
    assert build_cohort(tmp_path, exams=2, first_seed=50, workers=1) == 0
    assert exam_path(tmp_path, 50).read_bytes() == before
    assert load_exam(exam_path(tmp_path, 51)).simulator == simulator_digest()
