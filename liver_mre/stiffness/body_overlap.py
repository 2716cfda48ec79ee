"""Overlap of two masks. Axes are (slice, row, column)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

_FFT_MULTIPLE: Final = 32
EXCHANGE_MARGIN: Final = 0.02
"""Ours, for `exchange_gain`: 0.000 in good simulated exams, also between magnitude and stiffness."""
EXPLAINED: Final = 0.1
"""Ours, for `outlines_changed_places`: what rounding of small values leaves of a difference."""
MIRROR_MARGIN: Final = 0.05
"""Ours, for `mirror_gain`: breathing between two images moves a body by more than its two sides differ."""
SHIFT_MARGIN: Final = 0.01
"""Ours, for `shift_gain`: 0.000 in good simulated exams, 0.003-0.01 for each pixel of a shift."""
SHIFT_REACH: Final = 16  # ours: pixels; what is shifted further overlaps too little to pass other tests
SAME_OUTLINE: Final = 0.98
"""Ours, for `shift_gain`: outlines of one body, but shifted; those of maps of one inversion agree to 0.99 and more."""


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


def exchange_gain(one: Mask, other: Mask) -> float:
    """Return by how much the overlap of slices would rise, at most, if some changed places in one of two masks.

    Positive where slices are in another order: exchanged, rotated or reversed ones fit better.

    Parameters
    ----------
    one, other : (S, R, C)

    Returns
    -------
    Rise of the Dice coefficient, averaged over the slices that change places; 0 if every slice fits best as it is.
    """
    flat = [mask.reshape(len(mask), -1).astype(np.float32) for mask in (one, other)]
    sizes = flat[0].sum(axis=1)[:, np.newaxis] + flat[1].sum(axis=1)
    return best_exchange(2.0 * (flat[0] @ flat[1].T) / np.maximum(sizes, 1.0))


def best_exchange(fits: NDArray[np.floating]) -> float:
    """Return the largest mean rise of a fit among all ways in which slices can change places.

    Every permutation is made of cycles, so the best one is the cycle of the largest mean rise (Karp, Discrete
    Mathematics 1978;23:309).

    Parameters
    ----------
    fits : (S, S), how well slice i of one stack fits slice j of the other

    Returns
    -------
    Mean rise over the slices that change places; 0 if none fits better elsewhere.
    """
    count = len(fits)
    rise = fits.astype(np.float64) - np.diag(fits)[:, np.newaxis]
    walks = np.zeros((count + 1, count))  # largest rise of k steps that end at each slice
    for step in range(count):
        walks[step + 1] = (walks[step][:, np.newaxis] + rise).max(axis=0)
    steps = count - np.arange(count)[:, np.newaxis]
    means = (walks[count] - walks[:count]) / steps
    return max(0.0, float(means.min(axis=0).max(initial=0.0)))


def outlines_changed_places(one: Mask, other: Mask) -> bool:
    """Tell whether slices of one of two masks have each other's outlines: exchanged, rotated or reversed.

    Two maps of one inversion have the same outline in each slice, almost to the pixel, and two slices never do, however
    little they differ.

    Parameters
    ----------
    one, other : (S, R, C)

    Returns
    -------
    True if some slices can change places so that at most a tenth of the pixels still differ, in each of them, that
    differ now.
    """
    flat = [mask.reshape(len(mask), -1).astype(np.float32) for mask in (one, other)]
    sizes = [mask.sum(axis=1) for mask in flat]
    differing = sizes[0][:, np.newaxis] + sizes[1] - 2.0 * (flat[0] @ flat[1].T)
    explained = differing <= EXPLAINED * np.diag(differing)[:, np.newaxis]
    reached = explained & (np.diag(differing) > 0.0)[:, np.newaxis]
    for _ in range(len(one).bit_length()):  # slices on a cycle reach themselves
        reached |= (reached.astype(np.float32) @ reached.astype(np.float32)) > 0.0
    return bool(reached.diagonal().any())


def mirror_gain(one: Mask, other: Mask) -> float:
    """Return by how much the overlap of a slice would rise, at most, if one of two masks were mirrored or turned there.

    Parameters
    ----------
    one, other : (S, R, C)

    Returns
    -------
    Rise of the Dice coefficient; 0 if every slice fits best as it is.
    """
    as_is, *turned = (
        _dice((way & other).sum(axis=(1, 2)), way, other)
        for way in (one, one[:, ::-1], one[:, :, ::-1], one[:, ::-1, ::-1])
    )
    return max(0.0, *(float((dice - as_is).max()) for dice in turned))


def shift_gain(one: Mask, other: Mask) -> float:
    """Return by how much the overlap of a slice would rise, at most, if one of two masks were shifted there.

    Parameters
    ----------
    one, other : (S, R, C)

    Returns
    -------
    Rise of the Dice coefficient; only slices count whose outlines are then the same.
    """
    as_is = _dice((one & other).sum(axis=(1, 2)), one, other)
    gains = [0.0]
    for place in np.flatnonzero(as_is < 1.0 - SHIFT_MARGIN):
        shifted = best_overlap(one[place : place + 1], other[place : place + 1], SHIFT_REACH)
        gains.append(shifted - float(as_is[place]) if shifted >= SAME_OUTLINE else 0.0)
    return max(gains)


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
    return float(_dice(shared, one, other).mean(axis=0).max())


def _dice(shared: NDArray[np.number], one: Mask, other: Mask) -> NDArray[np.float64]:
    """Return the Dice coefficient of each slice, (S, ...), from the numbers of shared pixels (S, ...)."""
    sizes = np.maximum(one.sum(axis=(1, 2)) + other.sum(axis=(1, 2)), 1)
    dice: NDArray[np.float64] = 2.0 * shared / sizes.reshape(-1, *[1] * (shared.ndim - 1))
    return dice
