"""What pixels alone tell: whether they are an image at all, and which stiffness no inversion can give.

Inversions and images are smooth over several millimetres. Pixels that are not were stored or sent wrongly, such as
16-bit numbers that are shifted by a byte.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.errors import ContradictoryImagesError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from liver_mre.stiffness.volume import StiffnessVolume

    Cut = tuple[slice, ...]

LARGEST_KPA: Final = 40.0
"""Ours: at 60 Hz its shear wave is 10 cm long, and no fit over a centimetre or two tells it from no wave."""
MAX_SHARE_TOO_STIFF: Final = 0.05
"""Ours, of the confident pixels of a slice: a few are storage or the edge of the body, more are damage."""
TORN_RATIO: Final = 2.0
"""Ours: neighbouring pixels of one fit never differ twofold, except across the wall of an organ or vessel."""
MAX_SHARE_TORN: Final = 0.05
ALONE_RATIO: Final = 1.5
"""Ours: of 1.2 million confident pixels of simulated exams of four physics, 11 differ so much from those around."""
LEAST_AROUND: Final = 5
"""Ours: of the eight pixels around one."""
MIN_PIXELS: Final = 50
"""Ours: fewer confident pixels of a slice give no share."""
MIN_NEIGHBOUR_CORRELATION: Final = 0.5
"""Ours: neighbours in noise correlate by about 0, in images by 0.9 and more."""


def neighbour_correlation(images: NDArray[np.number]) -> NDArray[np.float64]:
    """Return the correlation of each pixel with the next one in its row, (S,); nan for a constant image.

    Parameters
    ----------
    images : (S, R, C)
    """
    pairs = images.astype(np.float64)
    left, right = (pairs[:, :, cut].reshape(len(pairs), -1) for cut in (slice(None, -1), slice(1, None)))
    left, right = (side - side.mean(axis=1, keepdims=True) for side in (left, right))
    power = (left**2).sum(axis=1) * (right**2).sum(axis=1)
    shared = (left * right).sum(axis=1)
    found = np.full(len(pairs), np.nan)
    np.divide(shared, np.sqrt(power), out=found, where=power > 0.0)
    return found


def looks_like_images(images: NDArray[np.number]) -> bool:
    """Tell whether every slice (S, R, C) has contrast, and neighbours that are alike: neither constant nor noise."""
    return bool((neighbour_correlation(images) >= MIN_NEIGHBOUR_CORRELATION).all())


def without_impossible_pixels(volume: StiffnessVolume) -> StiffnessVolume:
    """Take the confidence from pixels that no inversion gives, too stiff or alone among others, and note it.

    Raises
    ------
    ContradictoryImagesError
        A slice has more than a few of them, or its confident pixels are not smooth.
    """
    too_stiff = volume.confident & (volume.stiffness_kpa > LARGEST_KPA)
    _check_share(volume, _shares(too_stiff, volume.confident), MAX_SHARE_TOO_STIFF, f"are above {LARGEST_KPA:g} kPa")
    torn = f"differ more than {TORN_RATIO:g}-fold from their neighbours"
    _check_share(volume, torn_shares(volume), MAX_SHARE_TORN, torn)
    alone = single_pixels(volume) & ~too_stiff
    notes = tuple(
        f"{count} confident pixel{'s' if count > 1 else ''} {words}, {'were' if count > 1 else 'was'} not measured."
        for count, words in (
            (int(np.count_nonzero(too_stiff)), f"above {LARGEST_KPA:g} kPa, which no tissue has"),
            (
                int(np.count_nonzero(alone)),
                f"{ALONE_RATIO:g}-fold unlike all around or more, which no inversion gives",
            ),
        )
        if count
    )
    if not notes:
        return volume
    return replace(volume, confident=volume.confident & ~too_stiff & ~alone, notes=(*volume.notes, *notes))


def single_pixels(volume: StiffnessVolume) -> NDArray[np.bool_]:
    """Return confident pixels (S, R, C) that differ 1.5-fold or more from those around them, but for one at most.

    At least `LEAST_AROUND` of the eight pixels around must be confident: at the edge of a mask nothing is known.
    """
    confident, kpa = volume.confident, volume.stiffness_kpa
    found = np.zeros_like(confident)
    for place in np.argwhere(_differs_beside(volume)):
        index, row, column = (int(one) for one in place)
        around = slice(max(0, row - 1), row + 2), slice(max(0, column - 1), column + 2)
        near, own = kpa[index][around][confident[index][around]], kpa[index, row, column]
        alike = np.count_nonzero(np.maximum(near, own) < ALONE_RATIO * np.minimum(near, own)) - 1  # without itself
        found[index, row, column] = near.size > LEAST_AROUND and alike <= 1
    return found


def _differs_beside(volume: StiffnessVolume) -> NDArray[np.bool_]:
    """Return confident pixels (S, R, C) that differ 1.5-fold from a confident one beside, above or below."""
    found = np.zeros_like(volume.confident)
    for low, high, apart in _unlike_pairs(volume, ALONE_RATIO):
        found[low] |= apart
        found[high] |= apart
    return found


def torn_shares(volume: StiffnessVolume) -> NDArray[np.float64]:
    """Return the share of pairs of neighbouring confident pixels that differ more than twofold, (S,)."""
    confident = volume.confident
    torn, all_pairs = np.zeros(len(confident)), np.zeros(len(confident))
    for low, high, apart in _unlike_pairs(volume, TORN_RATIO):
        torn += apart.sum(axis=(1, 2))
        all_pairs += (confident[low] & confident[high]).sum(axis=(1, 2))
    return torn / np.maximum(all_pairs, MIN_PIXELS)


def _unlike_pairs(volume: StiffnessVolume, ratio: float) -> Iterator[tuple[Cut, Cut, NDArray[np.bool_]]]:
    """Yield, along rows and columns, both sides of all pairs, and which pairs of confident pixels differ by a ratio."""
    stiffness_kpa, confident = volume.stiffness_kpa, volume.confident
    for axis in (1, 2):
        low, high = (slice(None),) * axis + (slice(None, -1),), (slice(None),) * axis + (slice(1, None),)
        one, other = stiffness_kpa[low], stiffness_kpa[high]
        apart = np.maximum(one, other) > ratio * np.minimum(one, other)
        yield low, high, confident[low] & confident[high] & apart


def _shares(some: NDArray[np.bool_], of: NDArray[np.bool_]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = some.sum(axis=(1, 2)) / np.maximum(of.sum(axis=(1, 2)), MIN_PIXELS)
    return shares


def _check_share(volume: StiffnessVolume, shares: NDArray[np.float64], limit: float, what: str) -> None:
    if shares.max(initial=0.0) <= limit:
        return
    worst = volume.instances[int(shares.argmax())]
    msg = (
        f"{shares.max():.0%} of the confident pixels of image {worst.instance_number} of the stiffness series {what}. "
        "No elastogram does so: its pixels were changed or shifted. Nothing was measured; send the series again."
    )
    raise ContradictoryImagesError(msg)
