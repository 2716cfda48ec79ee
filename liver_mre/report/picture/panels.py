"""Pictures of single slices for the overlay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from liver_mre.report.outline import outlines
from liver_mre.report.picture import style

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liver_mre.report.content import ReportContent
    from liver_mre.studies.study import Orientation

_MARGIN_MM = 10.0
_HATCH_DISTANCE_PX, _HATCH_WIDTH_PX = 9, 2
_DASH_PX, _DASH_GAP_PX = 7.0, 6.0


@dataclass(frozen=True, slots=True)
class Crop:
    """The part of every slice that is shown: rows `top` to `bottom`, columns `left` to `right`, in pixels."""

    top: int
    bottom: int
    left: int
    right: int
    pixel_spacing_mm: tuple[float, float]

    def height_for(self, width_px: int) -> int:
        """Return the picture height that keeps the proportions in mm at this width."""
        height_mm = (self.bottom - self.top) * self.pixel_spacing_mm[0]
        width_mm = (self.right - self.left) * self.pixel_spacing_mm[1]
        return max(1, round(width_px * height_mm / width_mm))


def common_crop(content: ReportContent) -> Crop:
    """Return the bounding box of valid pixels and liver over all slices, with a margin."""
    volume = content.volume
    shown: NDArray[np.bool_] = np.any(volume.valid | content.mask.liver, axis=0)
    rows, columns = shown.shape
    if not shown.any():
        return Crop(0, rows, 0, columns, volume.pixel_spacing_mm)
    row, column = (np.flatnonzero(np.any(shown, axis=axis)) for axis in (1, 0))
    margin_rows, margin_columns = (round(_MARGIN_MM / spacing) for spacing in volume.pixel_spacing_mm)
    return Crop(
        top=max(0, int(row[0]) - margin_rows),
        bottom=min(rows, int(row[-1]) + 1 + margin_rows),
        left=max(0, int(column[0]) - margin_columns),
        right=min(columns, int(column[-1]) + 1 + margin_columns),
        pixel_spacing_mm=volume.pixel_spacing_mm,
    )


def slice_picture(content: ReportContent, index: int, crop: Crop, width_px: int) -> Image.Image:
    """Draw one slice, without interpolation.

    Measured pixels are in full colour, other confident ones in dimmed colour, other valid ones dark grey, invalid ones
    almost black. Liver that is not measured is hatched. The predicted liver is outlined in white on black, a contour
    drawn at the scanner by a thin dashed line. The height of the picture keeps the proportions in mm.
    """
    size = (width_px, crop.height_for(width_px))
    part = (slice(crop.top, crop.bottom), slice(crop.left, crop.right))
    region = content.measured_pixels[index][part]
    liver = content.mask.liver[index][part]
    picture = Image.fromarray(_pixels(content, index, part, region)).resize(size, Image.Resampling.NEAREST)
    unmeasured = Image.fromarray(liver & ~region).convert("L").resize(size, Image.Resampling.NEAREST)
    picture.paste(Image.new("RGB", size, style.HATCH), mask=_stripes(size, unmeasured))
    _draw_outlines(picture, liver)
    if content.volume.scanner_contour is not None:
        _draw_scanner_contour(picture, content.volume.scanner_contour[index][part])
    return picture


def side_letters(orientation: Orientation | None) -> tuple[str, str, str, str]:
    """Return the patient directions at the left, right, top and bottom edge of a slice, e.g. ("R", "L", "A", "P").

    ImageOrientationPatient holds the directions of increasing column and row index, in coordinates that increase to the
    patient's left, back and head (PS3.3, C.7.6.2). Strings are empty if the orientation is unknown.
    """
    if orientation is None:
        return ("", "", "", "")
    left, right = _ends(orientation[:3])
    top, bottom = _ends(orientation[3:])
    return (left, right, top, bottom)


def _ends(direction: tuple[float, ...]) -> tuple[str, str]:
    axis = max(range(3), key=lambda a: abs(direction[a]))
    start, end = (("R", "L"), ("A", "P"), ("F", "H"))[axis]
    return (start, end) if direction[axis] > 0 else (end, start)


def _pixels(
    content: ReportContent, index: int, part: tuple[slice, slice], region: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    volume = content.volume
    stiffness_kpa = volume.stiffness_kpa[index][part]
    valid, confident = volume.valid[index][part], volume.confident[index][part]
    coloured = style.colours(stiffness_kpa)
    grey = style.greys(stiffness_kpa)
    pixels = np.where(valid[..., None], grey, np.array(style.NO_DATA, np.uint8))
    dimmed = (coloured // 3 + grey // 3).astype(np.uint8)
    pixels = np.where((valid & confident)[..., None], dimmed, pixels)
    return np.where(region[..., None], coloured, pixels)


def _stripes(size: tuple[int, int], mask: Image.Image) -> Image.Image:
    """Return diagonal stripes within a mask."""
    row, column = np.indices((size[1], size[0]))
    stripes = (row + column) % _HATCH_DISTANCE_PX < _HATCH_WIDTH_PX
    return Image.fromarray(np.where(stripes & (np.asarray(mask) > 0), 255, 0).astype(np.uint8))


def _draw_outlines(picture: Image.Image, liver: NDArray[np.bool_]) -> None:
    draw = ImageDraw.Draw(picture)
    lines = [[tuple(point) for point in loop.tolist()] for loop in _scaled_outlines(picture, liver)]
    for colour, width in ((style.BLACK, 5), (style.WHITE, 2)):
        for line in lines:
            draw.line([*line, *line[:2]], fill=colour, width=width, joint="curve")


def _draw_scanner_contour(picture: Image.Image, inside: NDArray[np.bool_]) -> None:
    draw = ImageDraw.Draw(picture)
    for loop in _scaled_outlines(picture, inside):
        dashes = _dashes(loop)
        for colour, width in ((style.BLACK, 4), (style.SCANNER, 2)):
            for dash in dashes:
                draw.line([tuple(point) for point in dash.tolist()], fill=colour, width=width, joint="curve")


def _scaled_outlines(picture: Image.Image, mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    scale = np.array([picture.width / mask.shape[1], picture.height / mask.shape[0]])
    return [loop * scale for loop in outlines(mask)]


def _dashes(loop: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Cut a closed loop, (N, 2) corners in picture pixels, into dashes of equal length, (M, 2) points each."""
    closed = np.vstack([loop, loop[:1]])
    along_px = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    number = max(1, round(along_px[-1] / (_DASH_PX + _DASH_GAP_PX)))
    starts_px = np.arange(number) * (along_px[-1] / number)
    dashes = []
    for start_px in starts_px:
        end_px = start_px + _DASH_PX
        corners_px = along_px[(along_px > start_px) & (along_px < end_px)]
        at_px = np.concatenate([[start_px], corners_px, [end_px]])
        dashes.append(np.stack([np.interp(at_px, along_px, closed[:, axis]) for axis in (0, 1)], axis=-1))
    return dashes
