"""The slices of the overlay: each picture below a strip with its numbers or the reason why it has none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw

from liver_mre.quality.verdict import SHORT_WORDS, Verdict
from liver_mre.report.picture import style
from liver_mre.report.picture.panels import side_letters, slice_picture
from liver_mre.report.picture.style import font

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liver_mre.measurement.measure import SliceMeasurement
    from liver_mre.quality.verdict import AcquisitionQuality
    from liver_mre.report.content import ReportContent
    from liver_mre.report.picture.panels import Crop

STRIP: Final = 34
"""Height of the strip above a picture, in pixels."""
_EDGE: Final = 10
_BETWEEN: Final = 10
_SIZES: Final = (18, 16, 15, 14, 13, 12)


@dataclass(frozen=True, slots=True)
class Strips:
    """Layout of all strips of an overlay: width and font size in pixels, and whether the title says "of N"."""

    width: int
    size: int
    counted: bool

    @classmethod
    def that_fit(cls, content: ReportContent, slices: Sequence[int], width: int) -> Strips:
        """Return the layout with the largest font in which the strip of every slice fits."""
        ways = [cls(width, _SIZES[0], counted=True), *(cls(width, size, counted=False) for size in _SIZES)]
        return next((way for way in ways if all(way.fits(content, index) for index in slices)), ways[-1])

    def title(self, content: ReportContent, index: int) -> str:
        """Return the title of a slice."""
        return f"Slice {index + 1}{f' of {len(content.mask.liver)}' if self.counted else ''}"

    def fits(self, content: ReportContent, index: int) -> bool:
        """Tell whether the strip of a slice fits."""
        letters, (words, _) = font(self.size), _slice_words(content, index)
        taken = letters.getlength(self.title(content, index)) + letters.getlength(words)
        return taken + _BETWEEN + 2 * _EDGE <= self.width


def draw_tile(
    canvas: Image.Image, content: ReportContent, index: int, crop: Crop, corner: tuple[int, int], strips: Strips
) -> None:
    """Draw slice `index` below its strip; `corner` is its left and top edge in pixels of the canvas."""
    draw = ImageDraw.Draw(canvas)
    (x, y), width, letters = corner, strips.width, font(strips.size)
    draw.rectangle((x, y, x + width - 1, y + STRIP - 1), style.SURFACE)
    draw.text((x + _EDGE, y + 24), strips.title(content, index), style.TEXT, letters, anchor="ls")
    words, colour = _slice_words(content, index)
    draw.text((x + width - _EDGE, y + 24), words, colour, letters, anchor="rs")
    picture = slice_picture(content, index, crop, width)
    canvas.paste(picture, (x, y + STRIP))
    middle_x, middle_y = x + width // 2, y + STRIP + picture.height // 2
    bottom = y + STRIP + picture.height
    places = (
        ((x + 8, middle_y), "lm"),
        ((x + width - 8, middle_y), "rm"),
        ((middle_x, y + STRIP + 6), "mt"),
        ((middle_x, bottom - 8), "mb"),
    )
    sides = side_letters(content.volume.instances[index].orientation)
    for letter, (place, anchor) in zip(sides, places, strict=True):
        draw.text(place, letter, style.TEXT, font(18), anchor=anchor, stroke_width=2, stroke_fill=style.BLACK)


def _slice_words(content: ReportContent, index: int) -> tuple[str, style.Colour]:
    measured = _measured_slice(content, index)
    if measured is not None:
        mean, sd = measured.stiffness_kpa_mean, measured.stiffness_kpa_sd
        return f"{mean:.2f} ± {sd:.2f} kPa   {area_words(measured.area_cm2)}", style.TEXT
    if content.finding.quality is not None and index in content.finding.quality.excluded:
        return f"not diagnostic: {_short_cause(content.finding.quality, index)}", style.VERDICT_COLOURS[Verdict.RED]
    words = "liver not measurable" if content.mask.liver[index].any() else "no liver found"
    return words, style.AMBER


def _short_cause(quality: AcquisitionQuality, index: int) -> str:
    cause = next(one.cause for one in quality.slices if one.slice_index == index)
    if quality.out_of_domain:
        return "no liver image"
    return SHORT_WORDS[cause] if cause else "unknown cause"


def _measured_slice(content: ReportContent, index: int) -> SliceMeasurement | None:
    slices = content.measured.measurement.slices if content.measured else ()
    return next((measured for measured in slices if measured.slice_index == index), None)


def area_words(area_cm2: float) -> str:
    """Return an area, with one decimal below 10 cm2."""
    decimals = 0 if area_cm2 >= 10 else 1  # noqa: PLR2004
    return f"{area_cm2:.{decimals}f} cm2"
