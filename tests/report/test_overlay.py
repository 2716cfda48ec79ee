"""The overlay shows measured pixels in colour and the finding in words."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liver_mre.measurement.region import confident_liver
from liver_mre.quality.verdict import CAUSES, Cause
from liver_mre.report.picture import overlay, style
from liver_mre.report.picture.colour_bar import spread
from liver_mre.report.picture.overlay import WIDTH_PX, render_overlay
from liver_mre.report.picture.panels import Crop, common_crop, side_letters, slice_picture
from liver_mre.report.picture.tiles import Strips
from tests.report.content_factory import (
    COLUMNS,
    ROWS,
    SLICES,
    SPACING_MM,
    changed,
    make_arrays,
    make_content,
    make_failed,
    make_judged,
    make_not_evaluable,
    make_quality,
)

if TYPE_CHECKING:
    from liver_mre.report.content import ReportContent
    from liver_mre.studies.study import Orientation

ZOOM = 5
WHOLE = Crop(0, ROWS, 0, COLUMNS, SPACING_MM)


def centres(content: ReportContent, index: int = 0) -> np.ndarray:
    """Draw a slice and return the colour at the centre of each of its pixels, (R, C, 3)."""
    picture = np.asarray(slice_picture(content, index, WHOLE, COLUMNS * ZOOM))
    return picture[ZOOM // 2 :: ZOOM, ZOOM // 2 :: ZOOM].astype(int)


def inner(mask: np.ndarray) -> np.ndarray:
    """Return the mask without its edge, on which the outline is drawn."""
    padded = np.pad(mask, 1)
    neighbours = [np.roll(padded, shift, axis) for axis in (0, 1) for shift in (-1, 1)]
    return np.logical_and.reduce([padded, *neighbours])[1:-1, 1:-1]


def test_measured_pixels_have_the_colour_of_their_stiffness() -> None:
    content = make_content()
    region = inner(confident_liver(content.volume, content.mask)[0])
    expected = style.colours(content.volume.stiffness_kpa[0])[region]
    np.testing.assert_array_equal(centres(content)[region], expected)


def test_liver_that_is_not_measured_is_grey() -> None:
    content = make_content()
    unmeasured = inner(content.mask.liver[0] & ~content.volume.confident[0])
    saturation = np.ptp(centres(content)[unmeasured], axis=-1)
    assert saturation.max() <= 16  # the hatching's grey is slightly blue


def test_confident_pixels_outside_the_liver_are_darker_than_inside() -> None:
    arrays = make_arrays()
    everywhere = replace(arrays, confident=arrays.stiffness_kpa > 0)
    with_liver = make_content(everywhere)
    outside = inner(~with_liver.mask.liver[0] & with_liver.volume.confident[0])
    shown = centres(with_liver)[outside].sum(axis=-1)
    full = style.colours(with_liver.volume.stiffness_kpa[0])[outside].astype(int).sum(axis=-1)
    assert (shown < full).all()


def test_liver_has_a_white_outline() -> None:
    picture = np.asarray(slice_picture(make_content(), 0, WHOLE, COLUMNS * ZOOM))
    white = (picture == 255).all(axis=-1)
    row, column = np.nonzero(white)
    liver_row, liver_column = np.nonzero(make_content().mask.liver[0])
    assert abs(row.min() - liver_row.min() * ZOOM) <= 2
    assert abs(column.max() - (liver_column.max() + 1) * ZOOM) <= 2


def test_crop_keeps_all_liver_and_the_body_s_proportions() -> None:
    content = make_content()
    crop = common_crop(content)
    shown = (content.volume.valid | content.mask.liver).any(axis=0)
    assert shown[crop.top : crop.bottom, crop.left : crop.right].sum() == shown.sum()
    wide = replace(crop, pixel_spacing_mm=(1.0, 2.0))
    tall = replace(crop, pixel_spacing_mm=(2.0, 1.0))
    assert tall.height_for(400) == pytest.approx(4 * wide.height_for(400), abs=4)


def test_picture_is_a_screen_wide_rgb_and_the_same_every_time() -> None:
    content = make_content()
    first = render_overlay(content)
    assert first.dtype == np.uint8
    assert first.shape[1:] == (WIDTH_PX, 3)
    np.testing.assert_array_equal(first, render_overlay(content))


def drawn_words(monkeypatch: pytest.MonkeyPatch, content: ReportContent) -> str:
    """Return all words that are drawn into the overlay of a study."""
    words = []
    text = overlay.ImageDraw.ImageDraw.text

    def listen(draw: object, place: object, drawn: str, *args: object, **kwargs: object) -> None:
        words.append(drawn)
        text(draw, place, drawn, *args, **kwargs)

    monkeypatch.setattr(overlay.ImageDraw.ImageDraw, "text", listen)
    render_overlay(content)
    return "\n".join(words)


def test_finding_stage_cutoffs_and_intended_use_are_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    content = make_content()
    words = drawn_words(monkeypatch, content)
    measured, staging = content.measured.measurement, content.measured.staging
    for expected in (
        f"{measured.mean_kpa:.2f}",
        f"± {measured.sd_kpa:.2f} kPa",
        f"ROI {measured.area_cm2:.0f} cm2 in 4 slices",
        staging.category,
        f"METAVIR {staging.metavir_min} to {staging.metavir_max}",
        ">= F2 at 2.80 kPa",
        "YES",
        "AI-generated. Research use only - not for clinical use.",
        "Simulated images",
        "liver-mre 1.0.0 - liver-unet 1.2.0",
        *(f"{cutoff:.2f}" for cutoff in staging.cutoffs_kpa),
    ):
        assert expected in words


def test_no_patient_data_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    content = make_content()
    words = drawn_words(monkeypatch, content)
    source = content.headers[0]
    for value in (
        source.PatientName.family_name + "^",
        source.PatientID,
        source.PatientBirthDate,
        source.AccessionNumber,
    ):
        assert str(value) not in words


@pytest.mark.parametrize("liver", [True, False])
def test_an_exam_that_is_not_evaluable_is_told_in_words_and_without_a_stiffness(
    *, liver: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = make_not_evaluable(liver=liver)
    words = drawn_words(monkeypatch, content)
    assert "Not evaluable" in words
    assert content.finding.reason.message in words
    assert "±" not in words
    assert "METAVIR" not in words
    assert ("liver not measurable" if liver else "no liver found") in words


def test_all_models_that_had_a_say_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = make_judged()
    quality_model = judged.finding.provenance.quality_model
    assert quality_model is not None
    names = f" - {judged.mask.model.title}, {quality_model.title}"
    assert any(line.endswith(names) for line in drawn_words(monkeypatch, judged).splitlines())
    by_physics = drawn_words(monkeypatch, make_judged(model=None)).splitlines()
    assert any(line.endswith(f" - {judged.mask.model.title}") for line in by_physics)


def test_excluded_slices_and_the_exam_s_light_are_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    words = drawn_words(monkeypatch, make_judged()).splitlines()
    assert words.count("not diagnostic: breathing") == 1
    assert "Quality AMBER: 3 of 4 slices diagnostic" in words
    assert any("slice 3: breathing or misregistration" in line for line in words)
    assert not any("Quality" in line for line in drawn_words(monkeypatch, make_content()).splitlines())


@pytest.mark.parametrize("out_of_domain", [(), ("place of the liver", "body width", "orientation of the slices")])
def test_a_refused_exam_says_cause_and_hint_and_shows_nothing_as_measured(
    out_of_domain: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = make_failed(out_of_domain=out_of_domain)
    words = drawn_words(monkeypatch, content)
    assert "Not evaluable" in words
    assert "Quality RED: 0 of 4 slices diagnostic" in words
    assert content.finding.quality.hint in words.replace("\n", " ")
    assert words.count("not diagnostic: ") == 4
    assert "±" not in words
    assert not content.measured_pixels.any()


@pytest.mark.parametrize("cause", CAUSES)
def test_words_beside_the_pictures_fit_in_the_narrowest_grid(cause: Cause) -> None:
    content = make_judged(make_quality(lost={1: cause}))
    narrowest_px = (WIDTH_PX - 2 * 24 - 172 - 4 * 16) // 4
    strips = Strips.that_fit(content, range(SLICES), narrowest_px)
    assert all(strips.fits(content, index) for index in range(SLICES))
    assert strips.size >= 13
    assert Strips.that_fit(content, range(SLICES), 600) == Strips(600, 18, counted=True)


def test_a_line_that_is_too_long_ends_in_an_ellipsis() -> None:
    words = "slice 1: breathing or misregistration; slice 2: no waves"
    assert overlay.fitted(words, 2000, 18) == words
    cut = overlay.fitted(words, 200, 18)
    assert cut.endswith(" ...")
    assert words.startswith(cut.removesuffix(" ..."))
    assert style.font(18).getlength(cut) <= 200


def test_a_mean_just_below_the_cutoff_is_shown_below_it(monkeypatch: pytest.MonkeyPatch) -> None:
    content = make_content(make_arrays(2.6))
    content = changed(content, measurement=replace(content.measured.measurement, mean_kpa=2.7996))
    words = drawn_words(monkeypatch, content).splitlines()
    assert "2.79" in words
    assert "NO" in words


def test_of_many_slices_those_with_liver_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = make_arrays()
    times = 5
    many = {name: np.tile(getattr(arrays, name), (times, 1, 1)) for name in ("stiffness_kpa", "confident", "liver")}
    many["liver"][:10] = False
    content = make_content(order=[0, 1, 2, 3] * times, arrays=replace(arrays, **many))
    words = drawn_words(monkeypatch, content)
    assert "12 of 20 slices shown" in words
    assert "Slice 20" in words.splitlines()
    assert "Slice 3" not in words.splitlines()


def test_colours_run_from_blue_to_red_and_stop_at_the_ends() -> None:
    low, high = style.colours(np.array([0.5, 7.5])).astype(int)
    assert low[2] > low[0]
    assert high[0] > high[2]
    np.testing.assert_array_equal(style.colours(np.array([8.0])), style.colours(np.array([20.0])))


def test_no_two_half_kpa_share_a_colour() -> None:
    colours = style.colours(np.arange(0.0, 8.1, 0.5)).astype(int)
    distance = np.abs(colours[:, None] - colours[None]).sum(axis=-1)
    assert distance[~np.eye(len(colours), dtype=bool)].min() > 30


@pytest.mark.parametrize(
    ("orientation", "letters"),
    [
        ((1, 0, 0, 0, 1, 0), ("R", "L", "A", "P")),
        ((-1, 0, 0, 0, 1, 0), ("L", "R", "A", "P")),
        ((1, 0, 0, 0, 0, -1), ("R", "L", "H", "F")),
        ((0.98, 0.2, 0, -0.2, 0.98, 0), ("R", "L", "A", "P")),
        (None, ("", "", "", "")),
    ],
)
def test_side_letters_follow_the_image_s_orientation(orientation: Orientation | None, letters: tuple[str, ...]) -> None:
    assert side_letters(orientation) == letters


@given(st.lists(st.integers(0, 500), max_size=8), st.integers(1, 30))
def test_spread_labels_keep_their_order_and_distance(heights: list[int], distance: int) -> None:
    moved = spread(sorted(heights, reverse=True), distance)
    assert len(moved) == len(heights)
    assert all(above - below >= distance for above, below in pairwise(moved))
