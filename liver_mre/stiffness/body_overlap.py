"""How well two masks lie on each other. Axes are (slice, row, column)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

_FAST = 32  # sizes of Fourier transforms are multiples of it


def mean_overlap(one: Mask, other: Mask) -> float:
    """Return the mean over slices of the Dice coefficient of two masks (S, R, C)."""
    both = (one & other).sum(axis=(1, 2))
    return _mean_dice(both, one, other)


def best_overlap(one: Mask, other: Mask, reach: int) -> float:
    """Return the largest mean overlap of two masks (S, R, C) where one may be moved, all slices alike.

    Parameters
    ----------
    reach : pixels, in each direction
    """
    # Room for the largest shift, so that nothing comes back in on the other side; sizes without large prime factors
    # are transformed several times as fast.
    shape = [-(-(length + reach) // _FAST) * _FAST for length in one.shape[1:]]
    spectra = [np.fft.rfft2(mask.astype(np.float32), shape) for mask in (one, other)]
    both = np.rint(np.fft.irfft2(spectra[0] * np.conj(spectra[1]), shape))
    shifts = np.arange(-reach, reach + 1)
    return _mean_dice(both[:, shifts[:, np.newaxis], shifts], one, other)


def without_hollows(mask: Mask) -> Mask:
    """Return the mask (S, R, C) and what lies between its pixels along the row as well as along the column.

    A body found by its brightness has holes where iron or air darkens it.
    """
    across, down = (_between(mask, axis) for axis in (1, 2))
    filled: Mask = across & down
    return filled


def _between(mask: Mask, axis: int) -> Mask:
    before = np.logical_or.accumulate(mask, axis=axis)
    after = np.flip(np.logical_or.accumulate(np.flip(mask, axis), axis=axis), axis)
    between: Mask = before & after
    return between


def _mean_dice(both: NDArray[np.number], one: Mask, other: Mask) -> float:
    """Return the largest mean over slices of Dice coefficients, from the pixels (S, ...) that the masks share."""
    sizes = np.maximum(one.sum(axis=(1, 2)) + other.sum(axis=(1, 2)), 1)
    dice = 2.0 * both / sizes.reshape(-1, *[1] * (both.ndim - 1))
    return float(dice.mean(axis=0).max())
