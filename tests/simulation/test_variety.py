"""What WIDE varies does to an exam what it claims, and the standard simulator stays as it was."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace

import numpy as np
import pytest
from scipy import ndimage

from simulation.exams.simulate import simulate_exam
from simulation.planning.failures import FAILURE_PARAMETERS, FAILURE_SHARE, draw_failure
from simulation.planning.parameters import Distribution, ExamParameters
from simulation.planning.variety import WIDE, Variety
from simulation.types import Failure, SimulatedExam, Tissue

IMAGES = ("magnitude", "phase_rad", "wave_um", "stiffness_kpa", "confidence", "t2")


def only(**parameters: float) -> Variety:
    """Return a variety that fixes some parameters and leaves everything else standard."""
    return Variety("fixed", parameters={name: Distribution(value, value) for name, value in parameters.items()})


def exam_with(seed: int = 7, **parameters: float) -> SimulatedExam:
    return simulate_exam(seed, slices=1, variety=only(**parameters))


@pytest.fixture(scope="module")
def plain() -> SimulatedExam:
    return simulate_exam(7, slices=1)


@pytest.fixture(scope="module")
def wide() -> list[SimulatedExam]:
    return [simulate_exam(seed, slices=2, variety=WIDE, failure="") for seed in (102, 111, 121)]


def area(exam: SimulatedExam, *labels: Tissue) -> int:
    return int(np.isin(exam.truth.tissue, labels).sum())


def test_a_variety_without_traits_is_the_standard_simulator(plain: SimulatedExam) -> None:
    same = simulate_exam(7, slices=1, variety=Variety("nothing"))
    for name in IMAGES:
        np.testing.assert_array_equal(getattr(same, name), getattr(plain, name), err_msg=name)


def test_the_standard_anatomy_and_truth_have_not_changed(plain: SimulatedExam) -> None:
    """The shipped model and the documents stand on them; images also depend on the machine's FFT."""
    digest = hashlib.sha256(plain.truth.tissue.tobytes() + plain.truth.liver.tobytes())
    assert digest.hexdigest()[:16] == "1ed34c9ce820fbfa"


def test_every_trait_named_anywhere_exists() -> None:
    known = {each.name for each in fields(ExamParameters)}
    named = set(WIDE.parameters)
    for part in (*WIDE.by_stage.values(), *FAILURE_PARAMETERS.values()):
        named |= set(part)
    assert named <= known


def test_equal_seeds_give_equal_wide_exams(wide: list[SimulatedExam]) -> None:
    again = simulate_exam(102, slices=2, variety=WIDE, failure="")
    for name in IMAGES:
        np.testing.assert_array_equal(getattr(again, name), getattr(wide[0], name), err_msg=name)


def test_exams_differ_in_matrix_and_pixel_but_agree_within_themselves(wide: list[SimulatedExam]) -> None:
    assert len({exam.magnitude.shape for exam in wide}) > 1
    for exam in wide:
        shape = (2, exam.protocol.rows, exam.protocol.columns)
        assert 1.3 <= exam.pixel_spacing_mm[0] <= 3.1
        for array in (exam.magnitude, exam.stiffness_kpa, exam.confidence, exam.t2, exam.truth.liver):
            assert array.shape == shape
        assert exam.phase_rad.shape == (4, *shape)
        assert np.all(exam.stiffness_kpa[exam.truth.tissue == Tissue.AIR] == 0.0)


def test_a_confident_wide_liver_measures_its_true_stiffness(wide: list[SimulatedExam]) -> None:
    for exam in wide:
        counted = (exam.truth.tissue == Tissue.LIVER) & (exam.confidence >= 0.95)
        assert exam.stiffness_kpa[counted].mean() == pytest.approx(
            exam.truth.true_stiffness_kpa[counted].mean(), rel=0.2
        )


def test_the_measurable_region_is_parenchyma(wide: list[SimulatedExam]) -> None:
    for exam in wide:
        assert exam.truth.measurable is not None
        assert exam.truth.measurable.any()
        assert np.all(exam.truth.tissue[exam.truth.measurable] == Tissue.LIVER)


def test_ascites_is_fluid_between_wall_and_liver(plain: SimulatedExam) -> None:
    exam = exam_with(ascites_mm=15.0)
    fluid = exam.truth.tissue == Tissue.ASCITES
    assert fluid.sum() * 0.15625**2 > 15.0  # cm2
    assert area(exam, Tissue.LIVER) < area(plain, Tissue.LIVER)
    assert np.median(exam.truth.true_stiffness_kpa[fluid]) < 0.6
    muscle = exam.truth.tissue == Tissue.MUSCLE
    between = ndimage.binary_dilation(muscle, np.ones((1, 3, 3))) & ndimage.binary_dilation(
        exam.truth.liver, np.ones((1, 41, 41))
    )
    assert (fluid & between).any()
    assert np.median(exam.t2[fluid]) > 2.0 * np.median(exam.t2[exam.truth.liver])


