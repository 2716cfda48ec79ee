"""Overlap of two masks. Axes are (slice, row, column)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

_FFT_MULTIPLE = 32


def mean_overlap(one: Mask, other: Mask) -> float:
    """Return the Dice coefficient of two masks (S, R, C), averaged over slices."""
    return _mean_dice((one & other).sum(axis=(1, 2)), one, other)


def best_overlap(one: Mask, other: Mask, reach: int) -> float:
    """Return the largest mean overlap of two masks (S, R, C) under in-plane shifts that are the same in all slices.

    Parameters
    ----------
    reach : largest shift in each direction, in pixels
    """
    # Padding by the largest shift prevents wrap-around; sizes without large prime factors transform much faster.
    shape = [-(-(length + reach) // _FFT_MULTIPLE) * _FFT_MULTIPLE for length in one.shape[1:]]
    spectra = [np.fft.rfft2(mask.astype(np.float32), shape) for mask in (one, other)]
    shared = np.rint(np.fft.irfft2(spectra[0] * np.conj(spectra[1]), shape))
    shifts = np.arange(-reach, reach + 1)
    return _mean_dice(shared[:, shifts[:, np.newaxis], shifts], one, other)


def fill_holes(mask: Mask) -> Mask:
    """Fill the pixels of a mask (S, R, C) that have mask pixels on both sides in their row and in their column.

    A body found by its brightness has holes where iron or air darkens it.
    """
    filled: Mask = _between(mask, 1) & _between(mask, 2)
    return filled


def _between(mask: Mask, axis: int) -> Mask:
    before = np.logical_or.accumulate(mask, axis=axis)
    after = np.flip(np.logical_or.accumulate(np.flip(mask, axis), axis=axis), axis)
    between: Mask = before & after
    return between


def _mean_dice(shared: NDArray[np.number], one: Mask, other: Mask) -> float:
    """Return the largest Dice coefficient, averaged over slices, from the numbers of shared pixels (S, ...)."""
    sizes = np.maximum(one.sum(axis=(1, 2)) + other.sum(axis=(1, 2)), 1)
    dice = 2.0 * shared / sizes.reshape(-1, *[1] * (shared.ndim - 1))
    return float(dice.mean(axis=0).max())
