"""The step that decides whether an exam can be measured at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from liver_mre.core.study import Instance
from liver_mre.core.volume import LiverMask, ModelIdentity, StiffnessVolume
from liver_mre.errors import ImplausibleStiffnessError
from liver_mre.settings import Settings
from liver_mre.steps import Toolkit, measure_stiffness
from tests.exams import make_exam

if TYPE_CHECKING:
    from liver_mre.exam import Exam

MODEL = ModelIdentity("m", "1", "0" * 64, "openvino", "f32")


def segmented(liver_pixels: int, confident_pixels: int, stiffness_kpa: float = 3.0) -> Exam:
    """Return an exam of one 20 x 20 slice with pixels of 0.25 cm2."""
    liver = (np.arange(400) < liver_pixels).reshape(1, 20, 20)
    confident = (np.arange(400) < confident_pixels).reshape(1, 20, 20)
    volume = StiffnessVolume(
        stiffness_kpa=np.full((1, 20, 20), stiffness_kpa, np.float32),
        valid=np.ones((1, 20, 20), np.bool_),
        confident=confident,
        instances=(Instance("source", "1.2.3", "1.2"),),
        pixel_spacing_mm=(5.0, 5.0),
    )
    return make_exam(volume=volume, mask=LiverMask(liver, MODEL))


@pytest.mark.parametrize(
    ("liver", "confident", "code"),
    [(0, 400, "no_liver"), (100, 0, "no_confident_liver"), (100, 19, "area_too_small")],
)
def test_without_enough_confident_liver_the_exam_is_not_evaluable(liver: int, confident: int, code: str) -> None:
    exam = measure_stiffness(segmented(liver, confident), Toolkit(Settings(min_area_cm2=5.0)))
    assert exam.not_evaluable is not None
    assert exam.not_evaluable.code == code
    assert exam.not_evaluable.exit_code == 0
    assert exam.measurement is None


def test_the_least_area_itself_is_enough_and_can_be_set() -> None:
    at_the_limit = segmented(100, 20)
    assert measure_stiffness(at_the_limit, Toolkit(Settings(min_area_cm2=5.0))).measurement is not None
    assert measure_stiffness(segmented(100, 1), Toolkit(Settings(min_area_cm2=0.0))).measurement is not None


@pytest.mark.parametrize("stiffness_kpa", [0.03, 30.0, 300.0])
def test_a_stiffness_that_no_liver_has_is_refused(stiffness_kpa: float) -> None:
    with pytest.raises(ImplausibleStiffnessError):
        measure_stiffness(segmented(100, 100, stiffness_kpa), Toolkit(Settings()))
