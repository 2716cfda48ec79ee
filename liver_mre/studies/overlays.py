"""A contour drawn at the scanner: the region enclosed by the overlays (groups 60xx) of an image."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
from pydicom.tag import Tag

from liver_mre.studies.values import numbers, text

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

    Mask = NDArray[np.bool_]

OVERLAY_GROUPS: Final = range(0x6000, 0x6020, 2)
BIT_POSITION: Final = 0x102
OVERLAY_DATA: Final = 0x3000
_ROWS, _COLUMNS, _FRAMES, _DESCRIPTION, _TYPE, _ORIGIN, _FRAME_ORIGIN = (0x10, 0x11, 0x15, 0x22, 0x40, 0x50, 0x51)
_LABEL = 0x1500
# Words in a label or description that mark a drawn region, in several languages.
_CONTOUR: Final = re.compile(
    r"liver|leber|foie|h[ií]gado|fegato|lever\b|肝|contour|kontur|roi|region|outline|segment", re.IGNORECASE
)
_SMALLEST_PX: Final = 9  # ours: a liver holds a square of some 14 mm; letters and crosses do not


MOST_SIDE: Final = 4096
"""Ours: rows or columns of an overlay; those of images have up to 1024."""
MOST_EFFORT: Final = 400_000_000
"""Ours: pixels visited to fill what is drawn on all images of one object; a contour on 64 images takes a tenth."""
_MOST_BITS: Final = 16


class Effort:
    """The work that is left for filling what is drawn on one object: a maze would take for ever."""

    def __init__(self) -> None:
        self._left = MOST_EFFORT

    def spend(self, pixels: int) -> None:
        """Count visited pixels; raise ValueError where no contour takes as many."""
        self._left -= pixels
        if self._left < 0:
            msg = "the overlay is no contour"
            raise ValueError(msg)


def overlay_bits(dataset: Dataset) -> int:
    """Return the bits of the pixels, as a mask, in which the header names overlay planes (retired, still in use)."""
    mask = 0
    for group in OVERLAY_GROUPS:
        if (group, BIT_POSITION) in dataset and (group, OVERLAY_DATA) not in dataset:
            position = numbers(dataset, Tag(group, BIT_POSITION), 1)
            mask |= 1 << int(position[0]) if position and 0 <= position[0] < _MOST_BITS else 0
    return mask


def enclosed_region(
    dataset: Dataset,
    frame_number: int | None,
    words: NDArray[np.integer] | None = None,
    effort: Effort | None = None,
) -> tuple[Mask | None, bool]:
    """Read the region that the overlays of one image enclose.

    Graphics (type G) and regions (type R) count, filled. Text and marks, which enclose nothing beyond a letter, are
    ignored, and so are groups that are not labelled as a contour if another one is.

    Parameters
    ----------
    dataset : the whole object, with Rows and Columns
    frame_number : frame of a multi-frame object, from 1
    words : (R, C), the image's pixels with all their bits, where `overlay_bits`
    effort : the work that is left for the object

    Returns
    -------
    (R, C) bool, None without a region; and True if an overlay cannot be read.
    """
    shape = int(dataset.Rows), int(dataset.Columns)
    planes: list[tuple[bool, Mask]] = []
    damaged = False
    effort = effort or Effort()
    for group in OVERLAY_GROUPS:
        if (group, OVERLAY_DATA) not in dataset and (group, _ROWS) not in dataset:
            continue
        try:
            plane = _plane(dataset, group, frame_number or 1, shape, words)
            filled = None if plane is None else _filled(plane, effort)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
            damaged = True
            continue
        if filled is not None and filled.any():
            planes.append((_is_contour(dataset, group), filled))
    named = [filled for is_contour, filled in planes if is_contour] or [filled for _, filled in planes]
    return (np.logical_or.reduce(named) if named else None), damaged


def _is_contour(dataset: Dataset, group: int) -> bool:
    return any(_CONTOUR.search(text(dataset, Tag(group, element))) for element in (_LABEL, _DESCRIPTION))


def _plane(
    dataset: Dataset, group: int, frame_number: int, shape: tuple[int, int], words: NDArray[np.integer] | None
) -> Mask | None:
    """Return one overlay plane on the image's grid; None if it has another type or belongs to another frame."""
    if text(dataset, Tag(group, _TYPE)) not in {"G", "R"}:
        return None
    index = 0
    if (group, _FRAMES) in dataset:  # without it, the single plane belongs to every frame
        index = frame_number - _integers(dataset, group, _FRAME_ORIGIN, absent=(1,))[0]
        if not 0 <= index < _integers(dataset, group, _FRAMES)[0]:
            return None
    size = _integers(dataset, group, _ROWS)[0], _integers(dataset, group, _COLUMNS)[0]
    if not all(0 < side <= MOST_SIDE for side in size):
        msg = "the overlay is larger than an image"
        raise ValueError(msg)
    if (group, OVERLAY_DATA) in dataset:
        bits = _drawn(dataset, group, index, size)
    else:
        bits = _in_pixel_data(dataset, group, words, size)
    row, column = _integers(dataset, group, _ORIGIN, absent=(1, 1))
    return _placed(bits, row - 1, column - 1, shape)


