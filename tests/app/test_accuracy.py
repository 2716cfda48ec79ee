"""On simulated studies that training never used, the reported mean is that of the true liver."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from liver_mre import measure_folder
from simulation.encodings import ENCODINGS
from simulation.exams.simulate import simulate_exam

if TYPE_CHECKING:
    from pathlib import Path

FIRST_SEED = 700_000  # far from any seed of training or evaluation
STUDIES = 20


@pytest.mark.long
def test_on_20_simulated_studies_the_mean_is_within_10_percent_for_at_least_19(tmp_path: Path) -> None:
    """Truth: mean of the elastogram over the confident pixels of the true liver."""
    truth_kpa = {}
    for seed in range(FIRST_SEED, FIRST_SEED + STUDIES):
        exam = simulate_exam(seed)
        written = ENCODINGS["siemens-gre"](exam, tmp_path / hashlib.sha256(str(seed).encode()).hexdigest()[:8])
        roi = exam.truth.liver & (exam.confidence >= 0.95)
        truth_kpa[written.study_instance_uid] = float(exam.stiffness_kpa[roi].mean()) if roi.any() else None
    result = measure_folder(tmp_path)
    assert len(result.studies) == STUDIES
    errors = {}
    for study in result.studies:
        truth = truth_kpa[study.study_instance_uid]
        measured = study.measurement.mean_kpa if study.measurement else None
        errors[study.study_instance_uid] = (
            0.0 if truth is measured is None else abs(measured / truth - 1.0) if truth and measured else 1.0
        )
    assert sum(error <= 0.10 for error in errors.values()) >= STUDIES - 1, sorted(errors.values())
