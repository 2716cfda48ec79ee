"""Results carry notes, the contour drawn at the scanner and the name of the acquisition."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liver_mre.report.picture import style
from liver_mre.report.picture.overlay import render_overlay
from liver_mre.report.picture.panels import Crop, slice_picture
from liver_mre.report.secondary_capture import build_overlay
from liver_mre.report.seg import build_segmentation
from liver_mre.report.sr.document import build_report
from liver_mre.series.acquisition import UnitEvidence
from tests.report.content_factory import COLUMNS, ROWS, SPACING_MM, changed, make_content, make_not_evaluable

if TYPE_CHECKING:
    from liver_mre.report.content import ReportContent

CONTENT = make_content()
PICTURE = np.zeros((6, 8, 3), np.uint8)
ZOOM = 5
NOTES = ("Slice 2 was acquired twice: the later one counts", "The hatch pattern was closed.")
OVERRIDE = UnitEvidence(0.02, 0.0, "override", "0.02 kPa a count, set by the user")


def comments(content: ReportContent) -> list[str]:
    notes = build_report(content).ContentSequence[-1].ContentSequence
    return [item.TextValue for item in notes if item.ConceptNameCodeSequence[0].CodeValue == "121106"]


def with_contour(content: ReportContent, contour: np.ndarray | None = None) -> ReportContent:
    if contour is None:
        contour = np.zeros_like(content.mask.liver)
        contour[1:3, 36:50, 26:44] = True
    return changed(content, volume=replace(content.volume, scanner_contour=contour))


def segment_description(content: ReportContent) -> str:
    return build_segmentation(content).SegmentSequence[0].get("SegmentDescription", "")


def pink(picture: np.ndarray) -> np.ndarray:
    return (picture == style.SCANNER).all(axis=-1)


def test_report_holds_the_notes_on_series_and_pixels_each_once() -> None:
    content = make_content()
    content = changed(content, notes=NOTES, volume=replace(content.volume, notes=NOTES[1:]))
    assert comments(content) == list(NOTES)
    assert comments(make_content()) == []


def test_segmentation_holds_unit_override_and_notes() -> None:
    content = changed(make_content(), notes=NOTES, unit=OVERRIDE)
    assert segment_description(content) == (
        "Unit set by the user: 0.02 kPa a count. Slice 2 was acquired twice: the later one counts. "
        "The hatch pattern was closed."
    )


def test_notes_too_long_for_the_segmentation_are_in_the_report_only() -> None:
    long = (("Something worth knowing. " * 60).strip(),)
    content = changed(make_content(), notes=long, unit=OVERRIDE)
    assert segment_description(content) == "Unit set by the user: 0.02 kPa a count."
    assert comments(content) == list(long)


def test_report_compares_with_the_contour_drawn_at_the_scanner() -> None:
    content = with_contour(make_content())
    volume = content.volume
    inside = volume.scanner_contour & volume.confident
    area_cm2 = inside.sum() * SPACING_MM[0] * SPACING_MM[1] / 100
    (comment,) = comments(content)
    assert "in overlay group 60xx of the source images" in comment
    assert f"mean stiffness in it {volume.stiffness_kpa[inside].mean():.2f} kPa over {area_cm2:.1f} cm2." in comment


def test_contour_without_confident_pixels_has_no_stiffness() -> None:
    corner = np.zeros_like(make_content().mask.liver)
    corner[0, :3, :3] = True
    (comment,) = comments(with_contour(make_content(), corner))
    assert comment.endswith("it holds no pixel of sufficient confidence.")


def test_an_exam_that_is_not_evaluable_tells_no_number_of_its_contour_either() -> None:
    content = with_contour(make_not_evaluable())
    content = changed(content, volume=replace(content.volume, confident=content.volume.valid))
    assert "kPa" not in comments(content)[-1]


def test_contour_is_drawn_dashed_in_a_colour_of_its_own() -> None:
    content = with_contour(make_content())
    whole = Crop(0, ROWS, 0, COLUMNS, SPACING_MM)
    with_line, without = (pink(np.asarray(slice_picture(content, s, whole, COLUMNS * ZOOM))) for s in (1, 0))
    assert not without.any()
    row, column = np.nonzero(with_line)
    assert (row.min(), row.max()) == pytest.approx((36 * ZOOM, 50 * ZOOM), abs=2)
    assert (column.min(), column.max()) == pytest.approx((26 * ZOOM, 44 * ZOOM), abs=2)
    top_edge = with_line[36 * ZOOM - 1 : 36 * ZOOM + 2, 26 * ZOOM : 44 * ZOOM].any(axis=0)
    assert 0.3 < top_edge.mean() < 0.8  # dashes and gaps


def test_no_stiffness_has_the_colour_of_the_contour() -> None:
    colours = style.colours(np.linspace(0, style.MAX_KPA, 256)).astype(int)
    assert np.abs(colours - style.SCANNER).sum(axis=-1).min() > 120


def test_legend_explains_the_contour_only_where_there_is_one() -> None:
    content = make_content()
    plain, drawn = render_overlay(content), render_overlay(with_contour(content))
    assert drawn.shape[0] > plain.shape[0]
    assert pink(drawn[plain.shape[0] - 20 :]).sum() > 200
    assert not pink(plain).any()


@given(st.text(st.characters(exclude_characters="\\"), min_size=1, max_size=80), st.integers(1, 9))
def test_results_of_an_acquisition_say_which_it_is_and_what_they_are(acquisition: str, number: int) -> None:
    content = replace(CONTENT, acquisition=acquisition, acquisition_number=number)
    description = build_overlay(content, PICTURE).SeriesDescription
    assert len(description) <= 64
    assert description.endswith(" - AI-generated, not for clinical use")


def test_series_of_different_acquisitions_are_different() -> None:
    content = make_content()
    results = [
        build(changed(content, acquisition=f"series {11 * number}", acquisition_number=number))
        for number in (1, 2)
        for build in (build_segmentation, build_report, lambda content: build_overlay(content, PICTURE))
    ]
    for keyword in ("SeriesNumber", "SeriesInstanceUID", "SOPInstanceUID", "SeriesDescription"):
        assert len({result[keyword].value for result in results}) == 6
    assert "series 22" in results[-1].SeriesDescription


def test_picture_names_its_acquisition() -> None:
    content = make_content()
    named = render_overlay(changed(content, acquisition="series 12"))
    differs = (named != render_overlay(content)).any(axis=-1)
    assert differs[:48].any()
    assert not differs[48:].any()
