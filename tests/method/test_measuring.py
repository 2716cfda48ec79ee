"""Measuring: whether an acquisition can be measured, what, and with which interval."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from liver_mre.errors import ImplausibleStiffnessError
from liver_mre.measurement.change import Prior
from liver_mre.method.choose_acquisition import choose_acquisition
from liver_mre.method.collect_results import study_result
from liver_mre.method.measure_stiffness import measure_stiffness
from liver_mre.method.mre_study_run import MreStudyRun
from liver_mre.method.stage_fibrosis import stage_fibrosis
from liver_mre.method.stages import Compared, Judged, Measured, NotEvaluable, Staged
from liver_mre.method.toolkit import Toolkit
from liver_mre.quality.limits_file import load_limits
from liver_mre.settings import Settings
from liver_mre.studies.study import Instance, ReportFiles, Study
from tests.exams import MODEL, SHOWN, segmented


def judged(liver_pixels: int, confident_pixels: int, stiffness_kpa: float = 3.0) -> Judged:
    return segmented(liver_pixels, confident_pixels, stiffness_kpa).to(Judged)


def measured(item: Judged, **settings: float) -> Measured:
    found = measure_stiffness(item, Toolkit(Settings(**settings)))
    assert isinstance(found, Measured)
    return found


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
    found = measure_stiffness(judged(liver, confident), Toolkit(Settings(min_area_cm2=5.0)))
    assert isinstance(found, NotEvaluable)
    assert (found.reason.code, found.reason.exit_code) == (code, 0)


def test_the_smallest_allowed_area_is_enough_and_can_be_set() -> None:
    at_the_limit = judged(100, 20)
    assert isinstance(measure_stiffness(at_the_limit, Toolkit(Settings(min_area_cm2=5.0, **NO_RULES))), Measured)
    assert isinstance(measure_stiffness(judged(100, 1), Toolkit(Settings(min_area_cm2=0.0, **NO_RULES))), Measured)


def test_the_region_rules_decide_what_is_measured_and_removed_areas_are_reported() -> None:
    exam = measured(judged(400, 400), roi_edge_mm=12.0)
    assert exam.measurement.area_cm2 == pytest.approx(16 * 16 * 0.25)
    taken = {str(one.reason): one.area_cm2 for one in exam.measurement.removed}
    assert taken["edge"] == pytest.approx(144 * 0.25)
    assert sum(taken.values()) == pytest.approx(taken["edge"])
    assert exam.measurement.interval is not None
    assert exam.measurement.interval.low_kpa < 3.0 < exam.measurement.interval.high_kpa


def test_a_liver_is_not_evaluable_if_the_region_rules_leave_nothing() -> None:
    found = measure_stiffness(judged(100, 100), Toolkit(Settings(roi_edge_mm=50.0)))
    assert isinstance(found, NotEvaluable)
    assert found.reason.code == "area_too_small"


def test_alternative_outlines_widen_the_interval() -> None:
    exam = judged(400, 400)
    stiffness = np.linspace(2.0, 4.0, 400, dtype=np.float32).reshape(1, 20, 20)
    volume = replace(exam.volume, stiffness_kpa=stiffness)
    half = np.broadcast_to(np.arange(20)[:, None] < 10, (1, 20, 20))
    widths = []
    for others in ((), (half,)):
        doubtful = replace(exam, volume=volume, mask=replace(exam.mask, alternatives=others))
        interval = measured(doubtful).measurement.interval
        assert interval is not None
        widths.append(interval.high_kpa - interval.low_kpa)
    assert widths[1] > widths[0]


def test_another_network_gives_a_warning_instead_of_an_interval() -> None:
    exam = judged(400, 400)
    other = replace(exam.mask, model=replace(MODEL, version="99.0.0"))
    toolkit = Toolkit(Settings())
    found = stage_fibrosis(measured(replace(exam, mask=other)), toolkit)
    assert found.measurement.interval is None
    assert found.staging.significant_probability is None
    (warning,) = found.warnings
    assert f"{MODEL.name} 99.0.0" in warning
    assert warning in found.finding.provenance.notes
    run = MreStudyRun(0, 1, Study("1.2", ()), items=(found,), chosen=0, reported=(0,))
    assert study_result(run).warnings == (warning,)


def test_input_channels_without_calibration_give_a_warning_instead_of_an_interval() -> None:
    found = measured(replace(judged(400, 400), network_channels=("stiffness",)))
    assert found.measurement.interval is None
    assert "made from stiffness" in found.warnings[0]


def test_each_choice_of_input_channels_has_its_calibration() -> None:
    names = set()
    for channels in (SHOWN, ("stiffness", "confident", "magnitude")):
        exam = measured(replace(judged(400, 400), network_channels=channels))
        assert exam.measurement.interval is not None
        names.add(exam.measurement.interval.calibration)
    assert len(names) == 2


@pytest.mark.parametrize("stiffness_kpa", [0.03, 30.0, 300.0])
def test_a_stiffness_that_no_liver_has_is_refused(stiffness_kpa: float) -> None:
    with pytest.raises(ImplausibleStiffnessError):
        measure_stiffness(judged(100, 100, stiffness_kpa), Toolkit(Settings()))


def test_a_measurement_is_compared_with_the_earlier_report_in_the_input(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prior = Prior(2.4, "20240301", "101500", ("another 1",), "1.2.8", "1.2.7")
    asked: list[ReportFiles] = []

    def found(reports: ReportFiles, _current: Instance) -> Prior | None:
        asked.append(reports)
        return prior if reports.paths else None

    monkeypatch.setattr("liver_mre.method.choose_acquisition.most_recent_prior", found)
    toolkit = Toolkit(Settings(repeatability_percent=20.0))
    item = stage_fibrosis(measured(judged(400, 400)), toolkit)
    reports = ReportFiles(("old.dcm",))
    run = MreStudyRun(0, 1, Study("1.2", (), reports), items=(item,))
    (compared,) = choose_acquisition(run, toolkit).items
    assert isinstance(compared, Staged)
    change = compared.change
    assert asked == [reports]
    assert change is not None
    assert (change.prior, change.percent, change.exceeds, change.same_versions) == (prior, 25.0, True, False)
    (alone,) = choose_acquisition(replace(run, study=Study("1.2", ())), toolkit).items
    assert isinstance(alone, Staged)
    assert isinstance(alone, Staged)
    assert not isinstance(alone, Compared)


def test_the_shipped_interval_is_that_of_the_shipped_network() -> None:
    toolkit = Toolkit(Settings())
    made_with = {one.model for one in toolkit.calibrations}
    assert made_with == {f"{toolkit.card.name} {toolkit.card.version}"}, "run `liver-mre interval-study`"


def test_the_shipped_limits_of_quality_are_those_of_the_shipped_network() -> None:
    card = Toolkit(Settings()).card
    assert load_limits().model == f"{card.name} {card.version}", "run `liver-mre calibrate-quality`"
