"""Colour bar of the overlay, with the cut-offs of the staging."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from liver_mre.report.picture import style
from liver_mre.report.picture.style import font
from liver_mre.report.rounding import cutoffs_kpa

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liver_mre.measurement.staging import Staging

_BAR_OFFSET, _BAR_THICKNESS = 94, 30
_LABEL_HEIGHT = 18


@dataclass(frozen=True, slots=True)
class _Bar:
    """Edges of the coloured bar in pixels."""

    left: int
    right: int
    top: int
    bottom: int

    def level(self, stiffness_kpa: float) -> int:
        """Return the vertical position of a stiffness."""
        share = min(stiffness_kpa, style.MAX_KPA) / style.MAX_KPA
        return round(self.bottom - (self.bottom - self.top) * share)


def draw_colour_bar(
    canvas: Image.Image, corner: tuple[int, int], height: int, staging: Staging | None, mean_kpa: float | None
) -> None:
    """Draw the scale from 0 to `style.MAX_KPA`, cut-offs on its left and a pointer at the mean stiffness on its right.

    `corner` is its left and top edge in pixels of the canvas. Without staging there are no cut-offs, without mean no
    pointer.
    """
    left = corner[0] + _BAR_OFFSET
    bar = _Bar(left, left + _BAR_THICKNESS, corner[1] + 12, corner[1] + height - 12)
    strip = style.colours(np.linspace(style.MAX_KPA, 0.0, bar.bottom - bar.top + 1))
    canvas.paste(Image.fromarray(np.repeat(strip[:, None], _BAR_THICKNESS, axis=1)), (bar.left, bar.top))
    draw = ImageDraw.Draw(canvas)
    _draw_scale(draw, bar)
    if staging is not None:
        _draw_cutoffs(draw, bar, staging)
    if mean_kpa is not None:
        y = bar.level(mean_kpa)
        draw.polygon(((bar.right + 30, y), (bar.right + 48, y - 9), (bar.right + 48, y + 9)), style.WHITE)


def _draw_scale(draw: ImageDraw.ImageDraw, bar: _Bar) -> None:
    draw.text(((bar.left + bar.right) // 2, bar.top - 10), "kPa", style.MUTED, font(18), anchor="ms")
    for tick in range(int(style.MAX_KPA) + 1):
        y = bar.level(tick)
        draw.line((bar.right, y, bar.right + 6, y), style.MUTED, 2)
        draw.text((bar.right + 12, y), str(tick), style.MUTED, font(18), anchor="lm")


def _draw_cutoffs(draw: ImageDraw.ImageDraw, bar: _Bar, staging: Staging) -> None:
    marked = cutoffs_kpa(staging)
    label_heights = spread([bar.level(cutoff) for cutoff in marked], _LABEL_HEIGHT)
    for cutoff, label_y in zip(marked, label_heights, strict=True):
        y = bar.level(cutoff)
        significant = cutoff == staging.significant_cutoff_kpa
        colour = style.AMBER if significant else style.TEXT
        draw.line((bar.left - 18, label_y, bar.left - 6, y), colour, 1)
        draw.line((bar.left - 6, y, bar.right, y), style.BLACK, 3)
        draw.line((bar.left - 6, y, bar.right, y), style.WHITE, 1)
        words = f">=F2 {cutoff:.2f}" if significant else f"{cutoff:.2f}"
        draw.text((bar.left - 22, label_y), words, colour, font(15), anchor="rm")


def spread(heights: Sequence[int], distance: int) -> list[int]:
    """Move descending positions apart to a minimum distance; order and, within a pixel, mean are kept."""
    moved: list[int] = []
    for height in heights:
        moved.append(height if not moved else min(height, moved[-1] - distance))
    shift = round((sum(heights) - sum(moved)) / len(heights)) if heights else 0
    return [height + shift for height in moved]
