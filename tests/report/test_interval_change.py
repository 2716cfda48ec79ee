"""Results hold the 95 % interval, crossed cut-offs, removed areas and change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from highdicom.sr import srread

from liver_mre.report import codes
from liver_mre.report.picture.overlay import render_overlay
from liver_mre.report.sr.document import build_report
from liver_mre.report.wording import change_sentence, change_words, crossing_words, interval_words
from tests.report.content_factory import make_content, make_doubtful, make_not_evaluable

if TYPE_CHECKING:
    from pathlib import Path

    from highdicom.sr import MeasurementsAndQualitativeEvaluations

    from liver_mre.report.content import ReportContent


def exam_group(content: ReportContent, folder: Path) -> MeasurementsAndQualitativeEvaluations:
    build_report(content).save_as(folder / "sr.dcm", enforce_file_format=True)
    return srread(folder / "sr.dcm").content.get_image_measurement_groups()[0]


def test_the_report_holds_interval_and_probabilities(tmp_path: Path) -> None:
    content = make_doubtful()
    interval = content.measured.measurement.interval
    group = exam_group(content, tmp_path)
    ends = {one.derivation.value: one.value for one in group.get_measurements(codes.ELASTICITY)}
    assert (ends["CI95-LOW"], ends["CI95-HIGH"]) == pytest.approx((interval.low_kpa, interval.high_kpa), abs=2e-4)
    (significant,) = group.get_measurements(codes.private("significant_fibrosis"))
    assert significant.value == pytest.approx(content.measured.staging.significant_probability, abs=1e-4)
    categories = [
        group.get_measurements(codes.named("CAT", one.category)) for one in content.measured.staging.probabilities
    ]
    assert sum(found[0].value for found in categories) == pytest.approx(1.0, abs=1e-3)
    evaluations = {one.name.value: one.value for one in group.get_qualitative_evaluations()}
    assert evaluations["CROSSES-CUTOFF"] == codes.YES


def test_the_report_holds_what_was_left_out_and_the_change(tmp_path: Path) -> None:
    content = make_doubtful()
    group = exam_group(content, tmp_path)
    for one in content.measured.measurement.removed:
        (found,) = group.get_measurements(codes.private(f"removed_{one.reason}"))
        assert found.value == pytest.approx(one.area_cm2, abs=1e-4)
        assert found.unit == codes.SQUARE_CENTIMETRE
    (change,) = group.get_measurements(codes.private("change_percent"))
    assert change.value == pytest.approx(content.measured.change.percent, abs=0.01)
    evaluations = {one.name.value: one.value for one in group.get_qualitative_evaluations()}
    assert evaluations["CHANGE-EXCEEDS"] == (codes.YES if content.measured.change.exceeds else codes.NO)


def test_without_interval_and_prior_nothing_is_said_of_them(tmp_path: Path) -> None:
    for content in (make_content(), make_not_evaluable()):
        group = exam_group(content, tmp_path)
        said = {one.name.value for one in [*group.get_measurements(), *group.get_qualitative_evaluations()]}
        assert not {"CROSSES-CUTOFF", "CHANGE-KPA", "OUT-EDGE"} & said


def test_short_words_agree_with_the_cutoffs() -> None:
    content = make_doubtful()
    assert "2.8" in crossing_words(content.measured.staging)
    assert crossing_words(content.measured.staging).startswith("crosses the ")
    words = interval_words(content.measured.measurement, content.measured.staging)
    assert words.count("kPa") == 1
    assert words.endswith(")")
    assert "since 2024-03-01: +" in change_words(content.measured.change)
    sentence = change_sentence(content.measured.change)
    assert "19 % (QIBA MRE profile, unverified)" in sentence
    assert "other versions" in sentence
    assert crossing_words(None) == change_words(None) == change_sentence(None) == ""


def test_the_picture_shows_them() -> None:
    doubtful = make_doubtful()
    plain = make_content()
    header = slice(0, 160)
    assert (render_overlay(doubtful)[header] != render_overlay(plain)[header]).any()
    assert np.array_equal(render_overlay(doubtful), render_overlay(doubtful))