def test_right_hepatectomy_leaves_the_left_liver(plain: SimulatedExam) -> None:
    exam = exam_with(resection=1.0)
    assert area(exam, Tissue.LIVER) < 0.7 * area(plain, Tissue.LIVER)
    assert exam.truth.liver.any()
    columns = np.nonzero(exam.truth.liver)[2]
    assert columns.mean() > np.nonzero(plain.truth.liver)[2].mean() + 10


def test_left_resection_spares_the_right_liver(plain: SimulatedExam) -> None:
    exam = exam_with(resection=-0.5)
    assert np.nonzero(exam.truth.liver)[2].max() < np.nonzero(plain.truth.liver)[2].max()
    right = np.nonzero(plain.truth.liver)[2].min() + 20
    np.testing.assert_array_equal(exam.truth.liver[..., :right], plain.truth.liver[..., :right])


def test_lesions_are_stiff_spots_inside_the_liver(plain: SimulatedExam) -> None:
    exam = exam_with(lesions=3.0, cysts=2.0)
    lesion, cyst = (exam.truth.tissue == label for label in (Tissue.LESION, Tissue.CYST))
    assert np.all(plain.truth.liver[lesion | cyst])
    assert np.all(exam.truth.liver[lesion | cyst])
    kpa = exam.truth.true_stiffness_kpa
    assert kpa[lesion].min() > kpa[cyst].max()
    assert not exam.truth.measurable[lesion | cyst].any()


def test_the_liver_is_stiffer_under_its_capsule(plain: SimulatedExam) -> None:
    exam = exam_with(capsule=0.5)
    depth = np.stack([ndimage.distance_transform_edt(level) for level in plain.truth.liver])
    parenchyma = plain.truth.tissue == Tissue.LIVER
    rim, core = parenchyma & (depth < 3), parenchyma & (depth > 12)

    def ratio(each: SimulatedExam) -> float:
        return float(each.truth.true_stiffness_kpa[rim].mean() / each.truth.true_stiffness_kpa[core].mean())

    assert ratio(exam) > 1.2 * ratio(plain)


def test_a_removed_spleen_is_missing_and_a_large_one_is_larger() -> None:
    sizes = [area(exam_with(spleen_scale=scale), Tissue.SPLEEN) for scale in (0.0, 1.0, 1.4)]
    assert sizes[0] == 0
    assert sizes[2] > 1.2 * sizes[1]


def test_iron_darkens_the_gradient_echo(plain: SimulatedExam) -> None:
    iron = exam_with(liver_t2_star_ms=5.0)
    assert np.median(iron.magnitude[iron.truth.liver]) < 0.2 * np.median(plain.magnitude[plain.truth.liver])


def test_registration_moves_the_magnitude_but_not_the_stiffness(plain: SimulatedExam) -> None:
    exam = exam_with(register_y_mm=4 * 1.5625)
    np.testing.assert_array_equal(exam.stiffness_kpa, plain.stiffness_kpa)
    np.testing.assert_allclose(exam.magnitude[:, 20:-20], plain.magnitude[:, 16:-24], rtol=1e-3, atol=0.1)


def test_less_signal_to_noise_leaves_less_of_the_liver_confident(plain: SimulatedExam) -> None:
    noisy = exam_with(noise_scale=3.0)
    passes = [(each.confidence[each.truth.liver] >= 0.95).mean() for each in (plain, noisy)]
    assert passes[1] < passes[0]


@pytest.mark.parametrize("cause", [each for each in Failure if each not in {Failure.NONE, Failure.ANATOMICAL_MASKING}])
def test_each_cause_of_failure_leaves_no_diagnostic_slice(cause: Failure) -> None:
    exam = simulate_exam(301, slices=1, variety=WIDE, failure=cause)
    assert exam.truth.failure == cause
    assert exam.truth.slice_failures == (cause,)


def test_a_slice_above_the_liver_is_masked_by_anatomy() -> None:
    high = replace(WIDE, parameters={**WIDE.parameters, "breathing_mm": Distribution(0.0, 0.0)})
    exam = simulate_exam(301, slices=3, variety=high, failure=Failure.ANATOMICAL_MASKING)
    assert exam.truth.slice_failures[0] == Failure.ANATOMICAL_MASKING
    assert area(exam, Tissue.LUNG) > 0


def test_failures_come_as_often_as_published() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_failure(rng, WIDE) for _ in range(20000)]
    failed = [cause for cause, _ in drawn if cause != Failure.NONE]
    assert len(failed) / len(drawn) == pytest.approx(0.08, abs=0.008)
    share = failed.count(Failure.LOW_SIGNAL) / len(failed)
    assert share == pytest.approx(FAILURE_SHARE[Failure.LOW_SIGNAL] / 100.0, abs=0.04)


def test_an_unknown_failure_is_refused() -> None:
    with pytest.raises(ValueError, match="not a valid Failure"):
        simulate_exam(1, slices=1, failure="sunspots")
