"""A simulated exam is reproducible, consistent with its truth, and looks like an exam."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from simulation.exams.simulate import simulate_exam
from simulation.types import SimulatedExam, Tissue


@pytest.fixture(scope="module")
def exams() -> list[SimulatedExam]:
    return [simulate_exam(seed, slices=3) for seed in (1, 7, 14)]


def test_equal_seeds_give_equal_exams() -> None:
    first, second = simulate_exam(3, slices=1), simulate_exam(3, slices=1)
    for name in ("magnitude", "phase_rad", "wave_um", "stiffness_kpa", "confidence", "t2"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name), err_msg=name)


def test_different_seeds_give_different_patients(exams: list[SimulatedExam]) -> None:
    assert not np.array_equal(exams[0].truth.tissue, exams[1].truth.tissue)


def test_arrays_share_one_shape_and_type(exams: list[SimulatedExam]) -> None:
    for exam in exams:
        shape = exam.magnitude.shape
        assert shape == (3, 204, 256)
        for array in (exam.stiffness_kpa, exam.confidence, exam.t2, exam.truth.true_stiffness_kpa):
            assert array.shape == shape
            assert array.dtype == np.float32
        assert exam.phase_rad.shape == (4, *shape)
        assert exam.wave_um.shape == (8, *shape)
        assert exam.truth.liver.shape == shape
        assert exam.truth.tissue.dtype == np.uint8


def test_stiffness_is_zero_in_air_and_positive_in_the_body(exams: list[SimulatedExam]) -> None:
    for exam in exams:
        air = exam.truth.tissue == Tissue.AIR
        assert np.all(exam.stiffness_kpa[air] == 0.0)
        assert np.all(exam.confidence[air] == 0.0)
        assert np.all(exam.stiffness_kpa[~air] > 0.0)


def test_phase_is_wrapped_and_uniform_noise_in_air(exams: list[SimulatedExam]) -> None:
    for exam in exams:
        assert exam.phase_rad.min() >= -np.pi
        assert exam.phase_rad.max() < np.pi
        body = ndimage.binary_dilation(exam.truth.tissue != Tissue.AIR, np.ones((1, 15, 15)))
        assert exam.phase_rad[:, ~body].std() == pytest.approx(np.pi / np.sqrt(3.0), rel=0.05)


def test_liver_lies_on_the_image_left(exams: list[SimulatedExam]) -> None:
    for exam in exams:
        middle = np.argwhere(exam.truth.tissue != Tissue.AIR)[:, 2].mean()
        assert np.argwhere(exam.truth.liver)[:, 2].mean() < middle - 15.0


def test_liver_is_the_parenchyma_with_its_vessels(exams: list[SimulatedExam]) -> None:
    for exam in exams:
        tissue = exam.truth.tissue
        expected = np.isin(tissue, (Tissue.LIVER, Tissue.LIVER_VESSEL))
        np.testing.assert_array_equal(exam.truth.liver, expected)
        parenchyma = exam.truth.true_stiffness_kpa[tissue == Tissue.LIVER]
        assert parenchyma.mean() == pytest.approx(exam.truth.liver_stiffness_kpa, rel=1e-3)


def test_a_moderate_share_of_the_liver_passes_the_confidence_threshold(exams: list[SimulatedExam]) -> None:
    for exam in exams:
        share = (exam.confidence[exam.truth.liver] >= 0.95).mean()
        assert 0.05 < share < 0.75


def test_confident_liver_measures_the_true_stiffness(exams: list[SimulatedExam]) -> None:
    for exam in exams:
        counted = exam.truth.liver & (exam.confidence >= 0.95)
        measured = exam.stiffness_kpa[counted].mean()
        assert measured == pytest.approx(exam.truth.liver_stiffness_kpa, rel=0.2)


def test_requested_stage_stiffness_and_slices_are_obeyed() -> None:
    exam = simulate_exam(5, stage="F3", liver_stiffness_kpa=4.25, slices=2)
    assert exam.truth.stage == "F3"
    assert exam.truth.liver_stiffness_kpa == pytest.approx(4.25, rel=1e-3)
    assert len(exam.magnitude) == 2


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"stage": "F5"}, "stage"),
        ({"liver_stiffness_kpa": -1.0}, "positive"),
        ({"slices": 0}, "at least one"),
    ],
)
def test_impossible_requests_are_refused(options: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        simulate_exam(1, **options)  # type: ignore[arg-type]