def _integers(dataset: Dataset, group: int, element: int, *, absent: tuple[int, ...] | None = None) -> tuple[int, ...]:
    """Return whole numbers; raise ValueError if they are damaged, or missing without a default."""
    tag = Tag(group, element)
    count = 2 if element == _ORIGIN else 1
    if absent is not None and tag not in dataset:
        return absent
    found = numbers(dataset, tag, count)
    if found is None:
        msg = "the overlay is damaged"
        raise ValueError(msg)
    return tuple(map(int, found))


def _drawn(dataset: Dataset, group: int, index: int, size: tuple[int, int]) -> Mask:
    """Return a plane of OverlayData: one bit per pixel, rows without padding."""
    element = dataset[group, OVERLAY_DATA]
    stored = np.frombuffer(element.value, np.uint8)
    if element.VR == "OW" and dataset.original_encoding[1] is False:
        stored = stored[: stored.size // 2 * 2].reshape(-1, 2)[:, ::-1].ravel()  # big endian words
    pixels = size[0] * size[1]
    first, skipped = divmod(index * pixels, 8)
    part = stored[first : first + (skipped + pixels + 7) // 8]
    bits = np.unpackbits(part, bitorder="little")[skipped : skipped + pixels]
    return bits.reshape(size).astype(np.bool_)


def _in_pixel_data(dataset: Dataset, group: int, words: NDArray[np.integer] | None, size: tuple[int, int]) -> Mask:
    """Return a plane stored in an unused bit of the pixels (retired, still in use)."""
    position, allocated = _integers(dataset, group, BIT_POSITION)[0], int(dataset.BitsAllocated)
    unused = int(dataset.BitsStored) <= position < allocated
    if words is None or not unused or size != words.shape:
        msg = "the overlay is damaged"
        raise ValueError(msg)
    return (words >> position & 1).astype(np.bool_)


def _placed(bits: Mask, top: int, left: int, shape: tuple[int, int]) -> Mask:
    """Put a plane on the image's grid, cropped to the image."""
    placed: Mask = np.zeros(shape, np.bool_)
    bits = bits[max(0, -top) :, max(0, -left) :]
    top, left = max(0, top), max(0, left)
    part = bits[: max(0, shape[0] - top), : max(0, shape[1] - left)]
    placed[top : top + part.shape[0], left : left + part.shape[1]] = part
    return placed


def _filled(drawn: Mask, effort: Effort) -> Mask:
    """Fill what is drawn, and remove the pieces that hold no large square."""
    open_air: Mask = np.pad(~drawn, 1, constant_values=True)
    outside = np.zeros_like(open_air)
    outside[0] = True
    filled: Mask = ~_spread(outside, open_air, effort)[1:-1, 1:-1]
    if min(filled.shape) < _SMALLEST_PX:
        return np.zeros_like(filled)
    squares = np.lib.stride_tricks.sliding_window_view(filled, (_SMALLEST_PX, _SMALLEST_PX)).all(axis=(2, 3))
    half = _SMALLEST_PX // 2
    return _spread(np.pad(squares, half), filled, effort)


def _spread(seeds: Mask, allowed: Mask, effort: Effort) -> Mask:
    """Return the allowed pixels that are 4-connected to the seeds."""
    reached: Mask = seeds & allowed
    while True:
        effort.spend(reached.size)
        count = np.count_nonzero(reached)
        reached = _along_rows(_along_rows(reached, allowed).T, allowed.T).T
        if np.count_nonzero(reached) == count:
            return reached


def _along_rows(reached: Mask, allowed: Mask) -> Mask:
    """Extend to every run of allowed pixels in a row that holds a reached pixel."""
    starts = allowed.copy()
    starts[:, 1:] &= ~allowed[:, :-1]
    run = np.cumsum(starts).reshape(allowed.shape)
    hit = np.zeros(int(run[-1, -1]) + 1, np.bool_)
    hit[run[reached]] = True
    whole: Mask = hit[run] & allowed
    return whole
