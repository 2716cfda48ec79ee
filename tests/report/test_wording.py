"""Results are called simulated only if the images say so, and state a unit set by the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from liver_mre.report.picture.overlay import render_overlay
from liver_mre.report.picture.style import AMBER
from liver_mre.report.secondary_capture import build_overlay
from liver_mre.report.seg import build_segmentation
from liver_mre.report.source.files import read_source
from liver_mre.report.source.header import clean_header
from liver_mre.report.sr.document import build_report
from liver_mre.report.wording import disclosure, is_simulated
from liver_mre.series.acquisition import UnitEvidence
from liver_mre.studies.study import Instance
from simulation.encodings import ENCODINGS
from tests.report.content_factory import changed, make_content, make_not_evaluable, with_headers
from tests.simulation.exam_factory import make_exam

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydicom import Dataset

    from liver_mre.report.content import ReportContent

PICTURE = np.zeros((6, 8, 3), np.uint8)
REMARK = "Unit set by the user: 0.02 kPa a count."


def overlay(content: ReportContent) -> Dataset:
    return build_overlay(content, PICTURE)


BUILDERS = pytest.mark.parametrize("build", [build_segmentation, build_report, overlay])


def overridden(content: ReportContent) -> ReportContent:
    detail = "0.02 kPa a count, set by the user; the headers say: no usable unit"
    return changed(content, unit=UnitEvidence(0.02, 0.0, "override", detail))


def amber_px(content: ReportContent) -> int:
    return int((render_overlay(content) == AMBER).all(axis=-1).sum())


@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
def test_every_image_of_the_simulation_is_told_from_a_patient_s(encoding: str, tmp_path: Path) -> None:
    ENCODINGS[encoding](make_exam(), tmp_path)
    paths = [path for path in tmp_path.rglob("*") if path.is_file()]
    images = [read_source(Instance(str(path), "", "")) for path in paths]
    assert images
    for image in images:
        source = clean_header(image)
        assert is_simulated(changed(make_content(simulated=False), source=source))
        assert source.notes == ()  # a good header needs no correction


def test_synthetic_data_are_simulated() -> None:
    content = make_content(simulated=False)
    content.headers[0].SyntheticData = "YES"
    assert "Simulated images, no patient." in disclosure(with_headers(content, content.headers))


@pytest.mark.parametrize(
    ("keyword", "words"),
    [
        ("SeriesDescription", "MR Simulation liver"),
        ("ImageComments", "MR simulation for radiotherapy"),
        ("ManufacturerModelName", "MR Simulator"),
        ("SyntheticData", "NO"),
    ],
)
def test_a_real_patient_is_never_called_simulated(keyword: str, words: str) -> None:
    content = make_content(simulated=False)
    setattr(content.headers[0], keyword, words)
    assert "imulated" not in disclosure(with_headers(content, content.headers))


@BUILDERS
def test_every_object_says_that_the_user_set_the_unit(build: Callable[[ReportContent], Dataset]) -> None:
    assert REMARK in str(build(overridden(make_content())))
    assert "set by the user" not in str(build(make_content()))


def test_segment_and_overlay_say_it_where_viewers_show_it() -> None:
    content = overridden(make_content())
    assert build_segmentation(content).SegmentSequence[0].SegmentDescription == REMARK
    assert REMARK in overlay(content).ImageComments


@pytest.mark.parametrize("make", [make_content, make_not_evaluable])
def test_the_picture_says_in_amber_that_the_user_set_the_unit(make: Callable[[], ReportContent]) -> None:
    content = make()
    assert amber_px(overridden(content)) > amber_px(content) + 500
