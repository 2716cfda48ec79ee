"""Exams out of domain: not an axial elastogram of a liver."""

from __future__ import annotations

import numpy as np
import pytest

from simulation.exams.cohorts import DESIGNS, patient_of
from simulation.exams.simulate import simulate_exam
from simulation.out_of_domain import LEVELS_MM, OUT_OF_DOMAIN
from simulation.out_of_domain.scenes import SCENES
from simulation.planning.plan import draw_plan, open_streams
from simulation.planning.variety import WIDE, at_level
from simulation.types import LIVER_TISSUES, Failure


@pytest.mark.parametrize("kind", sorted(set(SCENES) - {"coronal"}))
def test_other_objects_have_no_liver(kind: str) -> None:
    exam = simulate_exam(4, slices=1, variety=WIDE, out_of_domain=kind)
    assert not exam.truth.liver.any()
    assert not np.isin(exam.truth.tissue, LIVER_TISSUES).any()
    assert exam.facts["unlike"] == kind
    assert np.isfinite(exam.stiffness_kpa).all()


def test_other_parts_of_the_trunk_have_no_liver() -> None:
    for kind in ("pelvis", "chest"):
        assert not simulate_exam(4, slices=1, variety=WIDE, out_of_domain=kind).truth.liver.any()


@pytest.mark.parametrize("kind", LEVELS_MM)
def test_no_failure_moves_slices_from_another_part_of_the_trunk_to_the_liver(kind: str) -> None:
    low_mm, high_mm = LEVELS_MM[kind]
    variety = at_level(WIDE, LEVELS_MM[kind])
    for failure in Failure:
        plan = draw_plan(open_streams(4), variety, stage=None, liver_stiffness_kpa=None, slices=4, failure=failure)
        assert all(low_mm <= parameters.level_mm <= high_mm for parameters in plan.slice_parameters)


def test_a_mirrored_exam_is_the_usual_one_mirrored() -> None:
    usual = simulate_exam(6, slices=1)
    mirrored = simulate_exam(6, slices=1, out_of_domain="mirrored")
    np.testing.assert_array_equal(mirrored.stiffness_kpa, usual.stiffness_kpa[..., ::-1])
    np.testing.assert_array_equal(mirrored.truth.liver, usual.truth.liver[..., ::-1])


def test_a_contrast_series_is_confident_pixels_in_the_whole_body() -> None:
    usual = simulate_exam(6, slices=1)
    contrast = simulate_exam(6, slices=1, out_of_domain="contrast")
    body = usual.truth.tissue > 0
    assert (contrast.confidence[body] == 1.0).all()
    assert not np.allclose(contrast.stiffness_kpa[body], usual.stiffness_kpa[body])


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        simulate_exam(6, slices=1, out_of_domain="cat")


def test_the_cohort_out_of_domain_holds_every_kind() -> None:
    design = DESIGNS["out-of-domain"]
    kinds = {patient_of(design, 0, index).out_of_domain for index in range(len(OUT_OF_DOMAIN))}
    assert kinds == set(OUT_OF_DOMAIN)
    assert not patient_of(DESIGNS["quality"], 0, 0).out_of_domain
