"""The quality of an acquisition as a picture: slices framed in the colour of their verdict, with cause and hint."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw

from liver_mre.quality.verdict import CAUSE_WORDS, Verdict
from liver_mre.report.outline import outlines
from liver_mre.report.picture import style
from liver_mre.report.wording import RESEARCH_USE_ONLY, diagnostic_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liver_mre.quality.verdict import AcquisitionQuality, SliceQuality
    from liver_mre.stiffness.volume import StiffnessVolume

_PICTURE_PX: Final = 300
_GAP: Final = 14
_FRAME: Final = 5
_STRIP: Final = 62
_HEADER: Final = 118
_COLUMNS: Final = 4


def render_quality(
    title: str, volume: StiffnessVolume, liver: NDArray[np.bool_], quality: AcquisitionQuality, *, measured: bool
) -> NDArray[np.uint8]:
    """Draw the quality of an acquisition.

    Parameters
    ----------
    title : name of the acquisition, without patient data
    volume, liver : (S, R, C) stiffness and predicted liver
    quality : of the same slices
    measured : whether the acquisition can be measured; if not, its verdict is red

    Returns
    -------
    (H, W, 3) uint8
    """
    columns = min(_COLUMNS, len(quality.slices))
    rows = -(-len(quality.slices) // columns)
    size_mm = [
        count * step for count, step in zip(volume.stiffness_kpa.shape[1:], volume.pixel_spacing_mm, strict=True)
    ]
    picture = (_PICTURE_PX, max(1, round(_PICTURE_PX * size_mm[0] / size_mm[1])))
    cell = (_PICTURE_PX + 2 * _FRAME + _GAP, picture[1] + 2 * _FRAME + _STRIP)
    width = max(_GAP + columns * cell[0], 2 * cell[0] + _GAP)
    canvas = Image.new("RGB", (width, _HEADER + rows * cell[1]), style.BACKGROUND)
    draw = ImageDraw.Draw(canvas)
    _draw_header(draw, title, quality, width, measured=measured)
    for place, one in enumerate(quality.slices):
        row, column = divmod(place, columns)
        corner = (_GAP + column * cell[0], _HEADER + row * cell[1])
        _draw_slice(canvas, corner, picture, volume, liver, one)
    return np.asarray(canvas).copy()


def _draw_header(
    draw: ImageDraw.ImageDraw, title: str, quality: AcquisitionQuality, width: int, *, measured: bool
) -> None:
    verdict = quality.verdict if measured else Verdict.RED
    colour = style.VERDICT_COLOURS[verdict]
    draw.rectangle((0, 0, width, 8), fill=colour)
    lost = len(quality.slices) - len(quality.diagnostic)
    words = f"{verdict.upper()}: {diagnostic_words(quality, measured=measured)}"
    draw.text((_GAP, 18), words, fill=colour, font=style.font(24))
    origin = f"{title}   judged by {quality.judged_by}   {RESEARCH_USE_ONLY}."
    draw.text((_GAP, 50), origin, fill=style.MUTED, font=style.font(14))
    hint = quality.hint if lost else ""
    for number, line in enumerate(textwrap.wrap(hint, max(40, width // 9))[:2]):
        draw.text((_GAP, 72 + 20 * number), line, fill=style.TEXT, font=style.font(16))


def _draw_slice(
    canvas: Image.Image,
    corner: tuple[int, int],
    size: tuple[int, int],
    volume: StiffnessVolume,
    liver: NDArray[np.bool_],
    one: SliceQuality,
) -> None:
    index, colour = one.slice_index, style.VERDICT_COLOURS[one.verdict]
    kpa, confident = volume.stiffness_kpa[index], volume.confident[index] & volume.valid[index]
    pixels = np.where(volume.valid[index][..., None], style.greys(kpa), np.array(style.NO_DATA, np.uint8))
    pixels = np.where(confident[..., None], style.colours(kpa), pixels).astype(np.uint8)
    picture = Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST)
    drawn = ImageDraw.Draw(picture)
    scale = np.array([size[0] / kpa.shape[1], size[1] / kpa.shape[0]])
    for loop in outlines(liver[index]):
        points = [tuple(point) for point in (loop * scale).tolist()]
        drawn.line([*points, *points[:2]], fill=style.WHITE, width=2)
    left, top = corner
    draw = ImageDraw.Draw(canvas)
    draw.rectangle((left, top, left + size[0] + 2 * _FRAME, top + size[1] + 2 * _FRAME), fill=colour)
    canvas.paste(picture, (left + _FRAME, top + _FRAME))
    below = top + size[1] + 2 * _FRAME + 4
    votes = f"   {one.votes[0]} of {one.votes[1]} votes" if one.votes else ""
    draw.text((left, below), f"Slice {index + 1}: {one.verdict}{votes}", fill=colour, font=style.font(16))
    cause = CAUSE_WORDS[one.cause] if one.cause else ""
    draw.text((left, below + 22), cause, fill=style.TEXT, font=style.font(15))
