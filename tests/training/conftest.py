"""A tiny synthetic cohort: a stiff ellipse in a soft body, written in the cohort's own format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from training.cohort.store import ExamRecord, quantise_confidence, quantise_magnitude, quantise_stiffness, save_exam

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZE = 64
LIVER, MUSCLE = 4, 2


def _record(seed: int, *, stage: str = "F2", slices: int = 2, liver_kpa: float = 5.0) -> ExamRecord:
    """Build one exam whose liver is an ellipse on the patient's right, stiffer and darker than the rest of the body."""
    generator = np.random.default_rng(seed)
    row, column = np.mgrid[:SIZE, :SIZE]
    centre_row, centre_column = 30 + generator.normal() * 2, 22 + generator.normal() * 2
    body = ((row - 32) / 26) ** 2 + ((column - 32) / 30) ** 2 < 1
    liver = (((row - centre_row) / 13) ** 2 + ((column - centre_column) / 11) ** 2 < 1) & body
    stiffness = np.where(liver, liver_kpa, 1.5) * body + 0.05 * generator.random((slices, SIZE, SIZE)) * body
    confidence = np.where(liver, 0.97, 0.955) * body - 0.02 * generator.random((slices, SIZE, SIZE)) * body
    magnitude = np.where(liver, 300.0, 600.0) * body + 20.0 * generator.random((slices, SIZE, SIZE))
    everywhere = np.broadcast_to(liver, stiffness.shape)
    return ExamRecord(
        seed=seed,
        stage=stage,
        liver_stiffness_kpa=liver_kpa,
        pixel_spacing_mm=(5.0, 6.25),
        stiffness=quantise_stiffness(stiffness),
        confidence=quantise_confidence(confidence),
        magnitude=quantise_magnitude(magnitude, np.broadcast_to(body, stiffness.shape)),
        liver=everywhere.copy(),
        tissue=(np.where(liver, LIVER, MUSCLE) * body * np.ones((slices, 1, 1))).astype(np.uint8),
        true_stiffness=quantise_stiffness(np.where(everywhere, liver_kpa, 1.5) * body),
        measurable=everywhere.copy(),
        failure="",
        slice_failures=("",) * slices,
        facts={"sequence": "gre"},
        simulator="synthetic",
    )


@pytest.fixture
def make_record() -> Callable[..., ExamRecord]:
    """Return the function that builds one exam from its seed, stage, slices and liver_kpa."""
    return _record


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    """Forty exams of seeds 0 to 39, of all five stages."""
    folder = tmp_path / "cohort"
    for seed in range(40):
        save_exam(folder, _record(seed, stage=f"F{seed % 5}", liver_kpa=2.0 + seed / 10))
    return folder
