"""Exams that are no axial elastogram of a liver."""

from __future__ import annotations

import numpy as np
import pytest

from simulation.exams.cohorts import DESIGNS, patient_of
from simulation.exams.simulate import simulate_exam
from simulation.out_of_domain.scenes import KINDS, LEVELS_MM, SCENES, altered, at_level
from simulation.planning.plan import draw_plan, open_streams
from simulation.planning.variety import WIDE
from simulation.types import LIVER_TISSUES, Failure


@pytest.mark.parametrize("kind", sorted(set(SCENES) - {"coronal"}))
def test_other_things_have_no_liver(kind: str) -> None:
    exam = simulate_exam(4, slices=1, variety=WIDE, unlike=kind)
    assert not exam.truth.liver.any()
    assert not np.isin(exam.truth.tissue, LIVER_TISSUES).any()
    assert exam.facts["unlike"] == kind
    assert np.isfinite(exam.stiffness_kpa).all()


def test_another_part_of_the_trunk_has_no_liver() -> None:
    for kind in ("pelvis", "chest"):
        assert not simulate_exam(4, slices=1, variety=WIDE, unlike=kind).truth.liver.any()


@pytest.mark.parametrize("kind", LEVELS_MM)
def test_no_cause_of_failure_moves_slices_from_another_part_of_the_trunk_to_the_liver(kind: str) -> None:
    low_mm, high_mm = LEVELS_MM[kind]
    for failure in Failure:
        plan = draw_plan(
            open_streams(4), at_level(WIDE, kind), stage=None, liver_stiffness_kpa=None, slices=4, failure=failure
        )
        assert all(low_mm <= traits.level_mm <= high_mm for traits in plan.slice_traits)


def test_a_mirrored_exam_is_the_usual_one_mirrored() -> None:
    usual = simulate_exam(6, slices=1)
    mirrored = simulate_exam(6, slices=1, unlike="mirrored")
    np.testing.assert_array_equal(mirrored.stiffness_kpa, usual.stiffness_kpa[..., ::-1])
    np.testing.assert_array_equal(mirrored.truth.liver, usual.truth.liver[..., ::-1])


def test_a_contrast_series_passes_for_stiffness_everywhere_in_the_body() -> None:
    usual = simulate_exam(6, slices=1)
    contrast = simulate_exam(6, slices=1, unlike="contrast")
    body = usual.truth.tissue > 0
    assert (contrast.confidence[body] == 1.0).all()
    assert not np.allclose(contrast.stiffness_kpa[body], usual.stiffness_kpa[body])


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        altered(simulate_exam(6, slices=1), "cat", np.random.default_rng(0))


def test_the_cohort_of_other_things_holds_every_kind() -> None:
    design = DESIGNS["unlike"]
    assert {patient_of(design, 0, index).unlike for index in range(len(KINDS))} == set(KINDS)
    assert not patient_of(DESIGNS["quality"], 0, 0).unlike
