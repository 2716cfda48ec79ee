"""Cohort designs keep what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.exams.cohorts import CONDITIONS, DESIGNS, EXAMS_PER_SEED, patient_of, variety_of


@pytest.mark.parametrize(
    ("name", "mean_kpa", "sd_kpa", "significant"),
    [("paper-train", 4.51, 2.85, 0.76), ("paper-test", 3.69, 2.26, 0.52)],
)
@pytest.mark.parametrize("seed", [0, 5])
def test_the_paper_s_cohorts_have_its_stiffness(
    name: str, mean_kpa: float, sd_kpa: float, significant: float, seed: int
) -> None:
    design = DESIGNS[name]
    kpa = np.array([patient_of(design, seed, index).liver_stiffness_kpa for index in range(design.patients)])
    assert kpa.mean() == pytest.approx(mean_kpa, abs=0.2)
    assert kpa.std() == pytest.approx(sd_kpa, abs=0.35)
    assert (kpa >= 2.8).mean() == pytest.approx(significant, abs=0.04)


@given(st.sampled_from(sorted(DESIGNS)), st.integers(0, 500), st.integers(0, 3000))
def test_a_patient_does_not_depend_on_the_cohort_s_size(name: str, seed: int, index: int) -> None:
    patient = patient_of(DESIGNS[name], seed, index)
    assert patient == patient_of(DESIGNS[name], seed, index)
    assert patient.exam_seed // EXAMS_PER_SEED == seed
    assert 1.3 <= patient.liver_stiffness_kpa <= 13.5


def test_cohorts_of_different_seeds_share_no_exam() -> None:
    first, second = ({patient_of(DESIGNS["extended"], seed, i).exam_seed for i in range(300)} for seed in (1, 2))
    assert not first & second


def test_too_large_a_cohort_is_refused() -> None:
    with pytest.raises(ValueError, match="several cohorts"):
        patient_of(DESIGNS["extended"], 0, EXAMS_PER_SEED)


def test_a_condition_changes_the_scan_and_nothing_else() -> None:
    design = DESIGNS["paper-test"]
    usual = variety_of(design)
    assert variety_of(design, "half-snr").parameters["noise_scale"].low == 2.0 * usual.parameters["noise_scale"].low
    assert {each.columns for each in variety_of(design, "matrix-128").protocols} == {128}
    for condition in CONDITIONS:
        assert list(variety_of(design, condition).parameters)[: len(usual.parameters)] == list(usual.parameters)


def test_an_unknown_condition_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown condition"):
        variety_of(DESIGNS["extended"], "sunspots")
