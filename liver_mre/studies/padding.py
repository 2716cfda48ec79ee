"""Padding: stored values that stand for "no value" (PixelPaddingValue and its range)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.errors import UnusablePixelsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Stored = NDArray[np.integer]
    Range = tuple[int, int]

_LOW, _HIGH = 0.01, 0.99
FAR: Final = 2.0
"""Ours: padding lies beyond twice the values that images carry; -32768, 65535 and the like do."""


def without_padding(images: Sequence[Stored], ranges: Sequence[Range | None]) -> list[Stored]:
    """Set padding to 0, which means "not measured".

    Padding marks pixels outside the scanned region, so its values are far from those of tissue. A range that reaches
    into the values that the images carry would remove tissue, by its stiffness.

    Parameters
    ----------
    images : (R, C) each, as stored, of one series
    ranges : smallest and largest padding value of each image; None without padding

    Raises
    ------
    UnusablePixelsError
        Pixels that count as padding have values like those of other pixels.
    """
    padded = [
        None if limits is None else (stored != 0) & (stored >= limits[0]) & (stored <= limits[1])
        for stored, limits in zip(images, ranges, strict=True)
    ]
    if not any(mask is not None and mask.any() for mask in padded):
        return list(images)
    _check_far(images, padded, ranges)
    return [
        stored if mask is None else np.where(mask, np.zeros_like(stored), stored)
        for stored, mask in zip(images, padded, strict=True)
    ]


def _check_far(
    images: Sequence[Stored], padded: Sequence[NDArray[np.bool_] | None], ranges: Sequence[Range | None]
) -> None:
    """Refuse padding that is not far from the other values of the images."""
    pairs = list(zip(images, padded, strict=True))
    values = np.concatenate([np.unique(stored[mask]) for stored, mask in pairs if mask is not None]).astype(np.int64)
    others = np.concatenate(
        [stored[(stored != 0) if mask is None else (stored != 0) & ~mask] for stored, mask in pairs]
    )
    if not others.size and len(np.unique(values)) == 1:
        return
    low, high = (float(value) for value in np.quantile(others if others.size else values, (_LOW, _HIGH)))
    above, below = values > FAR * max(high, 0.0), values < FAR * min(low, 0.0)
    between = (values > 0) & (values < low / FAR)
    if np.all(above | below | between):
        return
    smallest = min(limits[0] for limits in ranges if limits is not None)
    largest = max(limits[1] for limits in ranges if limits is not None)
    shown = str(smallest) if smallest == largest else f"{smallest} to {largest}"
    msg = (
        f"PixelPaddingValue and PixelPaddingRangeLimit say that stored values of {shown} are no measurement, but the "
        f"images carry such values as other pixels do (most are {low:.0f} to {high:.0f}). Nothing was measured; "
        "send the series again from the scanner."
    )
    raise UnusablePixelsError(msg)
