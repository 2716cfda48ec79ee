"""The overlay: one picture of the finding for a PACS workstation or a document."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw

from liver_mre.about import APPLICATION
from liver_mre.report.codes import plain
from liver_mre.report.picture import style
from liver_mre.report.picture.colour_bar import draw_colour_bar
from liver_mre.report.picture.panels import common_crop
from liver_mre.report.picture.style import font
from liver_mre.report.picture.tiles import STRIP, Strips, area_words, draw_tile
from liver_mre.report.rounding import cutoffs_kpa, rounded_kpa
from liver_mre.report.wording import (
    change_words,
    crossing_words,
    disclosure,
    doubt_words,
    excluded_words,
    quality_words,
    range_words,
    unit_remark,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liver_mre.measurement.staging import Staging
    from liver_mre.report.content import ReportContent
    from liver_mre.report.picture.panels import Crop
    from liver_mre.results.finding import MeasuredFinding, Reportable

WIDTH_PX: Final = 1280
MAX_SLICES: Final = 12
_MARGIN = 24
_GAP = 16
_HEADER = 200
_FOOTER = 76
_UNIT_LINE = 30
_LEGEND_LINE = 26
_BAR_WIDTH = 172
_LINE_LETTERS = 124
_COLUMNS = ((1, 1), (4, 2), (9, 3), (MAX_SLICES, 4))  # (largest number of slices, columns)


@dataclass(frozen=True, slots=True)
class _Grid:
    """Layout of the slices: which ones, number of columns, size of one picture in pixels."""

    slices: tuple[int, ...]
    columns: int
    picture_width: int
    picture_height: int

    @property
    def height(self) -> int:
        rows = -(-len(self.slices) // self.columns)
        return rows * (self.picture_height + STRIP + _GAP) - _GAP

    def corner(self, place: int) -> tuple[int, int]:
        row, column = divmod(place, self.columns)
        x = _MARGIN + column * (self.picture_width + _GAP)
        return x, _HEADER + row * (self.picture_height + STRIP + _GAP)


def render_overlay(content: ReportContent) -> NDArray[np.uint8]:
    """Draw a finding: numbers, slices with outline of the liver, colour bar with cut-offs.

    An exam that is not evaluable shows the reason instead of numbers. The picture names no patient. It shows up to
    `MAX_SLICES` slices; those with liver have priority.

    Returns
    -------
    (H, W, 3) uint8, W = `WIDTH_PX`
    """
    crop = common_crop(content)
    grid = _grid(content, crop)
    footer = _footer_height(content)
    canvas = Image.new("RGB", (WIDTH_PX, _HEADER + grid.height + footer), style.BACKGROUND)
    draw = ImageDraw.Draw(canvas)
    _draw_header(draw, content)
    strips = Strips.that_fit(content, grid.slices, grid.picture_width)
    for place, index in enumerate(grid.slices):
        draw_tile(canvas, content, index, crop, grid.corner(place), strips)
    measured = content.measured
    mean_kpa = measured.measurement.mean_kpa if measured else None
    bar_left = WIDTH_PX - _MARGIN - _BAR_WIDTH
    draw_colour_bar(
        canvas, (bar_left, _HEADER + STRIP), grid.height - STRIP, measured.staging if measured else None, mean_kpa
    )
    _draw_footer(draw, content, canvas.height - footer, len(grid.slices))
    return np.asarray(canvas).copy()


def _grid(content: ReportContent, crop: Crop) -> _Grid:
    liver = content.mask.liver
    order = sorted(range(len(liver)), key=lambda index: not liver[index].any())  # stable
    slices = tuple(sorted(order[:MAX_SLICES]))
    columns = next(columns for most, columns in _COLUMNS if len(slices) <= most)
    room = WIDTH_PX - 2 * _MARGIN - _BAR_WIDTH - columns * _GAP
    width = room // columns
    return _Grid(slices, columns, width, crop.height_for(width))


def _draw_header(draw: ImageDraw.ImageDraw, content: ReportContent) -> None:
    models = [
        model.title for model in (content.mask.model, content.finding.provenance.quality_model) if model is not None
    ]
    version = f"{APPLICATION} {content.application_version} - {', '.join(models)}"
    draw.text((_MARGIN, 20), "LIVER STIFFNESS", style.MUTED, font(18))
    draw.text((_MARGIN + 170, 20), _title(content), style.MUTED, font(18))
    draw.text((WIDTH_PX - _MARGIN, 20), version, style.MUTED, font(18), anchor="ra")
    if content.measured is None:
        _draw_not_evaluable(draw, content.finding)
    else:
        _draw_result(draw, content.measured)
        _draw_quality(draw, content.measured)


def _title(content: ReportContent) -> str:
    method = "MR elastography"
    return f"{method}, {textwrap.shorten(plain(content.acquisition), 40)}" if content.acquisition else method


def _draw_result(draw: ImageDraw.ImageDraw, finding: MeasuredFinding) -> None:
    measured, staging, change = finding.measurement, finding.staging, finding.change
    mean = rounded_kpa(measured.mean_kpa, cutoffs_kpa(staging), decimals=2)
    number = f"{mean:.2f}"
    draw.text((_MARGIN, 112), number, style.TEXT, font(76), anchor="ls")
    x = _MARGIN + font(76).getlength(number) + 14
    draw.text((x, 112), f"± {measured.sd_kpa:.2f} kPa", style.TEXT, font(34), anchor="ls")
    if measured.interval is not None:
        draw.text((x, 72), f"95 %: {range_words(measured, staging, decimals=2)} kPa", style.TEXT, font(22), anchor="ls")
    draw.text(
        (_MARGIN, 146),
        f"ROI {area_words(measured.area_cm2)} in {_count(len(measured.slices))}, "
        f"{measured.measurable_share:.0%} of the predicted liver   |   "
        f"median {measured.median_kpa:.2f}, quartiles {measured.p25_kpa:.2f} to {measured.p75_kpa:.2f} kPa",
        style.MUTED,
        font(18),
        anchor="ls",
    )
    _draw_staging(draw, staging)
    if change is not None:
        colour = style.AMBER if change.exceeds else style.MUTED
        draw.text((600, 48), change_words(change), colour, font(18), anchor="ls")


def _draw_staging(draw: ImageDraw.ImageDraw, staging: Staging) -> None:
    x = 600
    low, high = staging.metavir_min, staging.metavir_max
    stages = low if low == high else f"{low} to {high}"
    draw.text((x, 78), textwrap.shorten(plain(staging.category), 36), style.TEXT, font(28), anchor="ls")
    draw.text((x, 112), f"METAVIR {stages}", style.TEXT, font(24), anchor="ls")
    shift = font(24).getlength(f"METAVIR {stages}") + 16
    draw.text((x + shift, 112), f"({plain(staging.profile)})", style.MUTED, font(18), anchor="ls")
    yes = staging.significant_fibrosis
    colour = style.AMBER if yes else style.TEXT
    right = WIDTH_PX - _MARGIN
    if words := crossing_words(staging):
        draw.text((right, 146), words, style.AMBER, font(18), anchor="rs")
    draw.text((right, 112), "YES" if yes else "NO", colour, font(34), anchor="rs")
    draw.text((right, 78), f">= F2 at {staging.significant_cutoff_kpa:.2f} kPa", style.MUTED, font(18), anchor="rs")


def _draw_not_evaluable(draw: ImageDraw.ImageDraw, finding: Reportable) -> None:
    draw.text((_MARGIN, 98), "Not evaluable", style.AMBER, font(52), anchor="ls")
    if finding.verdict is not None:
        x = _MARGIN + font(52).getlength("Not evaluable") + 30
        draw.text((x, 98), _verdict_words(finding), style.VERDICT_COLOURS[finding.verdict], font(22), anchor="ls")
    reason = plain(finding.reason.message) if finding.reason else ""
    for line, text in enumerate(textwrap.wrap(reason, _LINE_LETTERS, max_lines=3)):
        draw.text((_MARGIN, 132 + 26 * line), text, style.TEXT, font(20), anchor="ls")


def _draw_quality(draw: ImageDraw.ImageDraw, finding: MeasuredFinding) -> None:
    """Write verdict, excluded slices and doubts on one line, as far as they fit; the report has all of them."""
    quality = finding.quality
    if quality is None:
        return
    verdict = _verdict_words(finding)
    draw.text((_MARGIN, 178), verdict, style.VERDICT_COLOURS[quality.verdict], font(18), anchor="ls")
    x = _MARGIN + font(18).getlength(verdict) + 16
    lost, doubts = excluded_words(quality), doubt_words(quality)
    words = "   ".join([*([f"Not diagnostic: {lost}."] if lost else []), *([f"Unusual: {doubts}."] if doubts else [])])
    draw.text((x, 178), fitted(words, WIDTH_PX - _MARGIN - x, 18), style.MUTED, font(18), anchor="ls")


def _verdict_words(finding: Reportable) -> str:
    verdict, _, slices = quality_words(finding).partition(", ")
    return f"Quality {verdict.upper()}: {slices}"


def fitted(words: str, width_px: float, size_px: int) -> str:
    """Return the words, cut to a width in pixels with an ellipsis."""
    if font(size_px).getlength(words) <= width_px:
        return words
    kept = words.split(" ")
    while kept and font(size_px).getlength(" ".join([*kept, "..."])) > width_px:
        kept.pop()
    return " ".join([*kept, "..."])


def _footer_height(content: ReportContent) -> int:
    unit = _UNIT_LINE if unit_remark(content) else 0
    contour = _LEGEND_LINE if content.volume.scanner_contour is not None else 0
    return _FOOTER + unit + contour


def _draw_footer(draw: ImageDraw.ImageDraw, content: ReportContent, top: int, shown: int) -> None:
    draw.text((_MARGIN, top + 30), disclosure(content), style.AMBER, font(22), anchor="ls")
    if remark := unit_remark(content):
        top += _UNIT_LINE
        draw.text((_MARGIN, top + 30), remark, style.AMBER, font(22), anchor="ls")
    slices = content.volume.stiffness_kpa.shape[0]
    more = "" if shown == slices else f"{shown} of {slices} slices shown.  "
    draw.text(
        (_MARGIN, top + 58),
        f"{more}White line: predicted liver.  Full colour: measured.  Hatched: liver, not measured.  "
        "Dimmed: outside the liver, not measured.",
        style.MUTED,
        font(17),
        anchor="ls",
    )
    if content.volume.scanner_contour is not None:
        words = "Dashed pink line: contour drawn at the scanner, for comparison. It does not enter the result."
        draw.text((_MARGIN, top + 58 + _LEGEND_LINE), words, style.SCANNER, font(17), anchor="ls")


def _count(slices: int) -> str:
    return "1 slice" if slices == 1 else f"{slices} slices"
