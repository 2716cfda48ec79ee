"""The step that decides whether an exam can be measured at all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from liver_mre.calibration import load_calibrations
from liver_mre.case import Case, study_result
from liver_mre.core.result import Prior
from liver_mre.core.study import Instance, Study
from liver_mre.core.volume import LiverMask, ModelIdentity, StiffnessVolume
from liver_mre.errors import ImplausibleStiffnessError
from liver_mre.measuring import choose_exams, measure_stiffness, stage_fibrosis
from liver_mre.quality_limits import load_limits
from liver_mre.settings import Settings
from liver_mre.steps import Toolkit
from tests.exams import make_exam

if TYPE_CHECKING:
    from liver_mre.exam import Exam

MODEL = ModelIdentity(*load_calibrations()[0].model.split(), "0" * 64, "openvino", "f32")
"""The network that the interval was calibrated with."""
SHOWN = ("masked_stiffness",)


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
    return make_exam(volume=volume, mask=LiverMask(liver, MODEL), network_channels=SHOWN)


NO_RULES = {
    "roi_edge_mm": 0.0,
    "roi_soft_share": 0.0,
    "roi_hot_share": 0.0,
    "roi_island_cm2": 0.0,
    "roi_slice_cm2": 0.0,
}


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
    assert measure_stiffness(at_the_limit, Toolkit(Settings(min_area_cm2=5.0, **NO_RULES))).measurement is not None
    assert measure_stiffness(segmented(100, 1), Toolkit(Settings(min_area_cm2=0.0, **NO_RULES))).measurement is not None


def test_what_the_rules_leave_is_measured_and_what_they_take_is_told() -> None:
    exam = measure_stiffness(segmented(400, 400), Toolkit(Settings(roi_edge_mm=12.0)))
    assert exam.measurement is not None
    assert exam.measurement.area_cm2 == pytest.approx(16 * 16 * 0.25)
    taken = {str(one.reason): one.area_cm2 for one in exam.measurement.removed}
    assert taken["edge"] == pytest.approx(144 * 0.25)
    assert sum(taken.values()) == pytest.approx(taken["edge"])
    assert exam.measurement.interval is not None
    assert exam.measurement.interval.low_kpa < 3.0 < exam.measurement.interval.high_kpa


def test_a_liver_of_which_the_rules_leave_nothing_is_not_evaluable() -> None:
    exam = measure_stiffness(segmented(100, 100), Toolkit(Settings(roi_edge_mm=50.0)))
    assert exam.not_evaluable is not None
    assert exam.not_evaluable.code == "area_too_small"


def test_other_outlines_of_the_liver_widen_the_interval() -> None:
    exam = segmented(400, 400)
    stiffness = np.linspace(2.0, 4.0, 400, dtype=np.float32).reshape(1, 20, 20)
    assert exam.volume is not None
    assert exam.mask is not None
    volume = replace(exam.volume, stiffness_kpa=stiffness)
    half = np.broadcast_to(np.arange(20)[:, None] < 10, (1, 20, 20))
    widths = []
    for others in ((), (half,)):
        doubtful = replace(exam, volume=volume, mask=replace(exam.mask, alternatives=others))
        measured = measure_stiffness(doubtful, Toolkit(Settings())).measurement
        assert measured is not None
        assert measured.interval is not None
        widths.append(measured.interval.high_kpa - measured.interval.low_kpa)
    assert widths[1] > widths[0]


def test_outlines_of_another_network_get_no_interval_and_a_warning_says_so() -> None:
    exam = segmented(400, 400)
    assert exam.mask is not None
    other = replace(exam.mask, model=replace(MODEL, version="99.0.0"))
    toolkit = Toolkit(Settings())
    found = stage_fibrosis(measure_stiffness(replace(exam, mask=other), toolkit), toolkit)
    assert found.measurement is not None
    assert found.measurement.interval is None
    assert found.staging is not None
    assert found.staging.significant_probability is None
    (warning,) = found.warnings
    assert f"{MODEL.name} 99.0.0" in warning
    assert warning in found.notes
    case = Case(0, 1, Study("1.2", ()), exams=(replace(found, reported=True, represents=True),))
    assert study_result(case).warnings == (warning,)


def test_an_input_for_which_nothing_was_calibrated_gets_no_interval_and_a_warning_says_so() -> None:
    exam = replace(segmented(400, 400), network_channels=("stiffness",))
    found = measure_stiffness(exam, Toolkit(Settings()))
    assert found.measurement is not None
    assert found.measurement.interval is None
    assert "made from stiffness" in found.warnings[0]


def test_the_interval_is_that_of_what_the_network_was_shown() -> None:
    names = set()
    for channels in (SHOWN, ("stiffness", "confident", "magnitude")):
        exam = measure_stiffness(replace(segmented(400, 400), network_channels=channels), Toolkit(Settings()))
        assert exam.measurement is not None
        assert exam.measurement.interval is not None
        names.add(exam.measurement.interval.calibration)
    assert len(names) == 2


@pytest.mark.parametrize("stiffness_kpa", [0.03, 30.0, 300.0])
def test_a_stiffness_that_no_liver_has_is_refused(stiffness_kpa: float) -> None:
    with pytest.raises(ImplausibleStiffnessError):
        measure_stiffness(segmented(100, 100, stiffness_kpa), Toolkit(Settings()))


def test_a_measured_exam_is_held_against_the_prior_that_the_input_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    prior = Prior(2.4, "20240301", "101500", ("another 1",), "1.2.8", "1.2.7")
    asked: list[tuple[str, ...]] = []

    def found(_self: object, reports: tuple[str, ...], _current: Instance) -> Prior:
        asked.append(reports)
        return prior

    monkeypatch.setattr("liver_mre.dicom.prior.PriorReports.find", found)
    toolkit = Toolkit(Settings(repeatability_percent=20.0))
    exam = replace(measure_stiffness(segmented(400, 400), toolkit), model=MODEL)
    case = Case(0, 1, Study("1.2", (), reports=("old.dcm",)), exams=(exam,))
    change = choose_exams(case, toolkit).exams[0].change
    assert asked == [("old.dcm",)]
    assert change is not None
    assert (change.prior, change.percent, change.exceeds, change.same_versions) == (prior, 25.0, True, False)
    without = replace(case, study=Study("1.2", ()))
    assert choose_exams(without, toolkit).exams[0].change is None


def test_the_shipped_interval_is_that_of_the_shipped_network() -> None:
    toolkit = Toolkit(Settings())
    made_with = {one.model for one in toolkit.calibrations}
    assert made_with == {f"{toolkit.card.name} {toolkit.card.version}"}, "run `liver-mre interval-study`"


def test_the_shipped_limits_of_quality_are_those_of_the_shipped_network() -> None:
    card = Toolkit(Settings()).card
    assert load_limits().model == f"{card.name} {card.version}", "run `liver-mre calibrate-quality`"
